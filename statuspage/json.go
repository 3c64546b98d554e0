package statuspage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

const jsonType = "application/json; charset=utf-8"

// The documents under /api/v2 have the shape that readers of Statuspage know.
// exercise is ours: it is true of everything that belongs to a drill.

type jsonPage struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	TimeZone  string `json:"time_zone"`
	UpdatedAt string `json:"updated_at"`
	Exercise  bool   `json:"exercise"`
}

type jsonStatus struct {
	Indicator   string `json:"indicator"`
	Description string `json:"description"`
}

type jsonComponent struct {
	ID                 string  `json:"id"`
	Name               string  `json:"name"`
	Status             string  `json:"status"`
	CreatedAt          string  `json:"created_at"`
	UpdatedAt          string  `json:"updated_at"`
	Position           int     `json:"position"`
	Description        *string `json:"description"`
	Showcase           bool    `json:"showcase"`
	StartDate          *string `json:"start_date"`
	GroupID            *string `json:"group_id"`
	PageID             string  `json:"page_id"`
	Group              bool    `json:"group"`
	OnlyShowIfDegraded bool    `json:"only_show_if_degraded"`
}

type jsonIncident struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Status         string          `json:"status"`
	CreatedAt      string          `json:"created_at"`
	UpdatedAt      string          `json:"updated_at"`
	MonitoringAt   *string         `json:"monitoring_at"`
	ResolvedAt     *string         `json:"resolved_at"`
	Impact         string          `json:"impact"`
	Shortlink      string          `json:"shortlink"`
	StartedAt      string          `json:"started_at"`
	PageID         string          `json:"page_id"`
	Updates        []jsonUpdate    `json:"incident_updates"`
	Components     []jsonComponent `json:"components"`
	Reminder       *string         `json:"reminder_intervals"`
	ScheduledFor   string          `json:"scheduled_for,omitempty"`
	ScheduledUntil string          `json:"scheduled_until,omitempty"`
	Exercise       bool            `json:"exercise"`
}

type jsonUpdate struct {
	ID           string         `json:"id"`
	Status       string         `json:"status"`
	Body         string         `json:"body"`
	IncidentID   string         `json:"incident_id"`
	CreatedAt    string         `json:"created_at"`
	UpdatedAt    string         `json:"updated_at"`
	DisplayAt    string         `json:"display_at"`
	Affected     []jsonAffected `json:"affected_components"`
	Deliver      bool           `json:"deliver_notifications"`
	CustomTweet  *string        `json:"custom_tweet"`
	TweetID      *string        `json:"tweet_id"`
	Kind         string         `json:"kind"` // ours, as is what follows
	SignedBy     string         `json:"signed_by"`
	NotAffected  string         `json:"not_affected,omitempty"`
	NextUpdateBy *string        `json:"next_update_due"`
	LedgerSize   int64          `json:"ledger_size,omitempty"`
	Exercise     bool           `json:"exercise"`
}

type jsonAffected struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	OldStatus string `json:"old_status"`
	NewStatus string `json:"new_status"`
}

// document makes one of the documents.
type document func(r *jsonRoom) any

type named struct {
	name string
	make document
}

func (s *Server) documents() []named {
	return []named{
		{"summary", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "components": r.components(), "incidents": r.incidents(current(r.all)),
				"scheduled_maintenances": r.maintenances(true, true), "status": r.status()}
		}},
		{"status", func(r *jsonRoom) any { return map[string]any{"page": r.page(), "status": r.status()} }},
		{"components", func(r *jsonRoom) any { return map[string]any{"page": r.page(), "components": r.components()} }},
		{"incidents", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "incidents": r.incidents(r.all[:min(len(r.all), jsonIncidents)])}
		}},
		{"incidents/unresolved", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "incidents": r.incidents(current(r.all))}
		}},
		{"scheduled-maintenances", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "scheduled_maintenances": r.maintenances(true, true)}
		}},
		{"scheduled-maintenances/upcoming", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "scheduled_maintenances": r.maintenances(false, true)}
		}},
		{"scheduled-maintenances/active", func(r *jsonRoom) any {
			return map[string]any{"page": r.page(), "scheduled_maintenances": r.maintenances(true, false)}
		}},
	}
}

const jsonIncidents = 50

func (s *Server) json(exercise bool, make document) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, jsonType, func(v cordon.StatusView) ([]byte, error) {
			raw, err := json.MarshalIndent(make(&jsonRoom{s.Site, v, threads(v, exercise), exercise}), "", " ")
			if err != nil {
				return nil, fmt.Errorf("write JSON: %w", err)
			}
			return append(raw, '\n'), nil
		})
	}
}

// jsonRoom is what the documents are made of.
type jsonRoom struct {
	site     cordon.StatusSite
	v        cordon.StatusView
	all      []thread
	exercise bool
}

const jsonPageID = "cordon"

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := stampOf(t)
	return &text
}

func (r *jsonRoom) page() jsonPage {
	p := jsonPage{ID: jsonPageID, Name: r.site.Name, URL: r.site.URL, TimeZone: "Etc/UTC", Exercise: r.exercise}
	newest := time.Unix(0, 0)
	for _, t := range r.all {
		if at := t.Last().PostedAt; at.After(newest) {
			newest = at
		}
	}
	for _, c := range r.v.Components {
		if c.UpdatedAt.After(newest) {
			newest = c.UpdatedAt
		}
	}
	p.UpdatedAt = stampOf(newest)
	return p
}

func (r *jsonRoom) status() jsonStatus {
	switch overall(r.v, r.all) {
	case cordon.ComponentOperational:
		return jsonStatus{"none", "All Systems Operational"}
	case cordon.ComponentMaintenance:
		return jsonStatus{"maintenance", "Service Under Maintenance"}
	case cordon.ComponentDegraded:
		return jsonStatus{"minor", "Minor Service Outage"}
	case cordon.ComponentPartial:
		return jsonStatus{"major", "Partial System Outage"}
	default:
		return jsonStatus{"critical", "Major Service Outage"}
	}
}

func jsonState(s cordon.ComponentState) string {
	switch s {
	case cordon.ComponentOperational:
		return "operational"
	case cordon.ComponentMaintenance:
		return "under_maintenance"
	case cordon.ComponentDegraded:
		return "degraded_performance"
	case cordon.ComponentPartial:
		return "partial_outage"
	default:
		return "major_outage"
	}
}

func (r *jsonRoom) component(c cordon.Component) jsonComponent {
	out := jsonComponent{ID: string(c.ID), Name: c.Name, Status: jsonState(stateOf(r.v, r.all, c)), CreatedAt: stampOf(c.CreatedAt), UpdatedAt: stampOf(c.UpdatedAt),
		Position: c.Position, PageID: jsonPageID}
	if c.Description != "" {
		out.Description = &c.Description
	}
	start := c.CreatedAt.UTC().Format(time.DateOnly)
	out.StartDate = &start
	return out
}

func (r *jsonRoom) components() []jsonComponent {
	all := []jsonComponent{}
	for _, c := range r.v.Components {
		all = append(all, r.component(c))
	}
	return all
}

func (r *jsonRoom) incidents(list []thread) []jsonIncident {
	all := []jsonIncident{}
	for _, t := range list {
		id := strconv.FormatInt(t.Number, 10)
		first, last := t.Original(), t.Last()
		i := jsonIncident{ID: id, Name: t.Title(), Status: string(last.State), CreatedAt: stampOf(first.PostedAt), UpdatedAt: stampOf(last.PostedAt),
			MonitoringAt: stampOrNull(t.reached(cordon.PublicMonitoring)), ResolvedAt: stampOrNull(t.reached(cordon.PublicResolved)),
			Impact: string(last.Impact), Shortlink: r.site.URL + first.Path(), StartedAt: stampOf(first.PostedAt), PageID: jsonPageID,
			Updates: []jsonUpdate{}, Components: []jsonComponent{}, Exercise: r.exercise}
		if r.exercise {
			i.Name = "EXERCISE – " + i.Name
		}
		for n, p := range t.Posts {
			before := cordon.ImpactNone
			if n+1 < len(t.Posts) {
				before = t.Posts[n+1].Impact
			}
			i.Updates = append(i.Updates, r.update(id, p, before))
		}
		for _, c := range r.v.Components {
			if touched(last, c.ID) {
				i.Components = append(i.Components, r.component(c))
			}
		}
		all = append(all, i)
	}
	return all
}

func (r *jsonRoom) update(incident string, p cordon.Announcement, before cordon.Impact) jsonUpdate {
	at := stampOf(p.PostedAt)
	u := jsonUpdate{ID: incident + "-" + strconv.Itoa(p.Seq), Status: string(p.State), Body: p.Body, IncidentID: incident, CreatedAt: at, UpdatedAt: at, DisplayAt: at,
		Affected: []jsonAffected{}, Deliver: !r.exercise, Kind: string(p.Kind), SignedBy: p.SignedBy, NotAffected: p.NotAffected,
		NextUpdateBy: stampOrNull(p.NextUpdateDue), LedgerSize: p.LedgerSize, Exercise: r.exercise}
	if r.exercise {
		u.Body = "EXERCISE. " + u.Body
	}
	now := cordon.ComponentUnder(p.Impact)
	if p.State.Over() {
		now = cordon.ComponentOperational
	}
	for _, c := range r.v.Components {
		if touched(p, c.ID) {
			u.Affected = append(u.Affected, jsonAffected{string(c.ID), c.Name, jsonState(cordon.ComponentUnder(before)), jsonState(now)})
		}
	}
	return u
}

// maintenances are announced works that are not over.
func (r *jsonRoom) maintenances(active, upcoming bool) []jsonIncident {
	all := []jsonIncident{}
	for _, c := range r.v.Components {
		going := c.UnderMaintenance(r.v.At)
		coming := c.MaintenanceFrom.After(r.v.At)
		if r.exercise || !(going && active || coming && upcoming) {
			continue
		}
		m := jsonIncident{ID: "maintenance-" + string(c.ID), Name: "Maintenance: " + c.Name, Status: "scheduled", CreatedAt: stampOf(c.UpdatedAt), UpdatedAt: stampOf(c.UpdatedAt),
			Impact: "maintenance", Shortlink: r.site.URL + "/", StartedAt: stampOf(c.MaintenanceFrom), PageID: jsonPageID, Updates: []jsonUpdate{},
			Components: []jsonComponent{r.component(c)}, ScheduledFor: stampOf(c.MaintenanceFrom), ScheduledUntil: stampOf(c.MaintenanceUntil)}
		if going {
			m.Status = "in_progress"
		}
		all = append(all, m)
	}
	return all
}
