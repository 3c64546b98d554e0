package screen

import (
	"strings"
	"sync"
)

// lure is one kind of bait and the phrases that give it away. A phrase is
// words as they fold: lower case, no accents, apostrophes and hyphens as
// spaces. "word*" is any word that begins so; ".." is up to three words.
// A line of phrases begins with its language, for the reader of the table.
type lure struct {
	name    string
	weight  float64 // in log-odds, for one phrase of three words in a short text that leads somewhere
	brand   bool    // its single words are also looked for in disguise: v.1.a.g.r.a
	says    string  // how a reason begins: "It says an account is blocked …"
	phrases string
}

const (
	maxGap     = 3  // words that ".." stands for
	maxActive  = 24 // phrases being followed at once
	maxLures   = 64 // a set of lures fits a uint64
	prefixFrom = 3  // letters of the shortest "word*"
)

// lureBook is the tables, made ready for matching.
type lureBook struct {
	lures    []lure
	phrases  []phrase
	exact    hashTable    // word → symbol
	prefix   hashTable    // beginning of a word → symbol
	prefixed [64]uint64   // which hashes could stand in prefix
	known    [1024]uint64 // which could stand in exact: spares most words a look
	steps    hashTable    // node and symbol → node
	gap      []uint32     // node → node reached through "..", 0 for none
	ends     []int32      // node → phrase, -1 for none
	disguise hashTable    // skeleton of a brand → lure + 1
	openings [128]uint32  // first letter of a skeleton → set of second letters
}

type phrase struct {
	lure  uint8
	words uint8
	text  string // folded
	hash  uint64 // of text: the model knows the phrase by it
}

// lures is the book of all tables, made once.
var lures = sync.OnceValue(func() *lureBook {
	var all []lure
	all = append(all, accountLures()...)
	all = append(all, prizeLures()...)
	return compileLures(append(all, goodsLures()...))
})

func compileLures(all []lure) *lureBook {
	b := &lureBook{lures: all, gap: []uint32{0}, ends: []int32{-1}}
	symbols := map[string]uint32{}
	edges := map[[2]uint32]uint32{}
	for i, l := range all {
		for line := range strings.SplitSeq(l.phrases, "\n") {
			if _, rest, ok := strings.Cut(line, ":"); ok {
				line = rest
			}
			for p := range strings.SplitSeq(line, "|") {
				b.add(uint8(i), p, symbols, edges)
			}
		}
	}
	b.exact, b.prefix = newHashTable(len(symbols)), newHashTable(len(symbols))
	for word, symbol := range symbols {
		h := hashBytes([]byte(strings.TrimSuffix(word, "*")))
		if strings.HasSuffix(word, "*") {
			b.prefix.put(h, symbol)
			b.prefixed[h>>6&63] |= 1 << (h & 63)
		} else {
			b.exact.put(h, symbol)
			b.known[h>>6&1023] |= 1 << (h & 63)
		}
	}
	b.steps = newHashTable(len(edges))
	for edge, to := range edges {
		b.steps.put(stepKey(edge[0], edge[1]), to)
	}
	b.disguises()
	return b
}

func stepKey(node, symbol uint32) uint64 { return mix(uint64(node)<<32 | uint64(symbol)) }

// add puts one phrase into the tree.
func (b *lureBook) add(l uint8, text string, symbols map[string]uint32, edges map[[2]uint32]uint32) {
	words := phraseWords(text)
	if len(words) == 0 {
		return
	}
	node, counted := uint32(0), 0
	for i, w := range words {
		if w == ".." {
			if i == 0 || i == len(words)-1 {
				continue
			}
			if b.gap[node] == 0 {
				b.gap[node] = b.node()
			}
			node = b.gap[node]
			continue
		}
		counted++
		symbol, ok := symbols[w]
		if !ok {
			symbol = uint32(len(symbols) + 1)
			symbols[w] = symbol
		}
		edge := [2]uint32{node, symbol}
		if edges[edge] == 0 {
			edges[edge] = b.node()
		}
		node = edges[edge]
	}
	if b.ends[node] < 0 {
		b.ends[node] = int32(len(b.phrases))
		folded := strings.Join(words, " ")
		b.phrases = append(b.phrases, phrase{l, uint8(counted), folded, hashString(folded)})
	}
}

func (b *lureBook) node() uint32 {
	b.gap = append(b.gap, 0)
	b.ends = append(b.ends, -1)
	return uint32(len(b.gap) - 1)
}

// phraseWords cuts a phrase of the tables into words, stars and gaps kept.
func phraseWords(text string) []string {
	var words []string
	for part := range strings.FieldsSeq(text) {
		if part == ".." {
			words = append(words, part)
			continue
		}
		star := strings.HasSuffix(part, "*")
		folded := foldPhrase(part)
		if star && len(folded) > 0 && len(folded[len(folded)-1]) >= prefixFrom {
			folded[len(folded)-1] += "*"
		}
		words = append(words, folded...)
	}
	return words
}

// disguises notes how the brands look once their disguise is taken off.
func (b *lureBook) disguises() {
	b.disguise = newHashTable(len(b.phrases))
	for _, p := range b.phrases {
		if !b.lures[p.lure].brand || p.words != 1 || strings.HasSuffix(p.text, "*") || len(p.text) < 5 {
			continue
		}
		if h, n := skeletonHash([]byte(p.text)); n >= 4 {
			b.disguise.put(h, uint32(p.lure)+1)
			first, second := skeletonOpening(p.text)
			b.openings[first] |= 1 << (second - 'a')
		}
	}
}

// hashTable is an open-addressed map of hashes that never changes once made.
type hashTable struct {
	keys   []uint64
	values []uint32
}

func newHashTable(n int) hashTable {
	size := 16
	for size < 2*n+2 {
		size *= 2
	}
	return hashTable{make([]uint64, size), make([]uint32, size)}
}

func (t hashTable) put(key uint64, value uint32) {
	for i := key & uint64(len(t.keys)-1); ; i = (i + 1) & uint64(len(t.keys)-1) {
		if t.values[i] == 0 || t.keys[i] == key {
			t.keys[i], t.values[i] = key, value
			return
		}
	}
}

// get answers 0 when the key is not there.
func (t hashTable) get(key uint64) uint32 {
	for i := key & uint64(len(t.keys)-1); t.values[i] != 0; i = (i + 1) & uint64(len(t.keys)-1) {
		if t.keys[i] == key {
			return t.values[i]
		}
	}
	return 0
}

// follower goes through a text word by word and notes which phrases it uses.
type follower struct {
	book   *lureBook
	active [maxActive]following
	n      int
}

type following struct {
	node uint32
	left uint8 // words that may still be skipped
}

func (f *follower) reset() { f.n = 0 }

// word takes the next word and calls found for each phrase that ends with it.
func (f *follower) word(w []byte, hash uint64, found func(phrase int)) {
	var symbols [4]uint32
	k := 0
	if f.book.known[hash>>6&1023]>>(hash&63)&1 != 0 {
		if s := f.book.exact.get(hash); s != 0 {
			symbols[k] = s
			k++
		}
	}
	h := uint64(fnvOffset)
	for i, c := range w {
		h = (h ^ uint64(c)) * fnvPrime
		if i+1 >= prefixFrom && f.book.prefixed[h>>6&63]>>(h&63)&1 != 0 && k < len(symbols) {
			if s := f.book.prefix.get(h); s != 0 {
				symbols[k] = s
				k++
			}
		}
	}
	if k == 0 { // most words: only what waits in a gap goes on
		f.wait()
		return
	}
	var next [maxActive]following
	n := 0
	step := func(node uint32) {
		for _, s := range symbols[:k] {
			to := f.book.steps.get(stepKey(node, s))
			if to == 0 {
				continue
			}
			if p := f.book.ends[to]; p >= 0 {
				found(int(p))
			}
			if n < maxActive {
				next[n] = following{to, 0}
				n++
			}
			if g := f.book.gap[to]; g != 0 && n < maxActive {
				next[n] = following{g, maxGap}
				n++
			}
		}
	}
	for _, a := range f.active[:f.n] {
		step(a.node)
		if a.left > 0 && n < maxActive {
			next[n] = following{a.node, a.left - 1}
			n++
		}
	}
	step(0)
	f.active, f.n = next, n
}

// wait takes a word that is in no phrase.
func (f *follower) wait() {
	n := 0
	for _, a := range f.active[:f.n] {
		if a.left > 0 {
			f.active[n] = following{a.node, a.left - 1}
			n++
		}
	}
	f.n = n
}
