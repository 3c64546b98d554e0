package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cordonmail/cordon/screen"
)

func pow(x, y float64) float64 { return math.Pow(x, y) }

const (
	epochs = 10
	rate   = 0.08
	decay  = 3e-5 // L2, on what a step touches
)

// trainer is a logistic regression on top of the base, by AdaGrad: every feature
// has its own pace.
type trainer struct {
	table []float32
	pace  []float32
	bias  float64
	kinds [2]float64 // thresholds, taken from the bias: personal, bulk
}

func fit(examples []example) *trainer {
	t := &trainer{table: make([]float32, screen.TableSize), pace: make([]float32, screen.TableSize)}
	known := common(examples)
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for range epochs {
		chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			t.learn(&examples[i], known)
		}
	}
	return t
}

// common marks the features that at least two campaigns of at least three
// messages have.
func common(examples []example) []bool {
	type seen struct {
		campaign string
		n        int
		several  bool
	}
	first := make([]seen, screen.TableSize)
	for i := range examples {
		e := &examples[i]
		for _, list := range [][]uint32{e.Words, e.Facts} {
			for _, f := range list {
				s := &first[f]
				if s.n > 0 && s.campaign != e.campaign {
					s.several = true
				}
				s.campaign = e.campaign
				s.n++
			}
		}
	}
	known := make([]bool, screen.TableSize)
	for f := range first {
		known[f] = first[f].several && first[f].n >= 3
	}
	return known
}

// raw is the log-odds without base and threshold.
func (t *trainer) raw(e *example) float64 {
	z, reach := 0.0, reachOf(e)
	for _, f := range e.Words {
		z += float64(t.table[f])
	}
	facts := 0.0
	for _, f := range e.Facts {
		facts += float64(t.table[f])
	}
	z = z*reach + facts*screen.FactReach
	if e.Foreign && z > 0 {
		z *= screen.ForeignReach
	}
	return z + t.bias
}

func reachOf(e *example) float64 {
	if len(e.Words) == 0 {
		return 0
	}
	return screen.WordReach / math.Sqrt(float64(len(e.Words)))
}

func (t *trainer) learn(e *example, known []bool) {
	y := 0.0
	if e.spam {
		y = 1
	}
	p := 1 / (1 + math.Exp(-(t.raw(e) + e.Base)))
	g := (p - y) * e.weight
	if math.Abs(g) < 4e-3 { // learnt: nothing to gain
		return
	}
	reach := reachOf(e)
	t.bias -= 0.002 * g
	t.step(e.Words, float32(g*reach), known)
	t.step(e.Facts, float32(g*screen.FactReach), known)
}

func (t *trainer) step(features []uint32, gradient float32, known []bool) {
	for _, f := range features {
		if !known[f] {
			continue
		}
		g := gradient + decay*t.table[f]
		t.pace[f] += g * g
		t.table[f] -= rate * g / float32(math.Sqrt(float64(t.pace[f]+0.05)))
	}
}

// threshold sets the kinds' thresholds from scores of mail the scorer had not
// seen: above all but the allowed share of legitimate mail, and never below
// even odds.
func (t *trainer) threshold(examples []example, scores []float64) {
	for kind := range t.kinds {
		var ham []float64
		for i := range examples {
			if e := &examples[i]; !e.spam && e.Bulk == (kind == 1) {
				ham = append(ham, scores[i])
			}
		}
		t.kinds[kind] = highest(ham, margins[kind])
	}
}

// allowed is the share of unseen legitimate mail that may be held: half the goal.
const allowed = 0.0025

// margins are put on top, in log-odds, for mail of collections that were never
// met: of personal mail, and of bulk mail, of which there are few examples.
var margins = [...]float64{0.5, 1}

func highest(ham []float64, margin float64) float64 {
	if len(ham) == 0 {
		return 0
	}
	slices.Sort(ham)
	k := len(ham) - 1 - int(allowed*float64(len(ham)))
	return max(0, ham[k]+margin)
}

func (t *trainer) score(e *example) float64 {
	kind := 0
	if e.Bulk {
		kind = 1
	}
	return t.raw(e) + e.Base - t.kinds[kind]
}

// crossed scores every example by a model that saw none of its campaign.
func crossed(examples []example, folds int) []float64 {
	scores := make([]float64, len(examples))
	for k := range folds {
		var seen []example
		for i := range examples {
			if fold(&examples[i], folds) != k {
				seen = append(seen, examples[i])
			}
		}
		t := fit(seen)
		for i := range examples {
			if fold(&examples[i], folds) == k {
				scores[i] = t.score(&examples[i])
			}
		}
	}
	return scores
}

// fold puts a campaign into a fold.
func fold(e *example, folds int) int {
	h := uint32(2166136261)
	for i := range len(e.campaign) {
		h = (h ^ uint32(e.campaign[i])) * 16777619
	}
	return int((h ^ h>>13) * 2654435761 >> 8 % uint32(folds))
}

// model rounds the weights to whole steps.
func (t *trainer) model() *screen.Model {
	top := 0.0
	for _, w := range t.table {
		top = max(top, math.Abs(float64(w)))
	}
	scale := top / 127
	if scale == 0 {
		scale = 1
	}
	m := &screen.Model{Scale: float32(scale), Table: make([]int8, screen.TableSize)}
	for kind := range m.Bias {
		m.Bias[kind] = float32(t.bias - t.kinds[kind])
	}
	for f, w := range t.table {
		m.Table[f] = int8(math.Round(float64(w) / scale))
	}
	return m
}
