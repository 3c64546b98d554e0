package gauge

import (
	"crypto/sha256"
	"encoding/binary"
	"regexp"
	"unicode"
)

// left out of a fingerprint: merge fields, and the tags of HTML.
var between = regexp.MustCompile(`\{\{[^{}]*\}\}|<[^<>]*>`)

// leastLetters: fewer say too little to be anybody's words.
const leastLetters = 40

// Fingerprint is a hash of the letters of some texts: case, spaces, figures and
// punctuation, merge fields and tags are left out. Texts of fewer than 40
// letters have none: 0.
func Fingerprint(texts ...string) uint64 {
	sum, letters := sha256.New(), 0
	var letter [4]byte
	for _, t := range texts {
		for _, r := range between.ReplaceAllString(t, " ") {
			if unicode.IsLetter(r) {
				letters++
				binary.BigEndian.PutUint32(letter[:], uint32(unicode.ToLower(r)))
				sum.Write(letter[:])
			}
		}
	}
	if letters < leastLetters {
		return 0
	}
	return max(1, binary.BigEndian.Uint64(sum.Sum(nil)))
}
