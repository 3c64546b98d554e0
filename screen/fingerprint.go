package screen

import "math/bits"

// Fingerprint is a simhash over the shingles of three words of subject and
// text: two letters that differ in a few words differ in a few bits. What is a
// merge value, or a number, is masked, so that all copies of one letter have
// the same. Hosts of links, pictures and the sender's name count a little, so
// that letters of one picture are told apart. 0 means there is nothing to
// compare.
func Fingerprint(s *Sheet, values []string) uint64 {
	words := s.words
	if words == nil {
		words, _ = wordsOf(s.Subject, s.Text)
	}
	var v votes
	v.shingles(words, newMask(values))
	last := ""
	for i := range s.Links {
		if d := s.Links[i].Domain; d != last && d != "" {
			v.add(mix(hashBytes([]byte(d)) ^ seedHost))
			last = d
		}
	}
	for i := range s.Images {
		if h := s.Images[i].Hash; h != 0 {
			for range 4 {
				v.add(mix(h>>8 ^ seedImage))
			}
		}
	}
	return v.result()
}

const (
	seedHost  = 0x9E3779B97F4A7C15
	seedImage = 0xC2B2AE3D27D4EB4F
	masked    = 0x94D049BB133111EB // stands for a value or a number
)

// votes counts, for each bit, how often it was set: bit i of the k-th plane is
// bit k of the count of bit i, so that one addition takes two steps on average.
type votes struct {
	planes [20]uint64
	n      int
}

func (v *votes) add(hash uint64) {
	if v.n >= 1<<20-1 {
		return
	}
	v.n++
	for k := 0; hash != 0; k++ {
		v.planes[k], hash = v.planes[k]^hash, v.planes[k]&hash
	}
}

func (v *votes) result() uint64 {
	if v.n == 0 {
		return 0
	}
	var out uint64
	for bit := range 64 {
		count := 0
		for k := bits.Len(uint(v.n)) - 1; k >= 0; k-- {
			count = count<<1 | int(v.planes[k]>>bit&1)
		}
		if 2*count > v.n {
			out |= 1 << bit
		}
	}
	if out == 0 {
		return 1
	}
	return out
}

// shingles votes with every three words in a row; a text of fewer words votes
// with what it has. Masked words in a row count as one.
func (v *votes) shingles(words []word, m mask) {
	var a, b uint64
	seen := 0
	for i := 0; i < len(words); {
		h, n := words[i].hash, 1
		if k := m.covers(words[i:]); k > 0 {
			h, n = masked, k
		} else if words[i].digits {
			h = masked
		}
		i += n
		if h == masked && b == masked && seen > 0 {
			continue
		}
		seen++
		if seen >= 3 {
			v.add(mix(a*3 ^ bits.RotateLeft64(b, 21) ^ bits.RotateLeft64(h, 42)))
		}
		a, b = b, h
	}
	if seen == 1 || seen == 2 {
		v.add(mix(a*3 ^ bits.RotateLeft64(b, 21)))
	}
}

// mask is the words of the merge values.
type mask struct {
	values [][]word
	first  uint64 // a bit for each first word, to answer "no" at once
}

const maxValues = 200

func newMask(values []string) mask {
	var m mask
	for _, v := range values[:min(len(values), maxValues)] {
		if words := appendWords(nil, clip(v, maxText)); len(words) > 0 {
			m.values = append(m.values, words)
			m.first |= 1 << (words[0].hash >> 58)
		}
	}
	return m
}

// covers says how many words at the head of words are a value; the longest wins.
func (m mask) covers(words []word) int {
	if m.first>>(words[0].hash>>58)&1 == 0 {
		return 0
	}
	best := 0
	for _, v := range m.values {
		if len(v) > best && len(v) <= len(words) && same(v, words) {
			best = len(v)
		}
	}
	return best
}

func same(value, words []word) bool {
	for i := range value {
		if value[i].hash != words[i].hash {
			return false
		}
	}
	return true
}
