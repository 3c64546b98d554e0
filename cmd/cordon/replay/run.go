package replay

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
)

// TunePart is the share of a history, from its beginning, on which the numbers
// of gauge were chosen; the rest only confirms them.
const TunePart = 0.6

// slowAnswer is how long the person who releases innocent holds takes in the
// second reading; in the first one the answer comes before the account's next
// message. What the account tries in the meantime is judged with the hold open.
const slowAnswer = 30 * 60

// Report is what came of replaying one history.
type Report struct {
	File     string  `json:"file"`
	Kind     string  `json:"kind"`
	StandIn  string  `json:"stand_in,omitempty"`
	Senders  int     `json:"senders"`
	Days     float64 `json:"days"`
	Messages int     `json:"messages"`
	Bulk     int     `json:"bulk_messages"` // to more than 50: they leave in stages, and are judged by reach
	Tally
	First Tally `json:"first_part"` // of the file, on which the numbers were chosen
	Rest  Tally `json:"rest"`
	// SlowAnswer is the same when a person takes half an hour to release a hold,
	// and what the account does in the meantime waits with it.
	SlowAnswer Tally          `json:"answered_after_30_min"`
	Reasons    map[string]int `json:"held_reasons,omitempty"`
	Takeovers  []Takeover     `json:"takeovers"`
	Limits     []Takeover     `json:"known_limits"` // not among the takeovers: what docs/behaviour.md names as not caught within ten
}

// Tally counts innocent messages.
type Tally struct {
	Judged        int     `json:"judged"`
	InnocentHolds int     `json:"innocent_holds"`
	Per2000       float64 `json:"innocent_holds_per_2000"`
}

func (t *Tally) add(held bool) {
	t.Judged++
	if held {
		t.InnocentHolds++
	}
	t.Per2000 = 2000 * float64(t.InnocentHolds) / float64(t.Judged)
}

// Takeover is what came of one theft.
type Takeover struct {
	Name          string  `json:"name"`
	Kind          string  `json:"kind"`
	Level         string  `json:"level"`
	Part          string  `json:"part"` // first or rest
	Copies        int     `json:"copies_tried"`
	BadCopiesOut  int     `json:"bad_copies_out"`  // all of the thief's copies that were not held, before and after the first hold
	SecondsToHold float64 `json:"seconds_to_hold"` // -1: never held
	Reason        string  `json:"reason,omitempty"`
}

// run is a replay under way.
type run struct {
	history *History
	house   *House
	guard   *guard.Guard
	version cordon.Version
	answer  int64 // seconds until a person releases a hold
	place   []int // of each person in the directory
	report  Report
	waiting []hold
}

// hold is an innocent order that waits for a person.
type hold struct {
	at     int64
	sender int
	to     []int64
}

// Run replays a history: once with takeovers, and once more with slow answers.
func Run(ctx context.Context, h *History) (Report, error) {
	r := newRun(h)
	chosen := moments(h, TunePart)
	edge := int(TunePart * float64(len(h.Messages)))
	for i, m := range h.Messages {
		if i%1000 == 0 && ctx.Err() != nil {
			return r.report, ctx.Err()
		}
		part := &r.report.First
		if i >= edge {
			part = &r.report.Rest
		}
		held := r.innocent(ctx, i, m)
		r.report.Tally.add(held)
		part.add(held)
		for len(chosen) > 0 && chosen[0].message == i {
			r.takeOver(ctx, chosen[0], i >= edge)
			chosen = chosen[1:]
		}
	}
	slow := newRun(h)
	slow.answer = slowAnswer
	for i, m := range h.Messages {
		if i%1000 == 0 && ctx.Err() != nil {
			return r.report, ctx.Err()
		}
		r.report.SlowAnswer.add(slow.innocent(ctx, i, m))
	}
	return r.report, nil
}

func newRun(h *History) *run {
	r := &run{history: h, house: newHouse(h.Senders)}
	r.version.Content = cordon.Content{Subject: "Replay", Text: "One message of a history.", FromAddress: "desk@replay.example"}
	r.place = rand.New(rand.NewPCG(uint64(h.People), 1)).Perm(h.People)
	r.guard = r.newGuard(r.house)
	r.report = Report{
		File: h.Name, Kind: h.Kind, StandIn: h.StandIn, Senders: h.Senders, Days: h.Days, Messages: len(h.Messages),
		Reasons: map[string]int{}, Takeovers: []Takeover{}, Limits: []Takeover{},
	}
	return r
}

func (r *run) newGuard(h *House) *guard.Guard {
	return guard.New(guard.Config{Store: h, Now: func() time.Time { return h.now }})
}

func senderID(n int) string { return "acc_" + strconv.Itoa(n) }

// innocent judges one message of the history.
func (r *run) innocent(ctx context.Context, i int, m Message) bool {
	sender := m.Sender
	for len(r.waiting) > 0 && r.waiting[0].at <= m.At {
		r.house.now = time.Unix(r.waiting[0].at, 0)
		r.house.release(r.waiting[0].sender, r.waiting[0].to)
		r.waiting = r.waiting[1:]
	}
	r.house.now = time.Unix(m.At, 0)
	to := r.numbers(m.To)
	if m.To == nil {
		r.report.Bulk++
	}
	v := r.guard.JudgeBehaviour(ctx, actor(r.house, sender), r.order(r.house, to, m.Reach, words(m.Sender, i)), r.version)
	if !r.house.accept(v, sender, to) {
		return false
	}
	r.waiting = append(r.waiting, hold{m.At + r.answer, sender, to})
	r.report.Reasons[rule(v)]++
	return true
}

// takeOver lets a thief act right after a message, in each way.
func (r *run) takeOver(ctx context.Context, m moment, rest bool) {
	if m.level == newAccount {
		for n, t := range FirstDay() {
			r.report.Limits = append(r.report.Limits, r.theft(ctx, m, t, 100+n, rest))
		}
		return
	}
	for n, t := range Thefts() {
		if r.history.Kind != "counts" || !t.Inside { // where nobody is named, nobody is inside
			r.report.Takeovers = append(r.report.Takeovers, r.theft(ctx, m, t, n, rest))
		}
	}
	for n, t := range Limits() {
		if r.history.Kind == "edges" {
			r.report.Limits = append(r.report.Limits, r.theft(ctx, m, t, 200+n, rest))
		}
	}
}

// theft is one theft, in a house of its own that is forgotten afterwards.
func (r *run) theft(ctx context.Context, m moment, t Theft, n int, rest bool) Takeover {
	message := r.history.Messages[m.message]
	sender := message.Sender
	chance := rand.New(rand.NewPCG(uint64(m.message), uint64(n)))
	x := Takeover{Name: t.name(m, message.Sender), Kind: t.Kind, Level: m.level, Part: "first", Copies: t.Copies * t.Orders, SecondsToHold: -1}
	if rest {
		x.Part = "rest"
	}
	h := r.house.fork(sender)
	g := r.newGuard(h)
	victims := t.victims(h, sender, chance)
	began := message.At + 60 + chance.Int64N(3*3600)
	if t.Quiet {
		began = r.quietHour(m.message, began)
	}
	for i := range t.Orders {
		h.now = time.Unix(began+int64(i)*t.Every, 0)
		said := words(message.Sender, m.message)
		if !t.Own {
			said = words(-1, n*1000+i)
		}
		to := victims[i*t.Copies : (i+1)*t.Copies]
		v := g.JudgeBehaviour(ctx, actor(h, sender), r.order(h, to, 0, said), r.version)
		switch held := h.accept(v, sender, to); {
		case !held:
			x.BadCopiesOut += t.Copies
		case x.SecondsToHold < 0:
			x.SecondsToHold, x.Reason = float64(int64(i)*t.Every), v.Reasons[0].Message
		}
	}
	return x
}

// quietHour is the next beginning of the hour of the day at which the account
// has sent least.
func (r *run) quietHour(until int, from int64) int64 {
	var hours [24]int
	sender := r.history.Messages[until].Sender
	for _, m := range r.history.Messages[:until+1] {
		if m.Sender == sender {
			hours[m.At/3600%24]++
		}
	}
	quietest := 3
	for h := range hours {
		if hours[h] < hours[quietest] {
			quietest = h
		}
	}
	at := from - from%86400 + int64(quietest)*3600
	if at < from {
		at += 86400
	}
	return at
}

func actor(h *House, sender int) cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.AccountID(senderID(sender)), Tenant: h.tenant, Permissions: cordon.Permissions()}
}

// order is a message as an order of free content.
func (r *run) order(h *House, to []int64, reach int, words uint64) cordon.Order {
	o := cordon.Order{Tenant: h.tenant, Kind: cordon.Single, Words: words, Free: &r.version.Content}
	if to == nil {
		o.Kind, o.Audience, h.reach = cordon.Bulk, "aud_all", reach
		return o
	}
	for _, n := range to {
		o.Recipients = append(o.Recipients, cordon.RecipientID("rcp_"+strconv.FormatInt(n, 10)))
	}
	return o
}

// words: every message of a history says something new, for what it says is not
// in the file.
func words(sender, message int) uint64 {
	return uint64(sender+2)<<32 | uint64(message+1)
}

// rule sorts a hold by the words of its reason, figures left out.
func rule(v cordon.Verdict) string {
	if len(v.Reasons) == 0 {
		return "unknown"
	}
	text := make([]byte, 0, 80)
	for _, c := range []byte(v.Reasons[0].Message) {
		if c >= '0' && c <= '9' {
			if n := len(text); n == 0 || text[n-1] != '#' {
				text = append(text, '#')
			}
			continue
		}
		text = append(text, c)
	}
	return string(text)
}

// numbers are the people's places in a directory, which has another order than
// the one in which they were first written to.
func (r *run) numbers(people []int) []int64 {
	if people == nil {
		return nil
	}
	all := make([]int64, len(people))
	for i, p := range people {
		all[i] = int64(r.place[p]) + 1
	}
	return all
}

// Worst answers the takeovers with the most bad copies first.
func Worst(all []Takeover) []Takeover {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Takeover) int {
		return cmp.Or(cmp.Compare(b.BadCopiesOut, a.BadCopiesOut), cmp.Compare(b.SecondsToHold, a.SecondsToHold))
	})
	return sorted
}
