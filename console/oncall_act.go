package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

// onCallDone goes back to the page after a form, or says what is wrong with it.
func (c *Console) onCallDone(w http.ResponseWriter, q *request, done string, err error) {
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/oncall?done="+done, http.StatusSeeOther)
}

func (c *Console) addContact(w http.ResponseWriter, q *request) {
	_, err := c.OnCall.SaveContact(q.Context(), q.actor, cordon.OnCallContact{Name: q.PostFormValue("name")})
	c.onCallDone(w, q, "oncall-added", err)
}

func (c *Console) removeContact(w http.ResponseWriter, q *request) {
	c.onCallDone(w, q, "oncall-removed", c.OnCall.DeleteContact(q.Context(), q.actor, cordon.OnCallContactID(q.PathValue("id"))))
}

func (c *Console) addMethod(w http.ResponseWriter, q *request) {
	_, err := c.OnCall.AddMethod(q.Context(), q.actor, cordon.OnCallContactID(q.PathValue("id")), cordon.Channel(q.PostFormValue("channel")), q.PostFormValue("target"))
	c.onCallDone(w, q, "code-sent", err)
}

func (c *Console) testContact(w http.ResponseWriter, q *request) {
	_, err := c.OnCall.Test(q.Context(), q.actor, cordon.OnCallContactID(q.PathValue("id")))
	c.onCallDone(w, q, "contact-tested", err)
}

// settleMethod verifies a method, sends a new code, or removes it.
func (c *Console) settleMethod(w http.ResponseWriter, q *request) {
	id := cordon.MethodID(q.PathValue("id"))
	switch q.PostFormValue("act") {
	case "code":
		c.onCallDone(w, q, "code-sent", c.OnCall.SendCode(q.Context(), q.actor, id))
	case "remove":
		c.onCallDone(w, q, "method-removed", c.OnCall.DeleteMethod(q.Context(), q.actor, id))
	default:
		c.onCallDone(w, q, "method-verified", c.OnCall.Verify(q.Context(), q.actor, id, q.PostFormValue("code")))
	}
}

func (c *Console) addOverride(w http.ResponseWriter, q *request) {
	err := c.override(q)
	c.onCallDone(w, q, "override-added", err)
}

// override reads the form's times by the schedule's own clock.
func (c *Console) override(q *request) error {
	book, err := c.OnCall.Book(q.Context(), q.actor)
	if err != nil {
		return err
	}
	s, ok := book.Schedule(q.PostFormValue("schedule"))
	if !ok {
		return cordon.InvalidField("schedule", "is none there is", "choose one of the list")
	}
	from, err := localTime(s.Zone, "from", q.PostFormValue("from"))
	if err != nil {
		return err
	}
	until, err := localTime(s.Zone, "until", q.PostFormValue("until"))
	if err != nil {
		return err
	}
	_, err = c.OnCall.Override(q.Context(), q.actor, s.Handle, cordon.Override{Contact: cordon.OnCallContactID(q.PostFormValue("contact")), From: from, Until: until})
	return err
}

func localTime(zone, field, text string) (time.Time, error) {
	wall, err := time.Parse("2006-01-02T15:04", text)
	z, zerr := time.LoadLocation(zone)
	if err != nil || zerr != nil {
		return time.Time{}, cordon.InvalidField(field, "is no day and time", "write it like 2026-11-28T08:00")
	}
	return oncall.LocalMoment(z, wall, wall.Hour(), wall.Minute()), nil
}

func (c *Console) removeOverride(w http.ResponseWriter, q *request) {
	c.onCallDone(w, q, "override-removed", c.OnCall.DeleteOverride(q.Context(), q.actor, cordon.OverrideID(q.PathValue("id"))))
}

func (c *Console) addSchedule(w http.ResponseWriter, q *request) {
	book, err := c.OnCall.Book(q.Context(), q.actor)
	if err == nil {
		var people []cordon.OnCallContactID
		if people, err = oncall.ParsePeople(book, q.PostFormValue("people")); err == nil {
			length, _ := strconv.Atoi(q.PostFormValue("length")) // 0 is refused below
			_, err = c.OnCall.SaveSchedule(q.Context(), q.actor, cordon.Schedule{Handle: q.PostFormValue("handle"), Zone: q.PostFormValue("zone"), Layers: []cordon.Layer{{
				Rotation: cordon.Rotation(q.PostFormValue("rotation")), Length: length, Start: q.PostFormValue("start"), Handoff: q.PostFormValue("handoff"), People: people,
			}}})
		}
	}
	c.onCallDone(w, q, "schedule-added", err)
}

func (c *Console) addPolicy(w http.ResponseWriter, q *request) {
	book, err := c.OnCall.Book(q.Context(), q.actor)
	if err == nil {
		var steps []cordon.EscalationStep
		if steps, err = oncall.ParseSteps(book, q.PostFormValue("steps")); err == nil {
			repeats, _ := strconv.Atoi(q.PostFormValue("repeats"))
			_, err = c.OnCall.SavePolicy(q.Context(), q.actor, cordon.Policy{Handle: q.PostFormValue("handle"), Steps: steps, Repeats: repeats})
		}
	}
	c.onCallDone(w, q, "policy-added", err)
}

func (c *Console) addMonitor(w http.ResponseWriter, q *request) {
	every, err := time.ParseDuration(strings.TrimSpace(q.PostFormValue("every")))
	if err != nil {
		c.problem(w, q, cordon.InvalidField("every", "is no length of time", "write it like 90s, 15m or 24h"))
		return
	}
	_, err = c.OnCall.SaveMonitor(q.Context(), q.actor, cordon.Monitor{Name: q.PostFormValue("name"), Every: int(every / time.Second), Severity: 2})
	c.onCallDone(w, q, "heartbeat-added", err)
}

func (c *Console) removeMonitor(w http.ResponseWriter, q *request) {
	c.onCallDone(w, q, "heartbeat-removed", c.OnCall.DeleteMonitor(q.Context(), q.actor, q.PathValue("name")))
}

func (c *Console) setOnCall(w http.ResponseWriter, q *request) {
	book, err := c.OnCall.Book(q.Context(), q.actor)
	if err == nil {
		s := book.Settings
		for name, at := range map[string]*int{"ack_minutes": &s.AckMinutes, "hold_minutes": &s.HoldMinutes, "last_minutes": &s.LastMinutes} {
			*at, _ = strconv.Atoi(q.PostFormValue(name)) // 0 is out of range, and said so
		}
		if s.Fallback, err = oncall.ParsePeople(book, q.PostFormValue("fallback")); err == nil {
			err = c.OnCall.SetSettings(q.Context(), q.actor, s)
		}
	}
	c.onCallDone(w, q, "oncall-set", err)
}
