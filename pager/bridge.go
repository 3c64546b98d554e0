package pager

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// maxSummary is PagerDuty's bound on a summary, in characters (Events API v2).
const maxSummary = 1024

// subject is what one page (or one proof of a method) is known by at the far
// side, whoever is told of it and how often.
func subject(o cordon.Outgoing) string {
	if page := o.Content.Facts["page"]; page != "" {
		return page
	}
	if o.Subject != "" {
		return o.Subject
	}
	return string(o.ID)
}

// title is what the page is about, at every stage of its life the same.
func title(o cordon.Outgoing) string {
	if t := o.Content.Facts["title"]; t != "" {
		if o.Exercise {
			return "EXERCISE " + t
		}
		return t
	}
	return o.Content.Title
}

// pagerDuty sends an event of the Events API v2. dedup_key is the page, so that
// what is sent twice, or to two contacts of one service, is one alert.
func (p *Pager) pagerDuty(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	event := map[string]any{"routing_key": o.To, "dedup_key": "cordon-" + subject(o), "event_action": "trigger"}
	switch o.Purpose {
	case cordon.PurposePageUpdate:
		event["event_action"] = "acknowledge"
	case cordon.PurposeAllClear:
		event["event_action"] = "resolve"
	default:
		details := eventData(o)
		delete(details, "ack_url") // a link for one person does not belong where many look
		delete(details, "text")
		event["client"], event["client_url"] = "Cordon", o.Content.Facts["url"]
		event["payload"] = map[string]any{
			"summary": cut(title(o), maxSummary), "source": "cordon", "severity": dutySeverity(o.Content.Facts["severity"]),
			"timestamp": o.CreatedAt.UTC().Format(time.RFC3339), "custom_details": details,
		}
	}
	return p.handOver(ctx, call{http.MethodPost, strings.TrimSuffix(p.cfg.PagerDuty, "/") + "/v2/enqueue", jsonType, mustJSON(event), nil}, cordon.OutgoingDelivered)
}

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// dutySeverity is PagerDuty's word, which Alertmanager's users know too.
func dutySeverity(s string) string {
	switch s {
	case "SEV-3":
		return "error"
	case "SEV-4":
		return "warning"
	case "SEV-5":
		return "info"
	}
	return "critical"
}

// alert is an alert as Alertmanager sends and takes it.
type alert struct {
	Status       string            `json:"status,omitempty"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint,omitempty"`
}

// firingFor is how long an alert posted to Alertmanager fires, unless it is
// resolved before.
const firingFor = 24 * time.Hour

// alertmanager posts in the form of Alertmanager's webhook (version 4); to a URL
// that ends in /api/v2/alerts in the form that Alertmanager itself takes.
func (p *Pager) alertmanager(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	facts := o.Content.Facts
	labels := map[string]string{"alertname": "CordonPage", "page": subject(o), "severity": dutySeverity(facts["severity"])}
	for _, name := range []string{"incident", "role", "exercise"} {
		if facts[name] != "" {
			labels[name] = facts[name]
		}
	}
	starts := facts["triggered_at"]
	if starts == "" {
		starts = o.CreatedAt.UTC().Format(time.RFC3339)
	}
	a := alert{Status: "firing", Labels: labels, Annotations: map[string]string{"summary": title(o), "description": o.Content.Title, "severity": facts["severity"]},
		StartsAt: starts, EndsAt: "0001-01-01T00:00:00Z", GeneratorURL: facts["url"], Fingerprint: fingerprint(labels)}
	if o.Purpose == cordon.PurposeAllClear {
		a.Status, a.EndsAt = "resolved", o.CreatedAt.UTC().Format(time.RFC3339)
	}
	var body []byte
	if strings.HasSuffix(strings.TrimSuffix(o.To, "/"), "/api/v2/alerts") {
		if a.Status == "firing" {
			a.EndsAt = o.CreatedAt.UTC().Add(firingFor).Format(time.RFC3339)
		}
		a.Status, a.Fingerprint = "", ""
		body = mustJSON([]alert{a})
	} else {
		body = mustJSON(map[string]any{
			"version": "4", "groupKey": fmt.Sprintf(`{}:{page=%q}`, subject(o)), "truncatedAlerts": 0, "status": a.Status, "receiver": "cordon",
			"groupLabels": map[string]string{"page": subject(o)}, "commonLabels": a.Labels, "commonAnnotations": a.Annotations,
			"externalURL": facts["url"], "alerts": []alert{a},
		})
	}
	return p.handOver(ctx, call{http.MethodPost, o.To, jsonType, body, nil}, cordon.OutgoingDelivered)
}

// fingerprint is Prometheus' of a set of labels: FNV-1a of the names in order,
// each followed by its value, with 0xff after both.
func fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		h.Write([]byte(name + "\xff" + labels[name] + "\xff"))
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
