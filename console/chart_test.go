package console

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func at(seconds int) time.Time {
	return sampleNow.Truncate(chartStep).Add(time.Duration(seconds) * time.Second)
}

func TestRatesCountEveryCopyOnce(t *testing.T) {
	delivered := func(c cordon.Counts) int64 { return c.Delivered }
	for _, c := range []struct {
		name    string
		samples []sample
		want    []float64 // per second, in steps of two seconds from -8 s
	}{
		{"nothing", nil, []float64{0, 0, 0, 0}},
		{"even", []sample{{at(-8), cordon.Counts{}}, {at(0), cordon.Counts{Delivered: 80}}}, []float64{10, 10, 10, 10}},
		{"a burst", []sample{{at(-4), cordon.Counts{}}, {at(-3), cordon.Counts{Delivered: 40}}, {at(0), cordon.Counts{Delivered: 40}}}, []float64{0, 0, 20, 0}},
		{"across two steps", []sample{{at(-5), cordon.Counts{}}, {at(-3), cordon.Counts{Delivered: 40}}}, []float64{0, 10, 10, 0}},
		{"partly before the window", []sample{{at(-12), cordon.Counts{}}, {at(-4), cordon.Counts{Delivered: 80}}}, []float64{10, 10, 0, 0}},
		{"a fall is no flow", []sample{{at(-8), cordon.Counts{Delivered: 80}}, {at(0), cordon.Counts{}}}, []float64{0, 0, 0, 0}},
	} {
		got := rates(c.samples, at(-8), 4, delivered)
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-9 {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

func TestFlowShowsAStop(t *testing.T) {
	f := sampleFlow(0, true)
	if f.Now != 0 {
		t.Errorf("after the stop %v a second flow", f.Now)
	}
	if len(f.HeldBands) != 1 || len(f.Marks) != 2 || len(f.Refused) == 0 {
		t.Fatalf("held %v, marks %v, refused %v", f.HeldBands, f.Marks, f.Refused)
	}
	if end := f.HeldBands[0].X + f.HeldBands[0].W; end != flowWidth {
		t.Errorf("the held lane ends at %v", end)
	}
	if !strings.Contains(f.Summary, "kept back") || !strings.HasPrefix(f.Area, f.Line) {
		t.Errorf("summary %q", f.Summary)
	}
	for _, m := range f.Marks {
		if m.X < 0 || m.X > flowWidth {
			t.Errorf("mark at %v", m.X)
		}
	}
}

func TestFlowOfAnEmptyHouse(t *testing.T) {
	f := drawFlow(nil, []moment{{At: sampleNow.Add(-time.Hour)}}, sampleNow)
	if f.Top != 10 || f.Peak != 0 || len(f.Marks) != 0 || len(f.HeldBands) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestNiceCeiling(t *testing.T) {
	for v, want := range map[float64]float64{0: 10, 3: 10, 10: 10, 10.1: 15, 19: 20, 21: 30, 99: 100, 101: 150, 7400: 8000, 9000: 10000} {
		if got := niceCeiling(v); got != want {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
}

// One unknown copy among a million is seen, and the bar is exactly full.
func TestBarHidesNothing(t *testing.T) {
	for _, c := range []cordon.Counts{
		{Delivered: 1_000_000, Uncertain: 1}, {Queued: 3}, {Delivered: 1, Sending: 1, Held: 1, Cut: 1, Refused: 1, Bounced: 1, Deferred: 1, Queued: 1, Uncertain: 1},
	} {
		bar, x := drawBar(c), 0.0
		var n int64
		for _, s := range bar {
			if math.Abs(s.X-x) > 0.051 || s.W < 3.5 {
				t.Errorf("%+v: segment %+v, expected at %v", c, s, x)
			}
			x, n = s.X+s.W, n+s.Count
		}
		if math.Abs(x-barWidth) > 0.1 || n != c.Total() {
			t.Errorf("%+v: the bar ends at %v with %d copies", c, x, n)
		}
	}
	if drawBar(cordon.Counts{}) != nil {
		t.Error("a bar of nothing")
	}
}

func TestSamplerStartsNewTenantsAtNothing(t *testing.T) {
	now := sampleNow
	s := newSampler(func() time.Time { return now })
	s.add(map[cordon.TenantID]cordon.Counts{"a": {Delivered: 500}})
	now = now.Add(time.Second)
	s.add(map[cordon.TenantID]cordon.Counts{"a": {Delivered: 510}, "b": {Delivered: 7}})
	if got := s.of("b"); len(got) != 2 || got[0].Counts.Delivered != 0 {
		t.Errorf("%+v", got)
	}
	sum := s.sum(cordon.Actor{})
	if last := sum[len(sum)-1]; last.Counts.Delivered != 517 {
		t.Errorf("sum %+v", sum)
	}
	if own := s.sum(cordon.Actor{Tenant: "b"}); own[len(own)-1].Counts.Delivered != 7 {
		t.Errorf("a tenant's actor sees %+v", own)
	}
	for range 3 * keepSamples {
		s.add(map[cordon.TenantID]cordon.Counts{"a": {}})
	}
	if n := len(s.of("a")); n != keepSamples {
		t.Errorf("keeps %d samples", n)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{num(0), "0"}, {num(999), "999"}, {num(1000), "1,000"}, {num(-1234567), "-1,234,567"},
		{percent(0, 9), "0 %"}, {percent(1, 10_000), "1 %"}, {percent(9_999, 10_000), "99 %"}, {percent(5, 5), "100 %"}, {percent(1, 0), "0 %"},
		{rate(0.01), "<0.1"}, {rate(3.14), "3.1"}, {rate(1234.4), "1,234"},
		{age(sampleNow, sampleNow), "just now"}, {age(sampleNow.Add(-90*time.Second), sampleNow), "90 s ago"}, {age(time.Time{}, sampleNow), "never"}, {age(sampleNow.Add(time.Hour), sampleNow), "in 60 min"},
		{short(cordon.DispatchID("dsp_7k2m4qx9a0c1")), "dsp_7k2m4q…"}, {short("operator"), "operator"}, {short("x_1"), "x_1"},
		{capital("élan"), "Élan"}, {sentence("was lifted already"), "Was lifted already."}, {sentence("Why?"), "Why?"},
		{cell("=1+1"), "'=1+1"}, {cell("p17"), "p17"},
		{string(timeTag(sampleNow, "15:04")), `<time datetime="2026-11-22T14:05:09Z">14:05</time>`},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Every word of the house has its words on the page.
func TestEveryStateIsExplained(t *testing.T) {
	for _, s := range cordon.DeliveryStates() {
		if stateHelp(s) == "" {
			t.Errorf("state %s has no explanation", s)
		}
	}
	if len(barOrder) != len(cordon.DeliveryStates()) {
		t.Error("the bar leaves a state out")
	}
}

func TestSentenceOfAStop(t *testing.T) {
	for _, c := range []struct {
		in   cordon.StopAnswer
		want string
	}{
		{cordon.StopAnswer{}, "Nothing within its reach had been delivered. None was on the wire. Nothing was waiting; whatever is ordered from now on is kept back."},
		{cordon.StopAnswer{Delivered: 1, InFlight: 1, Held: 1}, "1 copy had been delivered before it. 1 copy was already on the wire and will still arrive. 1 copy is kept back and cannot leave while it stands."},
		{cordon.StopAnswer{Delivered: 1200, Unknown: 2, Refused: 3}, "1,200 copies had been delivered before it. None was on the wire. Nothing was waiting; whatever is ordered from now on is kept back. 3 copies had been refused by our own exit check and never left. Of 2 copies nobody can say yet: the line broke after the last byte. Count as delivered until it is known."},
	} {
		if got := answerWords(c.in); got != c.want {
			t.Errorf("%+v:\n%s", c.in, got)
		}
	}
}

func TestABurstOfSignalsIsOneMark(t *testing.T) {
	var moments []moment
	for i := range 40 {
		moments = append(moments, moment{At: sampleNow.Add(-time.Minute + time.Duration(i)*20*time.Millisecond), Class: "signal", Label: "x"})
	}
	moments = append(moments, moment{At: sampleNow.Add(-time.Minute), Class: "stopped", Label: "stop"}, moment{At: sampleNow.Add(-20 * time.Second), Class: "signal", Label: "later"})
	f := drawFlow(nil, moments, sampleNow)
	if len(f.Marks) != 3 {
		t.Fatalf("%d marks: %+v", len(f.Marks), f.Marks)
	}
	seen := 0
	for _, m := range f.Marks {
		seen += 1 + m.More
	}
	if seen != len(moments) {
		t.Errorf("%d of %d moments are accounted for", seen, len(moments))
	}
}

func TestSignalsOfARunAreFoldedAndIncidentsComeFirst(t *testing.T) {
	c := New(Config{Now: func() time.Time { return sampleNow }})
	s := func(kind cordon.SignalKind, grade cordon.Grade, ago time.Duration) cordon.Signal {
		return cordon.Signal{Kind: kind, Grade: grade, Message: string(kind), At: sampleNow.Add(-ago)}
	}
	rows := c.signalRows(cordon.Actor{}, []cordon.Signal{
		s(cordon.SignalFreeContent, cordon.GradeWarning, 1*time.Second), s(cordon.SignalFreeContent, cordon.GradeWarning, 2*time.Second), s(cordon.SignalFreeContent, cordon.GradeWarning, 3*time.Second),
		s(cordon.SignalDecoy, cordon.GradeIncident, 4*time.Second),
		s(cordon.SignalFreeContent, cordon.GradeWarning, 5*time.Second),
		s(cordon.SignalDecoy, cordon.GradeIncident, time.Hour),
	})
	rows = urgentFirst(rows, sampleNow)
	if len(rows) != 4 || rows[0].Signal.Kind != cordon.SignalDecoy || rows[1].Times != 3 || rows[2].Times != 0 || rows[3].Signal.Grade != cordon.GradeIncident {
		t.Errorf("%+v", rows)
	}
	if !rows[1].Since.Equal(sampleNow.Add(-3 * time.Second)) {
		t.Errorf("since %v", rows[1].Since)
	}
}

func TestEntryBodiesAreReadable(t *testing.T) {
	got := bodyFacts([]byte(`{"copies":1250,"first_at":1795327032368065,"hash":"5d26cb63f9cd9d4ebd0ceb163579c798eb277a25fbe287da372c7cd253d00681","key":"key_x","nested":{"a":1},"none":0,"placed_at":"2026","zz_reason":"wrong date"}`), func(string) string { return "the booking key" })
	want := []fact{{Name: "copies", Value: "1,250"}, {Name: "first at", Value: "05:57:12.368"}, {Name: "hash", Value: "5d26cb63f9cd…"}, {Name: "key", Value: "the booking key"}, {Name: "zz reason", Value: "wrong date"}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	if bodyFacts([]byte("not json"), nil) != nil {
		t.Error("facts from nothing")
	}
}
