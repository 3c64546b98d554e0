package screen

import (
	"strings"
	"sync"
)

// phraseBook finds a few hundred phrases in a text that is cut into words, by
// the hash of their first word. Phrases of scripts without spaces are looked
// for as they are.
type phraseBook struct {
	first  [1 << 10]uint64 // a sieve of first words
	byWord map[uint64][][]word
	plain  []string
}

func newPhraseBook(phrases []string) *phraseBook {
	b := &phraseBook{byWord: map[uint64][][]word{}}
	for _, p := range phrases {
		if !spaced(p) {
			b.plain = append(b.plain, p)
			continue
		}
		words := appendWords(nil, p)
		h := words[0].hash
		(*sieve)(&b.first).put(h)
		b.byWord[h] = append(b.byWord[h], words)
	}
	return b
}

// spaced says whether a phrase is of a script that puts spaces between words.
func spaced(s string) bool {
	for _, r := range s {
		return !cjk(r) && (r < 0xac00 || r > 0xd7a3)
	}
	return false
}

var attachmentBook = sync.OnceValue(func() *phraseBook { return newPhraseBook(attachmentWords) })

// mentions says whether a phrase stands in the text, outside quoted lines.
func (v *view) mentions(b *phraseBook) bool {
	words := v.words
	if words == nil {
		words, _ = wordsOf("", v.Text)
	} else {
		words = words[v.split:]
	}
	for i := range words {
		if !(*sieve)(&b.first).has(words[i].hash) {
			continue
		}
		for _, phrase := range b.byWord[words[i].hash] {
			if len(phrase) <= len(words)-i && same(phrase, words[i:]) && !quoted(v.Text, int(words[i].start)) {
				return true
			}
		}
	}
	if isASCII(v.Text) {
		return false
	}
	for _, p := range b.plain {
		if i := strings.Index(v.Text, p); i >= 0 && !quoted(v.Text, i) {
			return true
		}
	}
	return false
}

// quoted says whether the line around i quotes another message.
func quoted(s string, i int) bool {
	start := strings.LastIndexByte(s[:i], '\n') + 1
	return strings.HasPrefix(s[start:], ">") || strings.HasPrefix(s[start:], "|")
}
