package screen

// A skeleton is a word without what disguises it: digits and signs that stand
// for letters, doubled letters, and the difference of i and l, which every
// disguise plays with. "V1@ggra", "\/ia-gra" and "viagra" have one skeleton.

const (
	maxSkeleton = 16 // letters
	maxPieces   = 12 // pieces a broken word is joined from
)

// skeletonOf is the letter a byte stands for; 0 for none.
var skeletonOf = func() (t [256]byte) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = byte(c), byte(c)
	}
	for from, to := range map[byte]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', '$': 's', '!': 'i', '|': 'i', 'l': 'i', 'L': 'i', 'j': 'i', 'J': 'i'} {
		t[from] = to
	}
	return t
}()

// skeletonHash is the hash of a whole word's skeleton and its length.
func skeletonHash(word []byte) (hash uint64, n int) {
	h, last := uint64(fnvOffset), byte(0)
	for _, c := range word {
		s := skeletonOf[c]
		if s == 0 || s == last {
			continue
		}
		h, last = (h^uint64(s))*fnvPrime, s
		n++
	}
	return h, n
}

// skeletonOpening is the first two letters of a word's skeleton.
func skeletonOpening(word string) (first, second byte) {
	for i := range len(word) {
		switch sk := skeletonOf[word[i]]; {
		case first == 0:
			first = sk
		case sk != first && sk != 0:
			return first, sk
		}
	}
	return first, 'a'
}

// opens says whether a brand in disguise could begin at s[i:], by its first two
// letters: it spares nearly every word the closer look.
func (b *lureBook) opens(s string, i int) bool {
	first := skeletonOf[s[i]]
	set := b.openings[first&0x7f]
	if set == 0 || i+1 == len(s) {
		return false
	}
	second := skeletonOf[s[i+1]]
	return second == 0 || second == first || set>>(second-'a')&1 != 0
}

// disguisedAt tries to read one brand from s[i:]. Pieces are joined over one
// sign, or over single spaces where there are three pieces or more.
func (b *lureBook) disguisedAt(s string, i int) (lure, end int) {
	r := skeletonReader{hash: fnvOffset, plain: fnvOffset}
	for r.n <= maxSkeleton && i < len(s) {
		if r.n == 2 && b.openings[r.first]>>(r.last-'a')&1 == 0 {
			return -1, i
		}
		c := s[i]
		closing := c == '!' && (i+1 == len(s) || skeletonOf[s[i+1]] == 0)
		if sk := skeletonOf[c]; sk != 0 && !closing {
			r.letter(c, sk)
			i++
			continue
		}
		if c == '\\' && i+1 < len(s) && s[i+1] == '/' {
			r.letter(0, 'v')
			i += 2
			continue
		}
		if l := r.read(b); l >= 0 {
			return l, i
		}
		if c >= 0x80 || c == '\n' || i+1 >= len(s) || skeletonOf[s[i+1]] == 0 && s[i+1] != '\\' || r.pieces >= maxPieces || r.piece > 4 && c == ' ' {
			return -1, i
		}
		r.gap(c)
		i++
	}
	return r.read(b), i
}

// skeletonReader is the part of a word read so far.
type skeletonReader struct {
	hash, plain   uint64 // of the skeleton, of the letters as they are
	first, last   byte
	n             int // letters of the skeleton
	piece         int // letters of the piece
	pieces        int // pieces before this one
	signs, signed int
}

// letter takes c, which stands for the letter sk; c is 0 when two signs do.
func (r *skeletonReader) letter(c, sk byte) {
	r.piece++
	switch {
	case c == 0 || asciiClass[c&0x7f] == classOther || asciiClass[c&0x7f] == classDigit:
		r.signed++
	case asciiClass[c] == classUpper:
		c |= 0x20
	}
	r.plain = (r.plain ^ uint64(c)) * fnvPrime
	if sk != r.last {
		r.hash, r.last = (r.hash^uint64(sk))*fnvPrime, sk
		if r.n++; r.n == 1 {
			r.first = sk
		}
	}
}

func (r *skeletonReader) gap(c byte) {
	r.pieces++
	r.piece = 0
	if c != ' ' {
		r.signs++
	}
}

// read answers the lure whose brand was read, unless it stands there plainly.
func (r *skeletonReader) read(b *lureBook) int {
	if r.n < 4 || r.n > maxSkeleton || r.pieces > 0 && r.signs == 0 && r.pieces < 2 {
		return -1
	}
	if r.pieces == 0 && r.signed == 0 && b.exact.get(r.plain) != 0 {
		return -1
	}
	return int(b.disguise.get(r.hash)) - 1
}
