package gauge

import (
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// MaxState bounds an encoded profile, in bytes.
const MaxState = 4096

// Settle is how long an event lies back before it counts as history.
const Settle = 24 * time.Hour

const (
	binWidth = 600 // seconds of a bin: a window over bins counts up to one bin too much, never too little
	binsKept = 151 // a day and an hour of bins
	daysKept = 28  // active days remembered
	textsKept,
	clientsKept = 8, 6
	weekHours = 7 * 24
	maxCount  = 1 << 24 // counts stop growing there
	maxLevel  = 1000
)

// Profile is what is remembered of one sender. The zero Profile is of one who
// never sent.
type Profile struct {
	first, last int64 // seconds of the epoch; 0: never
	bins        []bin // oldest first, not settled yet
	days        []day // oldest first, settled
	week        [weekHours]uint32
	weekAt      int64 // number of the week that week was last aged in
	copies      int64 // settled, in all
	hour        int64 // the clock hour that settles now, and its copies
	hourCopies  int64

	level   float64 // first-time recipients, draining
	close   float64 // of level: near colleagues write to them
	levelAt int64

	texts   []text
	clients []client

	position int64 // directory position of the last recipient
	run      int64 // copies in a row that followed the directory

	reach     int64 // largest settled bulk reach
	bulks     int64 // settled bulk sends
	lastReach int64 // of the bulk send that settles next
	lastBulk  int64 // seconds of the epoch
	longest   int64 // longest settled run
	pending   int64 // longest run since the last settling
	pendingAt int64
}

type bin struct{ at, copies, first int64 } // at: seconds / binWidth

type day struct{ at, copies, first, peak int64 } // at: days of the epoch; peak: copies of its busiest clock hour

type text struct {
	mark  uint64
	at    int64 // seconds
	first int64 // first-time copies it went to, in the last day or so
}

type client struct {
	mark uint64
	at   int64
}

// Event is one order of a sender.
type Event struct {
	At        time.Time
	Kind      cordon.Kind
	Copies    int
	FirstTime int // of Copies: recipients that this sender never wrote to
	Close     int // of FirstTime: near colleagues write to them
	Directory int // people the tenant could mail; 0 when not known
	// Content is the fingerprint of the text, merge fields left out; 0 when not
	// known. OwnWords: not an approved template, so that sending the same again
	// to strangers means something.
	Content  uint64
	OwnWords bool
	Client   uint64  // hash of address and program of the credential; 0 when not known
	Walk     []int64 // directory positions of the recipients, in the order named
}

// FirstSeen is when the sender's first event was; the zero time for never.
func (p *Profile) FirstSeen() time.Time {
	if p.first == 0 {
		return time.Time{}
	}
	return time.Unix(p.first, 0).UTC()
}

// Pardon forgets what had piled up until at: a person looked and released it.
func (p *Profile) Pardon(at time.Time) {
	if !at.IsZero() && p.levelAt <= at.Unix() {
		p.level, p.close, p.levelAt = 0, 0, at.Unix()
		for i := range p.texts {
			p.texts[i].first = 0
		}
	}
}

// Learn remembers an event that went its way.
func (p *Profile) Learn(e Event, l Limits) {
	now := p.meet(e, l)
	at := now / binWidth
	if n := len(p.bins); n == 0 || p.bins[n-1].at != at {
		p.bins = append(p.bins, bin{at: at})
	}
	if e.Kind != cordon.Bulk {
		b := &p.bins[len(p.bins)-1]
		b.copies, b.first = capped(b.copies+int64(e.Copies)), capped(b.first+int64(e.FirstTime))
	} else {
		p.lastReach, p.lastBulk = max(p.lastReach, capped(int64(e.Copies))), now
	}
	if len(p.bins) > binsKept {
		p.bins = slices.Delete(p.bins, 0, len(p.bins)-binsKept)
	}
	p.noteText(e, now)
	p.noteClient(e, now)
	run := p.walked(e)
	p.run = run
	if n := len(e.Walk); n > 0 {
		p.position = e.Walk[n-1]
	}
	if run > p.pending {
		p.pending, p.pendingAt = run, now
	}
}

// Charge remembers of an event that is held only that it was tried.
func (p *Profile) Charge(e Event, l Limits) { p.meet(e, l) }

// meet brings the profile to the event's time and raises the level.
func (p *Profile) meet(e Event, l Limits) (now int64) {
	now = p.settle(e.At)
	if p.first == 0 {
		p.first = now
	}
	p.level, p.close = p.raised(e, now, l)
	p.levelAt, p.last = now, now
	return now
}

// settle turns what lies back far enough into history. Time does not run back:
// an event from before the last one is taken for one of the same moment.
func (p *Profile) settle(at time.Time) int64 {
	now := max(at.Unix(), p.last, 1)
	edge := (now - int64(Settle/time.Second)) / binWidth
	done := 0
	for _, b := range p.bins {
		if b.at >= edge {
			break
		}
		p.remember(b)
		done++
	}
	p.bins = slices.Delete(p.bins, 0, done)
	if p.lastBulk > 0 && p.lastBulk/binWidth < edge {
		p.reach, p.bulks = max(p.reach, p.lastReach), capped(p.bulks+1)
		p.lastReach, p.lastBulk = 0, 0
	}
	if p.pending > 0 && p.pendingAt/binWidth < edge {
		p.longest, p.pending = max(p.longest, p.pending), 0
	}
	return now
}

func (p *Profile) remember(b bin) {
	seconds := b.at * binWidth
	if week := seconds / (weekHours * 3600); week > p.weekAt {
		for range min(week-p.weekAt, 40) {
			for i := range p.week {
				p.week[i] -= p.week[i] / 16 // half of it in eleven weeks
			}
		}
		p.weekAt = week
	}
	p.week[hourOfWeek(seconds)] = uint32(capped(int64(p.week[hourOfWeek(seconds)]) + 16*b.copies))
	p.copies = capped(p.copies + b.copies)
	if h := seconds / 3600; h != p.hour {
		p.hour, p.hourCopies = h, 0
	}
	p.hourCopies = capped(p.hourCopies + b.copies)
	at := seconds / 86400
	if n := len(p.days); n == 0 || p.days[n-1].at != at {
		p.days = append(p.days, day{at: at})
		if len(p.days) > daysKept {
			p.days = slices.Delete(p.days, 0, len(p.days)-daysKept)
		}
	}
	d := &p.days[len(p.days)-1]
	d.copies, d.first, d.peak = capped(d.copies+b.copies), capped(d.first+b.first), max(d.peak, p.hourCopies)
}

func (p *Profile) noteText(e Event, now int64) {
	if e.Content == 0 {
		return
	}
	i := slices.IndexFunc(p.texts, func(t text) bool { return t.mark == e.Content })
	t := text{mark: e.Content}
	if i >= 0 {
		t = p.texts[i]
		p.texts = slices.Delete(p.texts, i, i+1)
	}
	if now-t.at > int64(Settle/time.Second) {
		t.first = 0
	}
	t.at, t.first = now, capped(t.first+int64(e.FirstTime))
	p.texts = append(p.texts, t)
	if len(p.texts) > textsKept {
		p.texts = slices.Delete(p.texts, 0, 1)
	}
}

func (p *Profile) noteClient(e Event, now int64) {
	if e.Client == 0 {
		return
	}
	for i := range p.clients {
		if p.clients[i].mark == e.Client {
			return
		}
	}
	p.clients = append(p.clients, client{e.Client, now})
	if len(p.clients) > clientsKept {
		p.clients = slices.Delete(p.clients, 0, 1)
	}
}

// walked is how many copies in a row have followed the directory, with the
// event's own.
func (p *Profile) walked(e Event) int64 {
	run, last := p.run, p.position
	for _, at := range e.Walk {
		if at > last && at-last <= walkGap && last > 0 {
			run++
		} else {
			run = 1
		}
		last = at
	}
	return capped(run)
}

// walkGap: a walk leaves out few: erased, suppressed, planted ones.
const walkGap = 3

// hourOfWeek counts from Thursday 00:00 UTC, as the epoch does.
func hourOfWeek(seconds int64) int { return int(seconds / 3600 % weekHours) }

func capped(n int64) int64 { return max(0, min(n, maxCount)) }
