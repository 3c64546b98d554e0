package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// incidentActs are the forms of an incident's page, by name. Each answers the word
// of the notice that follows.
func (c *Console) incidentActs() map[string]func(*request, cordon.IncidentID) (string, error) {
	return map[string]func(*request, cordon.IncidentID) (string, error){
		"move": c.moveIncident, "assign": c.assignIncident, "note": c.noteIncident, "task": c.settleTask, "task-add": c.addTask,
		"change": c.changeIncident, "scope": c.addScope, "scope-remove": c.removeScope, "link": c.linkTo, "recovered": c.recovered,
		"merge": c.mergeIncident, "decline": c.declineIncident, "review": c.writeReview, "end-exercise": c.endExercise,
	}
}

// anchors are where the page goes on after an act.
var anchors = map[string]string{"note": "#timeline", "task": "#tasks", "task-add": "#tasks", "scope": "#scope", "scope-remove": "#scope", "link": "#links", "recovered": "#recover", "review": "#review"}

func (c *Console) actOnIncident(w http.ResponseWriter, q *request) {
	id := cordon.IncidentID(q.PathValue("id"))
	name := q.PathValue("act")
	act, ok := c.incidentActs()[name]
	if !ok {
		c.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such form."))
		return
	}
	done, err := act(q, id)
	if err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			c.Log.ErrorContext(q.Context(), "incident not changed", "act", name, "error", err)
		}
		c.incidentWith(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/incidents/"+url.PathEscape(string(id))+"?done="+done+anchors[name], http.StatusSeeOther)
}

// version is the version that the form was drawn upon.
func (q *request) version() int64 {
	n, _ := strconv.ParseInt(q.PostFormValue("version"), 10, 64) // 0 takes any
	return n
}

func (q *request) number() int64 {
	n, _ := strconv.ParseInt(q.PostFormValue("num"), 10, 64) // 0 is no row
	return n
}

func (c *Console) moveIncident(q *request, id cordon.IncidentID) (string, error) {
	_, err := c.Incidents.Move(q.Context(), q.actor, id, q.version(), cordon.IncidentState(q.PostFormValue("state")), q.PostFormValue("reason"))
	return "incident-moved", err
}

func (c *Console) assignIncident(q *request, id cordon.IncidentID) (string, error) {
	role := cordon.IncidentRole(q.PostFormValue("role"))
	if q.PostFormValue("give") == "" {
		_, err := c.Incidents.Take(q.Context(), q.actor, id, 0, role)
		return "incident-assigned", err
	}
	account := cordon.AccountID(strings.TrimSpace(q.PostFormValue("account")))
	_, err := c.Incidents.Assign(q.Context(), q.actor, id, 0, role, account)
	return "incident-assigned", err
}

func (c *Console) noteIncident(q *request, id cordon.IncidentID) (string, error) {
	return "incident-noted", c.Incidents.Note(q.Context(), q.actor, id, q.PostFormValue("text"))
}

func (c *Console) settleTask(q *request, id cordon.IncidentID) (string, error) {
	return "incident-task", c.Incidents.SettleTask(q.Context(), q.actor, id, q.number(), cordon.TaskState(q.PostFormValue("state")), q.PostFormValue("reason"))
}

func (c *Console) addTask(q *request, id cordon.IncidentID) (string, error) {
	return "incident-task-set", c.Incidents.AddTask(q.Context(), q.actor, id, cordon.IncidentTask{
		Title: q.PostFormValue("title"), Role: cordon.IncidentRole(q.PostFormValue("role")), Required: q.PostFormValue("required") == "yes",
	})
}

func (c *Console) changeIncident(q *request, id cordon.IncidentID) (string, error) {
	change := cordon.IncidentChange{Reason: q.PostFormValue("reason")}
	if title := q.PostFormValue("title"); title != "" {
		change.Title = &title
	}
	if text := q.PostFormValue("severity"); text != "" {
		var s cordon.Severity
		if err := s.UnmarshalText([]byte(text)); err != nil {
			return "", err
		}
		change.Severity = &s
	}
	if kind := cordon.IncidentKind(q.PostFormValue("kind")); kind != "" {
		change.Kind = &kind
	}
	if public := q.PostFormValue("public"); public != "" {
		yes := public == "yes"
		change.Public = &yes
	}
	_, err := c.Incidents.Change(q.Context(), q.actor, id, q.version(), change)
	return "incident-changed", err
}

// addScope reads "dsp_…", "key_…", "acc_…", "tpl_…" or a tenant, and two times.
func (c *Console) addScope(q *request, id cordon.IncidentID) (string, error) {
	var s cordon.Question
	switch text := strings.TrimSpace(q.PostFormValue("what")); {
	case cordon.DispatchID(text).Valid():
		s.Dispatch = cordon.DispatchID(text)
	case cordon.KeyID(text).Valid():
		s.Key = cordon.KeyID(text)
	case cordon.AccountID(text).Valid():
		s.Account = cordon.AccountID(text)
	case cordon.TemplateID(text).Valid():
		s.Template = cordon.TemplateID(text)
	case text == "":
		return "", cordon.InvalidField("what", "is missing", "give the ID of a dispatch, key, account or template, or a tenant")
	default:
		t, err := c.Catalog.Tenant(q.Context(), q.actor, text)
		if err != nil {
			return "", err
		}
		s.Tenant = t.ID
	}
	for field, into := range map[string]*time.Time{"from": &s.From, "until": &s.Until} {
		var err error
		if *into, err = formTime(q.PostFormValue(field)); err != nil {
			return "", cordon.InvalidField(field, "is not a time", "choose a day and a time; it is UTC")
		}
	}
	return "incident-scope", c.Incidents.AddScope(q.Context(), q.actor, id, s)
}

// formTime reads what a field for a local time gives; here it means UTC.
func formTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t, nil
		}
	}
	return time.Time{}, cordon.Errorf(cordon.Invalid, "is not a time")
}

func (c *Console) removeScope(q *request, id cordon.IncidentID) (string, error) {
	return "incident-scope", c.Incidents.RemoveScope(q.Context(), q.actor, id, q.number(), q.PostFormValue("reason"))
}

func (c *Console) linkTo(q *request, id cordon.IncidentID) (string, error) {
	l := cordon.IncidentLink{Noun: q.PostFormValue("noun"), Subject: strings.TrimSpace(q.PostFormValue("subject"))}
	if l.Noun == cordon.LinkIncident {
		other, err := c.Incidents.Find(q.Context(), q.actor, l.Subject)
		if err != nil {
			return "", err
		}
		l.Subject = string(other.ID)
	}
	return "incident-linked", c.Incidents.Link(q.Context(), q.actor, id, l)
}

func (c *Console) recovered(q *request, id cordon.IncidentID) (string, error) {
	return "incident-recovered", c.Incidents.Recovered(q.Context(), q.actor, id, q.PostFormValue("noun"), q.PostFormValue("subject"), q.PostFormValue("reason"))
}

func (c *Console) mergeIncident(q *request, id cordon.IncidentID) (string, error) {
	other, err := c.Incidents.Find(q.Context(), q.actor, strings.TrimSpace(q.PostFormValue("into")))
	if err != nil {
		return "", err
	}
	_, err = c.Incidents.Merge(q.Context(), q.actor, id, q.version(), other.ID, q.PostFormValue("reason"))
	return "incident-merged", err
}

func (c *Console) declineIncident(q *request, id cordon.IncidentID) (string, error) {
	_, err := c.Incidents.Decline(q.Context(), q.actor, id, q.version(), q.PostFormValue("reason"))
	return "incident-declined", err
}

func (c *Console) endExercise(q *request, id cordon.IncidentID) (string, error) {
	_, err := c.Incidents.EndExercise(q.Context(), q.actor, id, q.PostFormValue("reason"))
	return "incident-ended", err
}

func (c *Console) writeReview(q *request, id cordon.IncidentID) (string, error) {
	return "incident-review", c.Incidents.Review(q.Context(), q.actor, id, cordon.Postmortem{
		Summary: q.PostFormValue("summary"), Cause: q.PostFormValue("cause"), WentWell: q.PostFormValue("went_well"),
		WentBadly: q.PostFormValue("went_badly"), Lucky: q.PostFormValue("lucky"),
	})
}
