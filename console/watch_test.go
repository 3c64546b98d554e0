package console

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/watch"
)

func sampleWatch() watchPage {
	since := sampleNow.Add(-watchDays * 24 * time.Hour).Truncate(watchStep)
	buckets := []cordon.EvidenceBucket{
		{At: since.Add(watchStep), Evidence: cordon.Evidence{Delivered: 5000, Bounces: 3}},
		{At: since.Add(20 * watchStep), Evidence: cordon.Evidence{Delivered: 90, Bounces: 8, Policy: 2, Errors: 12}},
	}
	plot := drawEvidence(buckets, since, sampleNow, watchStep)
	plot.What, plot.Name, plot.Tenant, plot.Link = "Template", "recall", "Northside Physiotherapy", "/tenants/x"
	plot.Total = cordon.Evidence{Delivered: 5090, Bounces: 11, Policy: 2, Errors: 12, Complaints: 3, NotMe: 1, Reports: 2}
	return watchPage{
		Rules: watch.Table(cordon.DefaultLimits()), Of: "the defaults", Days: watchDays,
		Signals: []signalRow{{Signal: cordon.Signal{Kind: cordon.SignalBounces, Grade: cordon.GradeIncident, Message: "12 of 110 copies", At: sampleNow}, Tenant: "Northside Physiotherapy"}},
		Plots:   []evidencePlot{plot},
	}
}

// TestEvidenceIsDrawn: a single bounce is seen beside thousands delivered, and
// nothing is drawn outside the plot.
func TestEvidenceIsDrawn(t *testing.T) {
	p := sampleWatch().Plots[0]
	if len(p.Bars) != 2 || !strings.Contains(p.Summary, "13 turned away") {
		t.Fatalf("%d bars: %s", len(p.Bars), p.Summary)
	}
	for _, b := range p.Bars {
		if b.Bounced < leastSeen || b.GoodY < 0 || b.X < 0 || b.X+8 > p.Width || round1(b.GoodY+b.Good+b.Failed+b.Bounced) != evidenceHeight {
			t.Errorf("a bar is drawn as %+v", b)
		}
	}
	if empty := drawEvidence(nil, sampleNow.Add(-time.Hour), sampleNow, watchStep); len(empty.Bars) != 0 {
		t.Error("bars of nothing")
	}
}

func TestOnlyRulesSignalsAreShown(t *testing.T) {
	list := []cordon.Signal{{Kind: cordon.SignalLimit}, {Kind: cordon.SignalBounces}, {Kind: cordon.SignalReports}, {Kind: cordon.SignalPolicy}}
	if kept := raisedByRule(list, 2); len(kept) != 2 || kept[0].Kind != cordon.SignalBounces || kept[1].Kind != cordon.SignalReports {
		t.Errorf("kept %+v", kept)
	}
}
