package incident

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/cordonmail/cordon"
)

//go:embed playbooks/*.toml
var embedded embed.FS

// Playbooks are the tasks of each kind of incident.
type Playbooks map[cordon.IncidentKind]Playbook

// Playbook is one file: what to do, in its order.
type Playbook struct {
	Kind  cordon.IncidentKind `toml:"kind" json:"kind"`
	Title string              `toml:"title" json:"title"`
	Says  string              `toml:"says" json:"says"` // what such an incident is
	Own   bool                `toml:"-" json:"own"`     // from the house's own folder
	Tasks []PlaybookTask      `toml:"task" json:"tasks"`
}

// PlaybookTask is one thing to do. <incident> in Command and Link is put in.
type PlaybookTask struct {
	Title    string              `toml:"title" json:"title"`
	Why      string              `toml:"why" json:"why"`
	Role     cordon.IncidentRole `toml:"role" json:"role,omitempty"`
	Due      duration            `toml:"due" json:"due"` // after opening; 0: no time
	Required bool                `toml:"required" json:"required"`
	Command  string              `toml:"command" json:"command,omitempty"`
	Link     string              `toml:"link" json:"link,omitempty"`
}

// duration is written "20m" in a playbook.
type duration struct{ time.Duration }

// UnmarshalText reads "20m".
func (d *duration) UnmarshalText(text []byte) error {
	var err error
	if d.Duration, err = time.ParseDuration(string(text)); err != nil || d.Duration < 0 {
		return fmt.Errorf("%q is no duration: write it like 20m or 4h", text)
	}
	return nil
}

// MarshalText writes "20m0s".
func (d duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LoadPlaybooks reads the playbooks that come along, and puts those of own, named
// like them (template-abuse.toml …), in their place. own may be nil. A file that
// cannot be used is an error: a house must not begin with half a plan.
func LoadPlaybooks(own fs.FS) (Playbooks, error) {
	all := Playbooks{}
	if err := all.read(embedded, "playbooks/", false); err != nil {
		return nil, fmt.Errorf("playbooks: %w", err)
	}
	if own == nil {
		return all, nil
	}
	return all, all.read(own, "", true)
}

func (b Playbooks) read(files fs.FS, prefix string, own bool) error {
	found := 0
	for _, kind := range cordon.IncidentKinds() {
		name := prefix + string(kind) + ".toml"
		raw, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) && own {
			continue
		}
		if err != nil {
			return cordon.InvalidField("incident.playbooks", name+" cannot be read", "name a folder this user may read")
		}
		found++
		p := Playbook{Own: own}
		info, err := toml.Decode(string(raw), &p)
		if err == nil && len(info.Undecoded()) > 0 {
			err = fmt.Errorf("there is no setting %s", info.Undecoded()[0])
		}
		if err == nil {
			err = p.check(kind)
		}
		if err != nil {
			return cordon.InvalidField("incident.playbooks", name+": "+err.Error(), "compare it with the one that comes along: cordon incident playbook "+string(kind))
		}
		b[kind] = p
	}
	if own && found == 0 {
		return cordon.InvalidField("incident.playbooks", "holds no playbook", "name its files after the kinds: template-abuse.toml, account-takeover.toml, list-storm.toml, address-leak.toml, other.toml")
	}
	return nil
}

func (p Playbook) check(kind cordon.IncidentKind) error {
	if p.Kind != kind {
		return fmt.Errorf("kind is %q, the file is of %q", p.Kind, kind)
	}
	if len(p.Tasks) == 0 {
		return errors.New("has no task")
	}
	for i, t := range p.Tasks {
		switch {
		case strings.TrimSpace(t.Title) == "" || len(t.Title) > 200:
			return fmt.Errorf("task %d needs a title of at most 200 bytes", i+1)
		case len(t.Why) > 1000:
			return fmt.Errorf("task %d says why in more than 1,000 bytes", i+1)
		case t.Role != "" && !slices.Contains(cordon.IncidentRoles(), t.Role):
			return fmt.Errorf("task %d names no role: %q", i+1, t.Role)
		case t.Link != "" && !strings.HasPrefix(t.Link, "/"):
			return fmt.Errorf("task %d links outside the console: %q", i+1, t.Link)
		}
	}
	return nil
}

// Tasks are the tasks that an incident of the kind begins with.
func (b Playbooks) Tasks(kind cordon.IncidentKind) []cordon.IncidentTask {
	var tasks []cordon.IncidentTask
	for _, t := range b[kind].Tasks {
		tasks = append(tasks, cordon.IncidentTask{
			Title: t.Title, Why: t.Why, Role: t.Role, Required: t.Required, Command: t.Command, Link: t.Link, After: t.Due.Duration,
		})
	}
	return tasks
}

// putIn puts the incident into a task's command and link.
func putIn(i cordon.Incident, t cordon.IncidentTask) cordon.IncidentTask {
	t.Command = strings.ReplaceAll(t.Command, "<incident>", i.Name())
	t.Link = strings.ReplaceAll(t.Link, "<incident>", string(i.ID))
	return t
}
