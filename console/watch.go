package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/watch"
)

type watchPage struct {
	Rules   []watch.Row
	Of      string // whose thresholds are shown
	Signals []signalRow
	Plots   []evidencePlot
	Days    int
}

const (
	watchDays    = 7
	watchStep    = 3 * time.Hour
	watchSignals = 12
)

// watch shows what comes back, what the rules say about it, and what they have
// caused.
func (c *Console) watch(w http.ResponseWriter, q *request) {
	page, err := c.watchOf(q.Context(), q.actor)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "watch", frame{Title: "Watch", Section: "watch", Live: "/live/watch", Body: page})
}

func (c *Console) watchLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.watchOf(ctx, q.actor)
		return p.parts(), err
	})
}

func (p watchPage) parts() []part {
	return []part{{"raised", "part-raised", p}, {"evidence", "part-evidence", p}}
}

func (c *Console) watchOf(ctx context.Context, a cordon.Actor) (watchPage, error) {
	p := watchPage{Of: "the defaults; a tenant’s own are on its page", Days: watchDays}
	limits := cordon.DefaultLimits()
	if a.Tenant != "" {
		var err error
		if limits, err = c.Catalog.Limits(ctx, a, a.Tenant); err != nil {
			return p, err
		}
		p.Of = "those of " + c.names.tenant(a.Tenant)
	}
	p.Rules = watch.Table(limits)
	if a.Can(cordon.ReadLedger, a.Tenant) {
		list, _, err := c.Auditor.Signals(ctx, a, a.Tenant, cordon.Page{Limit: 300})
		if err != nil {
			return p, err
		}
		p.Signals = c.signalRows(a, raisedByRule(list, watchSignals))
	}
	since := c.Now().Add(-watchDays * 24 * time.Hour).Truncate(watchStep)
	series, err := c.Watch.Latest(ctx, a, a.Tenant, since, watchStep)
	if err != nil {
		return p, err
	}
	for _, s := range series {
		plot := drawEvidence(s.Buckets, since, c.Now(), watchStep)
		plot.Total, plot.Tenant = s.Total, c.names.tenant(s.Of.Tenant)
		plot.Link = "/tenants/" + url.PathEscape(string(s.Of.Tenant))
		if plot.What, plot.Name = "Template", ""; s.Of.Key != "" {
			plot.What, plot.Name = "Key", c.names.key(s.Of.Key)
		} else {
			plot.Name = c.names.template(s.Of.Tenant, s.Of.Template)
		}
		p.Plots = append(p.Plots, plot)
	}
	return p, nil
}

// raisedByRule keeps up to n signals that a rule about what came back raised.
func raisedByRule(list []cordon.Signal, n int) []cordon.Signal {
	var kept []cordon.Signal
	for _, s := range list {
		switch s.Kind {
		case cordon.SignalBounces, cordon.SignalPolicy, cordon.SignalFirstAnswers, cordon.SignalSendErrors, cordon.SignalComplaints, cordon.SignalNotMe,
			cordon.SignalReports, cordon.SignalSameText, cordon.SignalVolume, cordon.SignalNoAnswer, cordon.SignalDecoy:
			if kept = append(kept, s); len(kept) == n {
				return kept
			}
		}
	}
	return kept
}

// evidencePlot is what came back of one template or key: a bar for each step,
// the bad answers below, the good ones above.
type evidencePlot struct {
	What, Name, Tenant, Link string
	Total                    cordon.Evidence
	Width                    float64
	Bars                     []evidenceBar
	From, Until              time.Time
	Summary                  string
}

// evidenceBar has the heights and upper edges of one step's parts.
type evidenceBar struct {
	X                                               float64
	Good, GoodY, Bounced, BouncedY, Failed, FailedY float64
	Label                                           string
}

const (
	stepWidth      = 10.0
	evidenceHeight = 60.0
	leastSeen      = 3.0 // one bounce among a million must be seen
)

// drawEvidence makes the plot; a step's height is its share of the busiest.
func drawEvidence(buckets []cordon.EvidenceBucket, since, now time.Time, step time.Duration) evidencePlot {
	steps := max(int(now.Sub(since)/step)+1, 1)
	p := evidencePlot{Width: float64(steps) * stepWidth, From: since, Until: now}
	var most int64
	var sum cordon.Evidence
	for _, b := range buckets {
		most = max(most, b.Answered()+b.Errors)
		sum.Add(b.Evidence)
	}
	p.Summary = num(sum.Delivered) + " delivered, " + num(sum.Bad()) + " turned away, " + count(sum.Errors, "failed try", "failed tries")
	for _, b := range buckets {
		at := int(b.At.Sub(since) / step)
		if at < 0 || at >= steps || b.Answered()+b.Errors == 0 {
			continue
		}
		height := func(n int64) float64 {
			if n == 0 {
				return 0
			}
			return round1(max(float64(n)/float64(most)*evidenceHeight, leastSeen))
		}
		bar := evidenceBar{X: float64(at) * stepWidth, Bounced: height(b.Bad()), Failed: height(b.Errors)}
		bar.Good = min(height(b.Delivered), evidenceHeight-min(bar.Bounced+bar.Failed, evidenceHeight))
		bar.BouncedY = round1(evidenceHeight - bar.Bounced)
		bar.FailedY = round1(bar.BouncedY - bar.Failed)
		bar.GoodY = round1(bar.FailedY - bar.Good)
		bar.Label = b.At.UTC().Format("2 Jan 15:04") + ": " + num(b.Delivered) + " delivered, " + num(b.Bounces) + " bounced, " +
			num(b.Policy) + " rejected by policy, " + count(b.Errors, "failed try", "failed tries")
		p.Bars = append(p.Bars, bar)
	}
	return p
}

// watchFact is the thresholds at which a send is held, in one line.
func watchFact(l cordon.WatchLimits) string {
	share := func(x float64) string {
		if x == 0 {
			return "never"
		}
		return rate(x*100) + " %"
	}
	return "bounces " + share(l.BounceHold) + ", rejections " + share(l.PolicyHold) + ", complaints " + share(l.ComplaintHold) + ", failed tries in a row " + num(l.ErrorsHold)
}
