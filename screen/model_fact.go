package screen

import "math/bits"

// Facts are the features that are no words: the shape of a message and the
// lures it uses. Each fact is a kind and a small step, so that a message has
// one of a kind.
const (
	factWords = iota
	factAnchors
	factDomains
	factRemote
	factInline
	factKnown
	factCaps
	factDigits
	factExclaims
	factOdd
	factMixed
	factSingle
	factQuoted
	factDisguised
	factDisagree
	factHiddenText
	factOwn
	factSign
	factLure
	factLureTitle
	factLureLink
	factDensity
	factFonts
	factKind
	factRule
)

// factsOf adds the facts of a message once words and shape are read.
func (c *scan) factsOf(s *Sheet) {
	sh := &c.shape
	kind := 0
	if sh.bulk {
		kind = 1
	}
	words := step(sh.words)
	c.fact(saltFact, factWords, words)
	c.fact(saltFact, factAnchors, step(sh.anchors))
	c.fact(saltFact, factDomains, min(sh.domains, 6)*2+kind)
	c.fact(saltFact, factRemote, step(sh.imagesRemote))
	c.fact(saltFact, factInline, min(sh.imagesInline, 3)*16+words)
	if sh.words >= 8 {
		c.fact(saltFact, factKnown, int(sh.known*12)*2+min(words/6, 1))
	}
	if sh.subjectLetters >= 6 {
		c.fact(saltFact, factCaps, sh.subjectUpper*8/sh.subjectLetters)
	}
	c.fact(saltFact, factDigits, min(sh.subjectDigits, 4))
	c.fact(saltFact, factExclaims, min(sh.subjectExclaims, 3))
	c.fact(saltFact, factOdd, step(sh.oddRun))
	c.fact(saltFact, factMixed, step(sh.mixed)*16+words)
	c.fact(saltFact, factSingle, step(sh.single)*16+words)
	c.fact(saltFact, factQuoted, step(sh.quoted))
	c.fact(saltFact, factDisguised, min(c.disguised, 4))
	c.fact(saltFact, factDisagree, int(s.MIME.Disagree*4))
	c.fact(saltFact, factHiddenText, step(len(s.Hidden)/8))
	c.fact(saltFact, factFonts, step(s.HTML.Fonts))
	c.signs(s)
	c.lureFacts()
}

// step is a number's power of two, so that one more word makes no difference.
func step(n int) int { return min(bits.Len(uint(max(n, 0))), 12) }

// signs are facts that are there or not.
func (c *scan) signs(s *Sheet) {
	sh := &c.shape
	for i, there := range [...]bool{
		sh.own, sh.ownReply, sh.unsubscribe, sh.phone, sh.subjectTag, sh.addressed, sh.unfilled, sh.emoji > 0,
		sh.short > 0, sh.pages > 0, sh.forms > 0, sh.bad > 0, sh.noise > 0, sh.number > 0, sh.mailer > 0, sh.social >= 2,
		s.ReplyTo != "", sh.contacts > 0, sh.subjectFancy, sh.fancy > 0, s.Salt.Invisible > 2, s.Salt.Homoglyphs > 0, s.Salt.Spaced > 0, s.Salt.Digits > 1,
		s.HTML.Forms > 0, s.HTML.Comments > 200, s.HTML.Unknown > 3, s.HTML.Splits > 0, s.HTML.HiddenTags > 0, s.HTML.Styles > 0, len(s.Attachments) > 0, s.FromName == "",
	} {
		if there {
			c.fact(saltFact, factSign, i)
		}
	}
}

func (c *scan) lureFacts() {
	links := c.shape.anchors > 0
	density := 0.0
	for i, strength := range c.strength[:len(c.follow.book.lures)] {
		if strength == 0 {
			continue
		}
		density += strength
		c.fact(saltFact, factLure, i*8+min(int(strength+0.5), 4))
		if links {
			c.fact(saltFact, factLureLink, i)
		}
		if c.title>>i&1 != 0 {
			c.fact(saltFact, factLureTitle, i)
		}
	}
	c.fact(saltFact, factDensity, step(int(density*200/float64(c.shape.words+20))))
}

// ruleFacts adds a fact for each rule that saw something.
func (c *scan) ruleFacts(findings []Finding) {
	for i := range findings {
		c.fact(saltFact+hashString(findings[i].Rule), factRule, 0)
	}
}

func hashString(s string) uint64 {
	h := uint64(fnvOffset)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}
