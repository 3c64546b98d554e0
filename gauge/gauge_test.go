package gauge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func person() Limits {
	return LimitsOf(cordon.BehaviourLimits{}, cordon.SubjectAccount)
}

func program() Limits { return LimitsOf(cordon.BehaviourLimits{}, cordon.SubjectKey) }

// worker is a sender with some weeks behind it: copies at nine, eleven and four
// on working days, the first of them to somebody new.
func worker(t *testing.T, l Limits, weeks int) (Profile, time.Time) {
	t.Helper()
	var p Profile
	at := monday
	for range weeks * 7 {
		if d := at.Weekday(); d != time.Saturday && d != time.Sunday {
			for i, h := range []int{0, 2, 7} {
				e := Event{At: at.Add(time.Duration(h) * time.Hour), Copies: 2, Walk: []int64{int64(1 + 77*i), int64(900 - 50*i)}}
				if i == 0 {
					e.FirstTime = 1
				}
				if found := Weigh(p, e, l); Held(found) {
					t.Fatalf("an honest message is held: %+v", found)
				}
				p.Learn(e, l)
			}
		}
		at = at.Add(24 * time.Hour)
	}
	return p, at
}

// send lets n orders come and answers how many copies passed.
func send(p *Profile, l Limits, e Event, n int, every time.Duration) (out int) {
	for range n {
		if Held(Weigh(*p, e, l)) {
			p.Charge(e, l)
		} else {
			out += e.Copies
			p.Learn(e, l)
		}
		e.At = e.At.Add(every)
	}
	return out
}

func TestAStolenAccountIsHeldWithinTenCopies(t *testing.T) {
	for name, c := range map[string]struct {
		e     Event
		every time.Duration
		most  int
	}{
		"burst":       {Event{Copies: 1, FirstTime: 1}, 5 * time.Second, 10},
		"tens":        {Event{Copies: 10, FirstTime: 10}, time.Minute, 10},
		"one order":   {Event{Copies: 50, FirstTime: 50}, time.Minute, 0},
		"slow drip":   {Event{Copies: 1, FirstTime: 1}, time.Minute, 11},
		"a few close": {Event{Copies: 10, FirstTime: 10, Close: 6}, time.Minute, 10},
	} {
		p, at := worker(t, person(), 4)
		c.e.At = at.Add(2 * time.Hour)
		if out := send(&p, person(), c.e, 50, c.every); out > c.most {
			t.Errorf("%s: %d copies out, at most %d", name, out, c.most)
		}
	}
}

func TestWhatElseIsUnusualTightens(t *testing.T) {
	own := Fingerprint("Dear all, here are the minutes of our meeting of yesterday afternoon.")
	for name, change := range map[string]func(p *Profile, e *Event){
		string(RuleQuiet): func(_ *Profile, e *Event) { e.At = e.At.Add(-7 * time.Hour) }, // at two in the night
		string(RuleCopy): func(p *Profile, e *Event) {
			p.Learn(Event{At: e.At.Add(-time.Hour), Copies: 1, Content: own, OwnWords: true}, person())
			e.Content, e.OwnWords = own, true
		},
		string(RuleClient): func(p *Profile, e *Event) {
			p.Learn(Event{At: e.At.Add(-2 * time.Hour), Copies: 1, Client: 5}, person())
			e.Client = 6
		},
	} {
		p, at := worker(t, person(), 4)
		e := Event{At: at, Copies: 6, FirstTime: 6}
		if found := Weigh(p, e, person()); Held(found) {
			t.Fatalf("six strangers alone: %+v", found)
		}
		change(&p, &e)
		found := Weigh(p, e, person())
		named := false
		for _, f := range found {
			named = named || string(f.Rule) == name
		}
		if !Held(found) || !named {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// People whom near colleagues write to are a group: a quarter, together.
func TestAKnownGroupPasses(t *testing.T) {
	p, at := worker(t, person(), 4)
	group := Event{At: at, Copies: 30, FirstTime: 30, Close: 27}
	if found := Weigh(p, group, person()); Held(found) {
		t.Fatalf("a group of colleagues is held: %+v", found)
	}
	p.Learn(group, person())
	if out := send(&p, person(), Event{At: at.Add(time.Minute), Copies: 1, FirstTime: 1}, 60, time.Second); out > 10 {
		t.Fatalf("behind a group, %d strangers were written to", out)
	}
}

func TestAProgramMeetsPeopleAllDay(t *testing.T) {
	l := program()
	var p Profile
	for d := range 21 {
		for i := range 40 {
			e := Event{At: monday.Add(time.Duration(d)*24*time.Hour + time.Duration(i)*time.Minute), Copies: 1, FirstTime: 1, Walk: []int64{int64(d*1000 + i*7)}}
			if found := Weigh(p, e, l); Held(found) {
				t.Fatalf("day %d, message %d: %+v", d, i, found)
			}
			p.Learn(e, l)
		}
	}
	night := Event{At: monday.Add(20*24*time.Hour + 18*time.Hour), Copies: 1, FirstTime: 1}
	if out := send(&p, l, night, 60, time.Minute); out > l.Strangers {
		t.Errorf("at night, %d copies out", out)
	}
}

func TestAWalkIsSeen(t *testing.T) {
	l := program()
	p, at := worker(t, l, 4)
	var walk []int64
	for i := range 40 {
		walk = append(walk, int64(5000+i))
	}
	found := Weigh(p, Event{At: at, Copies: 40, FirstTime: 40, Walk: walk}, l)
	if !Held(found) || found[len(found)-1].Rule != RuleWalk {
		t.Fatalf("%+v", found)
	}
}

// What a thief does today is no history today, and what was held never is.
func TestNothingIsLearntToday(t *testing.T) {
	p, at := worker(t, person(), 4)
	before := len(p.days)
	send(&p, person(), Event{At: at, Copies: 1, FirstTime: 1}, 8, time.Minute)
	p.settle(at.Add(23 * time.Hour))
	if last := p.days[len(p.days)-1]; last.at == at.Unix()/86400 {
		t.Fatalf("today is history already: %+v (%d days, %d before)", last, len(p.days), before)
	}
	held := p.clone()
	held.Charge(Event{At: at.Add(time.Hour), Copies: 40, FirstTime: 40}, person())
	if !reflect.DeepEqual(held.bins, p.clone().bins) || held.copies != p.copies {
		t.Fatal("what was held was learnt")
	}
	if !Held(Weigh(held, Event{At: at.Add(2 * time.Hour), Copies: 1, FirstTime: 1}, person())) {
		t.Fatal("the next stranger passes while a hold is open")
	}
	held.Pardon(at.Add(3 * time.Hour))
	if Held(Weigh(held, Event{At: at.Add(4 * time.Hour), Copies: 1, FirstTime: 1}, person())) {
		t.Fatal("held after a person released it")
	}
}

func TestReachAgainstEarlierSends(t *testing.T) {
	l := LimitsOf(cordon.BehaviourLimits{}, cordon.SubjectTemplate)
	var p Profile
	for i := range 5 {
		p.Learn(Event{At: monday.Add(time.Duration(i) * 48 * time.Hour), Kind: cordon.Bulk, Copies: 200}, l)
	}
	at := monday.Add(12 * 24 * time.Hour)
	if found := Weigh(p, Event{At: at, Kind: cordon.Bulk, Copies: 300, Directory: 9000}, l); len(found) > 0 {
		t.Errorf("300 of 9000: %+v", found)
	}
	if found := Weigh(p, Event{At: at, Kind: cordon.Bulk, Copies: 9000, Directory: 9000}, l); !Held(found) {
		t.Errorf("everybody: %+v", found)
	}
}

// random is a run of events as no sender would make them.
func random(chance *rand.Rand, at time.Time) Event {
	e := Event{At: at, Kind: cordon.Single, Copies: 1 + chance.IntN(60), Content: chance.Uint64N(20), OwnWords: chance.IntN(2) == 0, Client: chance.Uint64N(9)}
	e.FirstTime = chance.IntN(e.Copies + 1)
	e.Close = chance.IntN(e.FirstTime + 1)
	for range chance.IntN(5) {
		e.Walk = append(e.Walk, chance.Int64N(1000))
	}
	if chance.IntN(20) == 0 {
		e.Kind, e.Directory = cordon.Bulk, chance.IntN(1_000_000)
		e.Copies, e.FirstTime = e.Directory, 0
	}
	return e
}

// Whatever comes, no window of an hour or a day holds more than the fixed
// ceilings, the profile stays small, and what is encoded is read back alike.
func TestFixedCeilingsAlwaysBind(t *testing.T) {
	for seed := range uint64(60) {
		chance := rand.New(rand.NewPCG(seed, 1))
		l := person()
		var p Profile
		var passed []Event
		at := monday
		for range 400 {
			at = at.Add(time.Duration(chance.Int64N(int64(40 * time.Minute))))
			e := random(chance, at)
			if Held(Weigh(p, e, l)) {
				p.Charge(e, l)
				continue
			}
			p.Learn(e, l)
			passed = append(passed, e)
			if e.Kind == cordon.Bulk {
				continue
			}
			for _, w := range []struct {
				span          time.Duration
				first, copies int
			}{{time.Hour, l.FirstHour, l.Hour}, {24 * time.Hour, l.FirstDay, l.Day}} {
				first, copies := 0, 0
				for _, x := range passed {
					if x.Kind != cordon.Bulk && x.At.After(at.Add(-w.span)) {
						first, copies = first+x.FirstTime, copies+x.Copies
					}
				}
				if first > w.first || copies > w.copies {
					t.Fatalf("seed %d: %d first-time and %d copies within %s", seed, first, copies, w.span)
				}
			}
			if chance.IntN(10) == 0 {
				p.Pardon(at)
			}
			state := p.Encode()
			if len(state) > MaxState {
				t.Fatalf("seed %d: the profile has %d bytes", seed, len(state))
			}
			back, err := Decode(state)
			if err != nil || !bytes.Equal(back.Encode(), state) {
				t.Fatalf("seed %d: %v, or read back otherwise", seed, err)
			}
			p = back
		}
	}
}

// The largest profile there can be.
func TestTheLargestProfileFits(t *testing.T) {
	p := Profile{first: 1 << 40, last: 1 << 40, level: maxLevel, close: maxLevel, position: 1 << 45, run: maxCount, reach: maxCount, longest: maxCount}
	for i := range binsKept {
		p.bins = append(p.bins, bin{int64(1<<30 + i), maxCount, maxCount})
	}
	for i := range daysKept {
		p.days = append(p.days, day{int64(1<<21 + i), maxCount, maxCount, maxCount})
	}
	for i := range p.week {
		p.week[i] = maxCount
	}
	for i := range textsKept {
		p.texts = append(p.texts, text{uint64(i + 1), 1 << 40, maxCount})
	}
	for i := range clientsKept {
		p.clients = append(p.clients, client{uint64(i + 1), 1 << 40})
	}
	state := p.Encode()
	if back, err := Decode(state); err != nil || len(state) > MaxState || !bytes.Equal(back.Encode(), state) {
		t.Fatalf("%d bytes, %v", len(state), err)
	}
}

func FuzzDecode(f *testing.F) {
	p := Profile{first: 5, last: 9}
	p.Learn(Event{At: monday, Copies: 3, FirstTime: 2, Content: 7, Client: 8, Walk: []int64{4}}, person())
	f.Add(p.Encode())
	f.Add([]byte{})
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, state []byte) {
		p, err := Decode(state)
		if err != nil {
			return
		}
		e := Event{At: monday, Copies: 3, FirstTime: 2, Content: 7, Client: 8, Walk: []int64{4}}
		Weigh(p, e, person())
		p.Learn(e, person())
		if n := len(p.Encode()); n > MaxState {
			t.Fatalf("%d bytes", n)
		}
	})
}

func TestFingerprint(t *testing.T) {
	a := Fingerprint("Dear {{first_name}}, please ring us about your visit on the third of May.")
	b := Fingerprint("<p>DEAR {{name}},</p> please  ring us about your visit on the THIRD of may!")
	if a == 0 || a != b {
		t.Errorf("%x, %x", a, b)
	}
	if c := Fingerprint("Dear {{first_name}}, please ring us about your visit on the fourth of May."); c == a {
		t.Error("another text, the same fingerprint")
	}
	if Fingerprint("See you soon.", "12345678901234567890123456789012345678901234567890") != 0 {
		t.Error("a few words have a fingerprint")
	}
}

func ExampleWeigh() {
	var p Profile
	l := LimitsOf(cordon.DefaultBehaviourLimits(), cordon.SubjectAccount)
	p.Learn(Event{At: monday, Copies: 2, FirstTime: 2}, l)
	for _, f := range Weigh(p, Event{At: monday.Add(14 * 24 * time.Hour), Copies: 50, FirstTime: 40}, l) {
		fmt.Println(f.Rule, f.Count, f.Usual)
	}
	// Output:
	// first-time-hour 40 50
	// strangers 40 10
}
