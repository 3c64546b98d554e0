package screen

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cordonmail/cordon"
)

// Tuning is what one tenant's released and rejected holds taught: small changes
// to few of the shipped weights. It can move a score by maxTuning at most and
// never touches a rule, so that no number of releases lets through what a rule
// holds, nor mail far above the threshold. The zero value is no tuning. It holds
// no text: a weight's place in the table is a hash.
type Tuning struct {
	deltas map[uint32]int16 // place of a weight → change, in steps of tuningStep
}

const (
	maxTuning    = 2.0        // log-odds that all changes may move a score by
	maxTuned     = 8192       // weights that may be changed
	maxDelta     = 1024       // steps one weight may be changed by: a quarter
	tuningStep   = 1.0 / 4096 // log-odds
	lessonMove   = 0.75       // log-odds one lesson moves its own message by
	lessonMargin = 0.5        // how far on the right side is far enough to learn nothing
)

// Learn moves the tuning by one step towards a person's decision: wanted is
// what was released, not wanted what was rejected.
func (t *Tuning) Learn(s *Sheet, wanted bool) {
	c := scanSheet(s)
	defer c.done()
	findings := Findings(s, Context{})
	c.ruleFacts(findings)
	z := c.base(s, findings) + model().score(c.features, c.facts, c.shape.bulk, c.shape.foreign) + t.weigh(c)
	towards := 1.0
	if wanted {
		towards = -1
	}
	if z*towards >= lessonMargin {
		return
	}
	if t.deltas == nil {
		t.deltas = map[uint32]int16{}
	}
	reach, move := 0.0, 0.0
	if n := float64(len(c.features)); n > 0 {
		reach = WordReach / math.Sqrt(n)
		move = WordReach * WordReach
	}
	move = towards * lessonMove / (move + FactReach*FactReach*float64(len(c.facts)) + 1)
	t.change(c.features, move*reach)
	t.change(c.facts, move*FactReach)
	t.prune()
}

func (t *Tuning) change(features []uint32, by float64) {
	steps := int(math.Round(by / tuningStep))
	if steps == 0 {
		steps = int(math.Copysign(1, by))
	}
	for _, f := range features {
		d := int(t.deltas[f]) + steps
		if d = max(-maxDelta, min(maxDelta, d)); d == 0 {
			delete(t.deltas, f)
		} else {
			t.deltas[f] = int16(d)
		}
	}
}

// prune drops the smallest changes when there are too many.
func (t *Tuning) prune() {
	if len(t.deltas) <= maxTuned {
		return
	}
	places := t.places()
	slices.SortStableFunc(places, func(a, b uint32) int {
		return cmp.Compare(magnitude(t.deltas[a]), magnitude(t.deltas[b]))
	})
	for _, f := range places[:len(places)-maxTuned] {
		delete(t.deltas, f)
	}
}

func magnitude(d int16) int { return max(int(d), -int(d)) }

// places lists the changed weights in order.
func (t *Tuning) places() []uint32 {
	places := make([]uint32, 0, len(t.deltas))
	for f := range t.deltas {
		places = append(places, f)
	}
	slices.Sort(places)
	return places
}

// weigh is how much the tuning moves a score.
func (t *Tuning) weigh(c *scan) float64 {
	if t == nil || len(t.deltas) == 0 {
		return 0
	}
	sum := 0
	for _, f := range c.features {
		sum += int(t.deltas[f])
	}
	z := 0.0
	if n := len(c.features); n > 0 {
		z = float64(sum) * WordReach / math.Sqrt(float64(n))
	}
	sum = 0
	for _, f := range c.facts {
		sum += int(t.deltas[f])
	}
	z = (z + float64(sum)*FactReach) * tuningStep
	return max(-maxTuning, min(maxTuning, z))
}

const tuningMagic = "cordon tuning 1\n"

// Encode writes the tuning: magic, then place (4 bytes) and change (2 bytes) of
// each weight in order. At most 48 KB and the magic.
func (t *Tuning) Encode() []byte {
	if t == nil {
		return []byte(tuningMagic)
	}
	b := make([]byte, 0, len(tuningMagic)+6*len(t.deltas))
	b = append(b, tuningMagic...)
	for _, f := range t.places() {
		b = binary.LittleEndian.AppendUint32(b, f)
		b = binary.LittleEndian.AppendUint16(b, uint16(t.deltas[f]))
	}
	return b
}

// DecodeTuning reads what Encode wrote, and refuses anything else.
func DecodeTuning(b []byte) (*Tuning, error) {
	if len(b) < len(tuningMagic) || string(b[:len(tuningMagic)]) != tuningMagic {
		return nil, cordon.InvalidField("tuning", "is not of this version", "start with none: it learns again")
	}
	b = b[len(tuningMagic):]
	if len(b)%6 != 0 || len(b)/6 > maxTuned {
		return nil, badTuning()
	}
	t := &Tuning{deltas: make(map[uint32]int16, len(b)/6)}
	next := uint32(0)
	for ; len(b) > 0; b = b[6:] {
		f, d := binary.LittleEndian.Uint32(b), int16(binary.LittleEndian.Uint16(b[4:]))
		if f < next || f >= tableSize || d == 0 || magnitude(d) > maxDelta {
			return nil, badTuning()
		}
		t.deltas[f] = d
		next = f + 1
	}
	return t, nil
}

func badTuning() error {
	return cordon.InvalidField("tuning", "is damaged", "start with none: it learns again")
}
