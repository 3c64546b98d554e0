package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/statuspage"
)

func (sh *shell) statuspageCommand() *cobra.Command {
	components := noun("components", "Parts of the service on the status page",
		sh.componentList(), sh.componentAdd(), sh.componentChange(), sh.componentRemove())
	return noun("statuspage", "The public status page", sh.statuspageRender(), components, sh.statuspageSubscribers())
}

// maxSite bounds what is unpacked of a status page.
const maxSite = 256 << 20

func (sh *shell) statuspageRender() *cobra.Command {
	cmd := &cobra.Command{
		Use: "render DIR", Short: "Write the status page as files, to be served by anything; each file at once",
		Example: "  cordon statuspage render /var/www/status", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := sh.client(cmd.Context(), false)
		if err != nil {
			return err
		}
		resp, err := c.do(cmd.Context(), request{method: get, path: "/v1/status-page.zip"})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(io.LimitReader(resp.Body, maxSite))
		if err != nil {
			return c.unreachable(cmd.Context(), err)
		}
		files, err := unzip(raw)
		if err != nil {
			return err
		}
		if err := statuspage.WriteFolder(args[0], files); err != nil {
			return cordon.InvalidField("DIR", err.Error(), "name a folder this user may write")
		}
		return sh.answer(map[string]any{"folder": args[0], "files": len(files)}, func() { sh.say("%d files in %s", len(files), args[0]) })
	}
	return cmd
}

func unzip(raw []byte) (map[string][]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("read status page: %w", err)
	}
	files := map[string][]byte{}
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("read status page: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(part, maxSite))
		part.Close()
		if err != nil {
			return nil, fmt.Errorf("read status page: %w", err)
		}
		files[f.Name] = body
	}
	return files, nil
}

func (sh *shell) statuspageSubscribers() *cobra.Command {
	cmd := &cobra.Command{
		Use: "subscribers", Short: "Count who gets announcements by mail; who they are is shown to nobody",
		Example: "  cordon statuspage subscribers", Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var n struct {
			Subscribers int64 `json:"subscribers"`
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/subscribers"}, &n); err != nil {
			return err
		}
		return sh.answer(n, func() { sh.say("%s", count(n.Subscribers)) })
	}
	return cmd
}

func (sh *shell) componentsOf(cmd *cobra.Command) ([]cordon.Component, error) {
	list, err := all[cordon.Component](cmd.Context(), sh, "/v1/components", whole(), 0)
	return list.Items, err
}

func (sh *shell) componentList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the parts of the service", Example: "  cordon statuspage components list", Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		list, err := sh.componentsOf(cmd)
		if err != nil {
			return err
		}
		return sh.answer(part[cordon.Component]{Items: list}, func() {
			var rows [][]string
			for _, c := range list {
				var kinds []string
				for _, k := range c.Kinds {
					kinds = append(kinds, string(k))
				}
				rows = append(rows, []string{string(c.ID), strconv.Itoa(c.Position), c.Name, orDash(strings.Join(kinds, ",")), stamp(c.MaintenanceFrom), stamp(c.MaintenanceUntil)})
			}
			sh.table("COMPONENT PLACE NAME KINDS WORK-FROM WORK-UNTIL", rows)
		})
	}
	return cmd
}

// componentFlags are what is said of a part of the service.
type componentFlags struct {
	name, description, from, until string
	position                       int
	kinds                          []string
}

func (c *componentFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.description, "description", "", "one line")
	f.IntVar(&c.position, "position", 0, "place on the page")
	f.StringSliceVar(&c.kinds, "kind", nil, "kind of mail it stands for: bulk, single, notice; several with commas between")
	f.StringVar(&c.from, "maintenance-from", "", "announced work: from, such as 2026-12-01T22:00:00Z")
	f.StringVar(&c.until, "maintenance-until", "", "announced work: until; - ends what was announced")
}

// over puts what was given over what is there.
func (c *componentFlags) over(cmd *cobra.Command, was cordon.Component) (map[string]any, error) {
	f := cmd.Flags()
	if f.Changed("description") {
		was.Description = c.description
	}
	if f.Changed("position") {
		was.Position = c.position
	}
	if f.Changed("kind") {
		was.Kinds = nil
		for _, k := range c.kinds {
			was.Kinds = append(was.Kinds, cordon.Kind(k))
		}
	}
	if c.until == "-" {
		was.MaintenanceFrom, was.MaintenanceUntil = time.Time{}, time.Time{}
		c.from, c.until = "", ""
	}
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"--maintenance-from", c.from, &was.MaintenanceFrom}, {"--maintenance-until", c.until, &was.MaintenanceUntil}} {
		if t.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, t.text)
		if err != nil {
			return nil, misused(t.flag, "is not a time", "write it like 2026-12-01T22:00:00Z")
		}
		*t.into = at.UTC()
	}
	out := map[string]any{"name": was.Name, "description": was.Description, "position": was.Position, "kinds": was.Kinds}
	if was.Kinds == nil {
		delete(out, "kinds")
	}
	if !was.MaintenanceFrom.IsZero() {
		out["maintenance_from"], out["maintenance_until"] = was.MaintenanceFrom, was.MaintenanceUntil
	}
	return out, nil
}

func (sh *shell) componentAdd() *cobra.Command {
	var c componentFlags
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Put a part of the service on the status page",
		Example: "  cordon statuspage components add 'Appointment reminders' --kind single --description 'Mail before each visit'", Args: cobra.ExactArgs(1),
	}
	c.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in, err := c.over(cmd, cordon.Component{Name: args[0]})
		if err != nil {
			return err
		}
		var made cordon.Component
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/components", json: in}, &made); err != nil {
			return err
		}
		return sh.answer(made, func() { sh.say("%s   %s", made.ID, made.Name) })
	}
	return cmd
}

func (sh *shell) componentChange() *cobra.Command {
	var c componentFlags
	cmd := &cobra.Command{
		Use: "change COMPONENT", Short: "Change what is said of a part, or announce maintenance on it; by ID or name",
		Example: "  cordon statuspage components change 'Appointment reminders' --maintenance-from 2026-12-01T22:00:00Z --maintenance-until 2026-12-02T02:00:00Z", Args: cobra.ExactArgs(1),
	}
	c.add(cmd)
	cmd.Flags().StringVar(&c.name, "name", "", "new name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		was, err := sh.componentNamed(cmd, args[0])
		if err != nil {
			return err
		}
		was.Name = or(c.name, was.Name)
		in, err := c.over(cmd, was)
		if err != nil {
			return err
		}
		var now cordon.Component
		if err := sh.ask(cmd.Context(), request{method: put, path: "/v1/components/" + url.PathEscape(string(was.ID)), json: in}, &now); err != nil {
			return err
		}
		return sh.answer(now, func() { sh.say("%s   %s", now.ID, now.Name) })
	}
	return cmd
}

func (sh *shell) componentNamed(cmd *cobra.Command, name string) (cordon.Component, error) {
	list, err := sh.componentsOf(cmd)
	if err != nil {
		return cordon.Component{}, err
	}
	at := slices.IndexFunc(list, func(c cordon.Component) bool { return string(c.ID) == name || c.Name == name })
	if at < 0 {
		return cordon.Component{}, cordon.InvalidField("component", "there is none of that name or ID", "cordon statuspage components list shows them")
	}
	return list[at], nil
}

func (sh *shell) componentRemove() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove COMPONENT", Short: "Take a part off the status page; by ID or name",
		Example: "  cordon statuspage components remove 'Appointment reminders'", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		was, err := sh.componentNamed(cmd, args[0])
		if err != nil {
			return err
		}
		if err := sh.ask(cmd.Context(), request{method: del, path: "/v1/components/" + url.PathEscape(string(was.ID))}, nil); err != nil {
			return err
		}
		return sh.answer(map[string]any{"removed": was.ID}, func() { sh.say("removed %s", was.Name) })
	}
	return cmd
}
