package cordon

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Validate says whether the policy is well formed.
func (p Policy) Validate() error {
	switch {
	case len(p.Steps) == 0:
		return InvalidField("steps", "are missing", "give at least one step with a schedule or a contact")
	case len(p.Steps) > MaxSteps:
		return InvalidField("steps", "are more than 20", "repeat instead")
	case p.Repeats < 0 || p.Repeats > MaxRepeats:
		return InvalidField("repeats", "must be 0 to 5", "")
	}
	for _, s := range p.Steps {
		if s.Minutes < MinStepMinutes || s.Minutes > MaxStepMinutes {
			return InvalidField("steps.minutes", "must be 1 to 9,000", "5 to 15 is usual")
		}
		if len(s.Targets) == 0 || len(s.Targets) > MaxStepTargets {
			return InvalidField("steps.targets", "must be 1 to 20", "name a schedule or a contact")
		}
		for _, t := range s.Targets {
			if (t.Schedule == "") == (t.Contact == "") {
				return InvalidField("steps.targets", "must each name a schedule or a contact", "")
			}
			if t.Layer < 0 || t.Layer > MaxLayers || t.Layer > 0 && t.Schedule == "" {
				return InvalidField("steps.targets.layer", "must be the number of a layer of the schedule", "0 is the first that has somebody")
			}
		}
	}
	return nil
}

// Validate says whether the layer is well formed.
func (l Layer) Validate() error {
	switch {
	case l.Rotation != RotateHours && l.Rotation != RotateDays && l.Rotation != RotateWeeks:
		return InvalidField("layers.rotation", "must be hours, days or weeks", "a daily rotation is days with length 1")
	case l.Length < 1 || l.Length > MaxRotationUnits:
		return InvalidField("layers.length", "must be 1 to 366", "")
	case len(l.People) == 0 || len(l.People) > MaxLayerPeople:
		return InvalidField("layers.people", "must be 1 to 50 contacts", "cordon oncall contact list shows them")
	case (l.From == "") != (l.Until == ""):
		return InvalidField("layers.from", "and until go together", "give both or neither")
	case l.From != "" && l.From == l.Until:
		return InvalidField("layers.from", "and until are the same time", "leave both out for the whole day")
	}
	if _, err := time.Parse("2006-01-02", l.Start); err != nil {
		return InvalidField("layers.start", "is not a day", "write it like 2026-11-23")
	}
	for _, c := range [][2]string{{"layers.handoff", l.Handoff}, {"layers.from", l.From}, {"layers.until", l.Until}} {
		if _, _, ok := ClockTime(c[1]); !ok && (c[1] != "" || c[0] == "layers.handoff") {
			return InvalidField(c[0], "is not a time of day", "write it like 09:00")
		}
	}
	for _, d := range l.Days {
		if d < time.Sunday || d > time.Saturday {
			return InvalidField("layers.days", "must be 0 (Sunday) to 6", "")
		}
	}
	return nil
}

// ClockTime reads "09:30".
func ClockTime(text string) (hour, minute int, ok bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour(), t.Minute(), err == nil && len(text) == 5
}

// HintOf is enough of a target to tell two apart, and too little to reach anybody.
func HintOf(c Channel, target string) string {
	switch c {
	case ChannelMail:
		local, domain, _ := strings.Cut(target, "@")
		for _, r := range local {
			return string(r) + "…@" + domain
		}
	case ChannelSMS:
		if len(target) > 2 {
			return "…" + target[len(target)-2:]
		}
	case ChannelWebhook, ChannelAlertmanager, ChannelSlack:
		_, rest, _ := strings.Cut(target, "://")
		host, _, _ := strings.Cut(rest, "/")
		return host + "/…"
	case ChannelPagerDuty:
		if len(target) > 4 {
			return "…" + target[len(target)-4:]
		}
	}
	return "…"
}

// PageKey is the key of a page's message to a contact by one of his methods, in
// one turn: the same is never put into the outbox twice.
func PageKey(page PageID, turn int64, contact OnCallContactID, method MethodID) string {
	return "page/" + string(page) + "/" + strconv.FormatInt(turn, 10) + "/" + string(contact) + "/" + string(method)
}

// ParsePageKey reads a PageKey.
func ParsePageKey(key string) (page PageID, turn int64, contact OnCallContactID, method MethodID, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 5 || parts[0] != "page" {
		return "", 0, "", "", false
	}
	turn, err := strconv.ParseInt(parts[2], 10, 64)
	return PageID(parts[1]), turn, OnCallContactID(parts[3]), MethodID(parts[4]), err == nil
}

// Bounds of a page's words.
const (
	maxPageKey   = 200
	maxPageTitle = 200
	maxPageText  = 4000
)

// Validate says whether the page is well formed.
func (n NewPage) Validate() error {
	switch {
	case n.Key == "" || len(n.Key) > maxPageKey:
		return InvalidField("key", "must have 1 to 200 bytes", "name what the page is about, so that it is not sent twice")
	case strings.TrimSpace(n.Title) == "" || len(n.Title) > maxPageTitle:
		return InvalidField("title", "must have 1 to 200 bytes", "say in one line what is wrong")
	case strings.ContainsFunc(n.Title, unicode.IsControl):
		return InvalidField("title", "contains a line break or a control character", "write one line")
	case len(n.Text) > maxPageText:
		return InvalidField("text", "is longer than 4,000 bytes", "shorten it")
	case n.Incident != "" && !n.Incident.Valid():
		return InvalidField("incident", "is not an incident ID", "copy the ID as it is shown")
	case n.Role != "" && !slices.Contains(IncidentRoles(), n.Role):
		return InvalidField("role", "is no role of an incident", "use commander, deputy, scribe, customer-liaison or internal-liaison")
	case n.Path != "" && !strings.HasPrefix(n.Path, "/"):
		return InvalidField("path", "does not begin with a slash", "give the path of a page of the console")
	}
	return nil
}
