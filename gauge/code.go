package gauge

import (
	"encoding/binary"
	"errors"
	"math"
)

// stateVersion leads every encoded profile.
const stateVersion = 1

var errState = errors.New("gauge: the remembered behaviour cannot be read")

// Encode is the profile in at most MaxState bytes.
func (p *Profile) Encode() []byte {
	w := []byte{stateVersion}
	put := func(numbers ...int64) {
		for _, n := range numbers {
			w = binary.AppendUvarint(w, uint64(max(0, n)))
		}
	}
	put(p.first, p.last, p.weekAt, p.copies, p.hour, p.hourCopies, int64(math.Round(p.level*1000)), int64(math.Round(p.close*1000)), p.levelAt,
		p.position, p.run, p.reach, p.bulks, p.lastReach, p.lastBulk, p.longest, p.pending, p.pendingAt)
	put(int64(len(p.bins)))
	for _, b := range p.bins {
		put(b.at, b.copies, b.first)
	}
	put(int64(len(p.days)))
	for _, d := range p.days {
		put(d.at, d.copies, d.first, d.peak)
	}
	for from, i := 0, 0; i <= weekHours; i++ { // hours in which it sends, each with how many silent ones lie before it
		if i == weekHours {
			put(int64(i - from))
		} else if p.week[i] > 0 {
			put(int64(i-from), int64(p.week[i]))
			from = i + 1
		}
	}
	put(int64(len(p.texts)))
	for _, t := range p.texts {
		w = binary.BigEndian.AppendUint64(w, t.mark)
		put(t.at, t.first)
	}
	put(int64(len(p.clients)))
	for _, c := range p.clients {
		w = binary.BigEndian.AppendUint64(w, c.mark)
		put(c.at)
	}
	return w
}

// Decode reads an encoded profile; no bytes are the zero Profile. What it does
// not understand is an error: the caller holds.
func Decode(state []byte) (Profile, error) {
	var p Profile
	if len(state) == 0 {
		return p, nil
	}
	if state[0] != stateVersion || len(state) > MaxState {
		return p, errState
	}
	r := reader{rest: state[1:]}
	var level, close int64
	for _, n := range []*int64{&p.first, &p.last, &p.weekAt, &p.copies, &p.hour, &p.hourCopies, &level, &close, &p.levelAt,
		&p.position, &p.run, &p.reach, &p.bulks, &p.lastReach, &p.lastBulk, &p.longest, &p.pending, &p.pendingAt} {
		*n = r.number()
	}
	p.level, p.close = min(float64(level)/1000, maxLevel), min(float64(close)/1000, maxLevel)
	for range r.length(binsKept) {
		p.bins = append(p.bins, bin{r.number(), capped(r.number()), capped(r.number())})
	}
	for range r.length(daysKept) {
		p.days = append(p.days, day{r.number(), capped(r.number()), capped(r.number()), capped(r.number())})
	}
	for i := r.length(weekHours); i < weekHours; i += 1 + r.length(weekHours-1-i) {
		p.week[i] = uint32(capped(r.number()))
	}
	for range r.length(textsKept) {
		p.texts = append(p.texts, text{r.mark(), r.number(), capped(r.number())})
	}
	for range r.length(clientsKept) {
		p.clients = append(p.clients, client{r.mark(), r.number()})
	}
	if r.torn || len(r.rest) > 0 {
		return Profile{}, errState
	}
	p.copies, p.run, p.reach, p.bulks = capped(p.copies), capped(p.run), capped(p.reach), capped(p.bulks)
	p.hourCopies, p.lastReach, p.longest, p.pending = capped(p.hourCopies), capped(p.lastReach), capped(p.longest), capped(p.pending)
	return p, nil
}

// reader takes numbers off the front of a state.
type reader struct {
	rest []byte
	torn bool
}

// number is one of at most 50 bits: seconds, days and counts are less.
func (r *reader) number() int64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > 1<<50 {
		r.torn, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return int64(n)
}

func (r *reader) length(most int) int {
	n := r.number()
	if n > int64(most) {
		r.torn, r.rest = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) mark() uint64 {
	if len(r.rest) < 8 {
		r.torn, r.rest = true, nil
		return 0
	}
	n := binary.BigEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}
