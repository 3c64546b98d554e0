package screen

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
)

// Features is what the model sees of one message: where its words and facts
// fall in the table of weights, and what is known without learning.
type Features struct {
	Words   []uint32 // of words, pairs of words, and stretches of five letters
	Facts   []uint32 // of shape and lures
	Base    float64  // the weight of rules, in log-odds
	Bulk    bool     // it is made like a newsletter or a notice
	Foreign bool     // it is in a language the model has read little of
}

// Examine reads the features of a sheet, for training.
func Examine(s *Sheet) Features {
	c := scanSheet(s)
	defer c.done()
	findings := Findings(s, Context{})
	c.ruleFacts(findings)
	return Features{
		Words:   append([]uint32(nil), c.features...),
		Facts:   append([]uint32(nil), c.facts...),
		Base:    c.base(s, findings),
		Bulk:    c.shape.bulk,
		Foreign: c.shape.foreign,
	}
}

// TableSize is how many weights a model has.
const TableSize = tableSize

// Model is the weights of a linear classifier. It is never changed.
type Model struct {
	Lesson [32]byte // SHA-256 over what it was trained on
	// Bias is added for personal mail and for bulk mail: it holds the threshold,
	// so that a score of 0 is where holding begins.
	Bias  [2]float32
	Scale float32 // what one step of a weight is, in log-odds
	Table []int8  // TableSize weights
}

//go:embed model.bin
var shipped []byte

// model is the one that ships.
var model = sync.OnceValue(func() *Model {
	m, err := DecodeModel(shipped)
	if err != nil {
		panic("screen: the embedded model cannot be read: " + err.Error())
	}
	return m
})

const modelMagic = "cordon screen 1\n"

// Encode writes the model: magic, lesson, biases, scale, weights.
func (m *Model) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(modelMagic)
	b.Write(m.Lesson[:])
	var n [12]byte
	for i, f := range [...]float32{m.Bias[0], m.Bias[1], m.Scale} {
		binary.LittleEndian.PutUint32(n[4*i:], math.Float32bits(f))
	}
	b.Write(n[:])
	for _, w := range m.Table {
		b.WriteByte(byte(w))
	}
	return b.Bytes()
}

// DecodeModel reads what Encode wrote.
func DecodeModel(b []byte) (*Model, error) {
	const head = len(modelMagic) + 32 + 12
	if len(b) != head+tableSize || string(b[:len(modelMagic)]) != modelMagic {
		return nil, fmt.Errorf("%d bytes are no model of this version", len(b))
	}
	m := &Model{Table: make([]int8, tableSize)}
	copy(m.Lesson[:], b[len(modelMagic):])
	f := func(i int) float32 {
		return math.Float32frombits(binary.LittleEndian.Uint32(b[len(modelMagic)+32+4*i:]))
	}
	m.Bias, m.Scale = [2]float32{f(0), f(1)}, f(2)
	for _, v := range [...]float32{m.Bias[0], m.Bias[1], m.Scale} {
		if v != v || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("a number of the model is none")
		}
	}
	for i, w := range b[head:] {
		m.Table[i] = int8(w)
	}
	return m, nil
}

const (
	// WordReach is what all words of a message together weigh against one fact:
	// each counts WordReach over the root of their number.
	WordReach = 4
	// ForeignReach is the part of what the model holds against a message that
	// counts in languages of which it has read too little to tell a language from
	// a lure: there the lures must speak.
	ForeignReach = 0.2
	// FactReach is what one fact counts.
	FactReach = 0.6
)

// score is the model's log-odds, without the base.
func (m *Model) score(words, facts []uint32, bulk, foreign bool) float64 {
	sum := 0
	for _, f := range words {
		sum += int(m.Table[f])
	}
	z := 0.0
	if len(words) > 0 {
		z = float64(sum) * WordReach / math.Sqrt(float64(len(words)))
	}
	sum = 0
	for _, f := range facts {
		sum += int(m.Table[f])
	}
	z = (z + float64(sum)*FactReach) * float64(m.Scale)
	if foreign && z > 0 {
		z *= ForeignReach
	}
	if bulk {
		return z + float64(m.Bias[1])
	}
	return z + float64(m.Bias[0])
}

// Score is what the model makes of a message: 0 and above holds.
func (m *Model) Score(f Features) float64 {
	return f.Base + m.score(f.Words, f.Facts, f.Bulk, f.Foreign)
}
