package screen

import "math"

// The base is what speaks for or against a message without learning: hand-set
// weights of lures and structure, for kinds of mail that no training set shows.
// The model is trained on top of it and corrects it where it saw better.

const (
	longText   = 350 // words: in longer texts a phrase says less
	titleShare = 0.5 // what a lure weighs more when subject or sender's name uses it
	maxBase    = 14
)

// base adds up lures, structure and findings.
func (c *scan) base(s *Sheet, findings []Finding) float64 {
	z := c.lureWeight() + c.structure(s)
	rules := 0.0
	for _, f := range findings {
		rules += f.Weight
	}
	return max(-maxBase, min(maxBase, z+max(-2, min(6, rules))))
}

// lureWeight is what the lures weigh together.
func (c *scan) lureWeight() float64 {
	sh := &c.shape
	book := c.follow.book
	damp := 1.0
	if sh.words > longText {
		damp = math.Sqrt(longText / float64(sh.words))
	}
	if sh.anchors == 0 && sh.contacts == 0 {
		damp *= 0.7
	}
	z := 0.0
	for i := range book.lures {
		z += c.weightOf(i)
	}
	return z * damp
}

// weightOf is what one lure weighs before damping.
func (c *scan) weightOf(i int) float64 {
	strength := c.strength[i]
	if strength == 0 {
		return 0
	}
	w := c.follow.book.lures[i].weight * math.Min(strength, 3) * 0.7
	if c.title>>i&1 != 0 {
		w *= 1 + titleShare
	}
	return w
}

// structure weighs how the message is built and where it leads.
func (c *scan) structure(s *Sheet) float64 {
	sh := &c.shape
	z := 0.0
	for _, sign := range c.structureSigns(s) {
		if sign.there {
			z += sign.weight
		}
	}
	z += 1.5 * float64(min(c.disguised, 3))
	if sh.fancy > 0 {
		z += 1.5
	}
	return z
}

type structureSign struct {
	there  bool
	weight float64
	says   string // "" for what a reader need not hear
}

// structureSigns is the table of structure.
func (c *scan) structureSigns(s *Sheet) [22]structureSign {
	sh := &c.shape
	leads := sh.anchors > 0
	brief := leads && s.HasHTML && sh.words < 40
	return [...]structureSign{
		{brief, 1.2, "It is little more than a link"},
		{brief && sh.words < 15, 0.8, ""},
		{sh.bulk && sh.own, -1.8, ""},
		{sh.bulk && sh.own && sh.anchors >= 5, -0.7, ""},
		{sh.bulk && !sh.own && !sh.ownReply, 0.8, "Its links lead to nobody the sender's name speaks of"},
		{sh.bulk && !sh.own && !sh.ownReply && sh.mailer == 0, 0.6, ""},
		{sh.social >= 2, -1.0, ""},
		{sh.mailer > 0, -0.5, ""},
		{sh.short > 0, 1.2, "It leads through a link shortener"},
		{sh.pages > 0, 1.5, "It leads to a page that anybody can set up for nothing"},
		{sh.forms > 0, 0.8, "It leads to a questionnaire that anybody can set up"},
		{sh.bad > 0, 1.2, "It leads to a host under a domain ending that spam prefers"},
		{sh.noise > 0, 0.9, "It leads to a host with a name nobody could remember"},
		{sh.number > 0, 1.0, "It leads to a bare number instead of a host name"},
		{sh.subjectTag, 0.8, ""},
		{sh.addressed, 1.2, ""},
		{sh.unfilled, 2.5, "A mass mailer's placeholder was left in it"},
		{sh.subjectFancy, 1.2, "Its subject is written in disguised letters"},
		{s.Salt.Invisible > 2, 1.5, "Its words hide invisible characters"},
		{s.Salt.Homoglyphs > 0, 0.8, "Its words mix look-alike letters"},
		{sh.quoted >= 2 && sh.anchors < 4, -0.8, ""},
		{s.HTML.Passwords > 0, 3, "It asks for a password in the mail itself"},
	}
}
