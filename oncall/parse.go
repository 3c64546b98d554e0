package oncall

import (
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// ParsePeople reads names or IDs of contacts with commas between.
func ParsePeople(b cordon.OnCallBook, text string) ([]cordon.OnCallContactID, error) {
	var ids []cordon.OnCallContactID
	for ref := range strings.SplitSeq(text, ",") {
		if ref = strings.TrimSpace(ref); ref == "" {
			continue
		}
		id, err := ParseContact(b, ref)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ParseContact finds a contact by ID or name.
func ParseContact(b cordon.OnCallBook, ref string) (cordon.OnCallContactID, error) {
	var found []cordon.OnCallContactID
	for _, c := range b.Contacts {
		if string(c.ID) == ref || strings.EqualFold(c.Name, ref) {
			found = append(found, c.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &cordon.Error{Code: cordon.Missing, Field: "contact", Message: "is none of that name", Remedy: "write it as the list of contacts has it"}
	}
	return "", &cordon.Error{Code: cordon.Conflict, Field: "contact", Message: "is a name that several have", Remedy: "name it by its ID"}
}

// ParseSteps reads an escalation, a step a line: minutes, then schedules (with
// /2 for the second layer) and people (after @), with commas between:
//
//	10 primary
//	15 primary/2, @Duty manager
func ParseSteps(b cordon.OnCallBook, text string) ([]cordon.EscalationStep, error) {
	var steps []cordon.EscalationStep
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		wait, whom, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(strings.TrimSuffix(wait, "m"))
		if err != nil {
			return nil, cordon.InvalidField("steps", "have a line that does not begin with minutes", "write it like: 10 primary, @Duty manager")
		}
		s := cordon.EscalationStep{Minutes: n}
		for ref := range strings.SplitSeq(whom, ",") {
			t, err := parseTarget(b, strings.TrimSpace(ref))
			if err != nil {
				return nil, err
			}
			s.Targets = append(s.Targets, t)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func parseTarget(b cordon.OnCallBook, ref string) (cordon.PageTarget, error) {
	if person, ok := strings.CutPrefix(ref, "@"); ok {
		id, err := ParseContact(b, person)
		return cordon.PageTarget{Contact: id}, err
	}
	handle, layer, layered := strings.Cut(ref, "/")
	s, ok := b.Schedule(handle)
	if !ok {
		return cordon.PageTarget{}, &cordon.Error{Code: cordon.Missing, Field: "schedule", Message: "is none of that handle", Remedy: "a person is written with @ before the name"}
	}
	t := cordon.PageTarget{Schedule: s.ID}
	if layered {
		n, err := strconv.Atoi(layer)
		if err != nil {
			return t, cordon.InvalidField("layer", "is no number", "write it like primary/2")
		}
		t.Layer = n
	}
	return t, nil
}

// LocalMoment is when the clock of the zone shows the day and time; where it
// never does, the moment of the jump over it.
func LocalMoment(zone *time.Location, day time.Time, hour, minute int) time.Time {
	return moment(zone, day, hour, minute)
}
