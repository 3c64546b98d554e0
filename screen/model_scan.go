package screen

import (
	"strings"
	"sync"
)

// Bounds of a scan: what lies beyond adds nothing a model needs.
const (
	scanText   = 24 << 10 // bytes of text whose words and phrases are read
	scanGrams  = 5 << 10  // bytes of folded text that are cut into grams
	tableBits  = 18
	tableSize  = 1 << tableBits
	maxPhrases = 4096

	maxDisguised = 20
)

// scan is one reading of a sheet: its shape, the lures it uses and the features
// the model weighs. It is large and kept for the next sheet.
type scan struct {
	shape     shape
	strength  [maxLures]float64 // of each lure: its distinct phrases, by their length
	title     uint64            // lures whose phrases stand in the subject or the sender's name
	disguised int               // brands in disguise
	features  []uint32          // of words and grams
	facts     []uint32          // of shape and lures
	phrases   [maxPhrases / 64]uint64
	seen      [tableSize / 64]uint64

	tok       tokenizer
	follow    follower
	languages [8]int
	previous  uint64 // hash of the word before; 0 after a gap
	grams     uint64 // the last bytes of folded text
	gramBytes int
}

var scans = sync.Pool{New: func() any { return &scan{} }}

// scanSheet reads s; the caller gives the scan back with done.
func scanSheet(s *Sheet) *scan {
	c := scans.Get().(*scan)
	c.shape, c.strength, c.title, c.languages = shape{}, [maxLures]float64{}, 0, [8]int{}
	c.phrases = [maxPhrases / 64]uint64{}
	c.features, c.facts = c.features[:0], c.facts[:0]
	c.grams, c.gramBytes, c.disguised = 0, 0, 0
	c.follow.book = lures()
	shapeOf(s, &c.shape)
	c.words(s.Subject, inSubject)
	c.words(s.FromName, inSender)
	c.words(clip(s.Text, scanText), inText)
	c.words(s.Alt, inAlt)
	if len(s.Text) < 200 {
		c.words(clip(s.PlainText, 2000), inAlt)
	}
	c.language()
	c.shape.bulk = s.HasHTML && (c.shape.unsubscribe || c.shape.anchors >= 3 || c.shape.imagesRemote >= 2)
	c.factsOf(s)
	return c
}

func (c *scan) done() {
	for _, f := range c.features {
		c.seen[f>>6] = 0
	}
	for _, f := range c.facts {
		c.seen[f>>6] = 0
	}
	scans.Put(c)
}

// Salts keep the features of different kinds apart in the one table.
const (
	saltWord    uint64 = 0x9e3779b97f4a7c15
	saltPair    uint64 = 0x3c6ef372fe94f82a
	saltSubject uint64 = 0xdaa66d2c7ddf743f
	saltGram    uint64 = 0x78dde6e5fd29f054
	saltFact    uint64 = 0x1715609f7c746c69
	saltPhrase  uint64 = 0xb54cda58fbbee87e
)

// feature adds a feature of the words.
func (c *scan) feature(h uint64) {
	f := uint32(mix(h) >> (64 - tableBits))
	if c.seen[f>>6]>>(f&63)&1 == 0 {
		c.seen[f>>6] |= 1 << (f & 63)
		c.features = append(c.features, f)
	}
}

// fact adds a feature of shape or lures.
func (c *scan) fact(salt uint64, kind, value int) {
	f := uint32(mix(salt+uint64(kind)<<16+uint64(value)) >> (64 - tableBits))
	if c.seen[f>>6]>>(f&63)&1 == 0 {
		c.seen[f>>6] |= 1 << (f & 63)
		c.facts = append(c.facts, f)
	}
}

// words reads one field.
func (c *scan) words(s string, where field) {
	c.follow.reset()
	c.previous = 0
	c.grams = ' '
	after := 0 // where the last brand in disguise ended
	for i := 0; ; {
		start, end, ok := c.tok.next(s, i)
		if !ok {
			return
		}
		i = end
		if where != inAlt && start >= after {
			after = max(after, c.disguise(s, start))
		}
		w := c.tok.folded()
		h := hashBytes(w)
		c.follow.word(w, h, func(p int) { c.found(p, where) })
		c.look(where)
		if where == inAlt {
			continue
		}
		c.count(h)
		c.wordFeatures(w, h, where)
	}
}

// disguise looks for a brand in disguise at the word that starts at s[start:],
// and answers where it ended.
func (c *scan) disguise(s string, start int) (end int) {
	if start >= 2 && s[start-2:start] == `\/` {
		start -= 2
	} else if !c.follow.book.opens(s, start) {
		return 0
	}
	if l, end := c.follow.book.disguisedAt(s, start); l >= 0 && c.disguised < maxDisguised {
		c.disguised++
		return end
	}
	return 0
}

// look counts how the word is written.
func (c *scan) look(where field) {
	l, sh := &c.tok.look, &c.shape
	if l.run >= 3 && l.letters > 3 {
		sh.oddRun++
	}
	if l.digits > 0 && l.letters > 1 {
		sh.mixed++
	}
	if l.fancy {
		sh.fancy++
		sh.subjectFancy = sh.subjectFancy || where != inText
	}
	if l.letters == 1 && l.digits == 0 {
		sh.single++
	}
}

// count keeps account of the language.
func (c *scan) count(h uint64) {
	c.shape.words++
	c.shape.unsubscribe = c.shape.unsubscribe || leaveWords.get(h) != 0
	if of := smallWords.get(h); of != 0 {
		for k := range c.languages {
			c.languages[k] += int(of >> k & 1)
		}
	}
}

// found notes a phrase. The longer it is the less it stands there by chance.
func (c *scan) found(p int, where field) {
	book := c.follow.book
	ph := book.phrases[p]
	if where == inSubject || where == inSender {
		c.title |= 1 << ph.lure
	}
	if p >= maxPhrases || c.phrases[p>>6]>>(p&63)&1 != 0 {
		return
	}
	c.phrases[p>>6] |= 1 << (p & 63)
	c.strength[ph.lure] += phraseStrength(ph)
	c.feature(saltPhrase + ph.hash)
}

func phraseStrength(p phrase) float64 {
	switch {
	case p.words >= 3:
		return 1
	case p.words == 2:
		return 0.8
	default:
		return 0.5
	}
}

// wordFeatures adds the word, its pair with the word before, and its grams.
func (c *scan) wordFeatures(w []byte, h uint64, where field) {
	if preparedWords.get(h) != 0 {
		c.previous, c.grams = 0, ' '
		return
	}
	if c.tok.look.digits > 0 {
		h = digitShape(w)
	}
	if where != inText {
		c.feature(saltSubject*uint64(where+1) + h)
	}
	if where != inSender {
		c.feature(saltWord + h)
		if c.previous != 0 {
			c.feature(saltPair + c.previous*31 + h)
		}
		c.previous = h
	}
	if c.gramBytes >= scanGrams {
		return
	}
	for _, b := range w {
		c.gram(b)
	}
	c.gram(' ')
}

const gramMask = 1<<40 - 1 // five bytes

// gram takes the next byte of folded text and adds the five bytes it ends.
func (c *scan) gram(b byte) {
	c.gramBytes++
	c.grams = (c.grams<<8 | uint64(b)) & gramMask
	if c.grams>>32 != 0 {
		c.feature(saltGram + c.grams*fnvPrime)
	}
}

// digitShape is what stands for a word with digits: letters and digits alone
// count, so that no number is learnt by heart.
func digitShape(w []byte) uint64 {
	h := uint64(fnvOffset)
	for i, b := range w {
		if i == 6 {
			break
		}
		k := byte('a')
		if asciiClass[b&0x7f] == classDigit {
			k = '0'
		}
		h = (h ^ uint64(k)) * fnvPrime
	}
	return h
}

// language finds the language whose small words are most, and whether it is one
// the model knows little of.
func (c *scan) language() {
	sh := &c.shape
	if sh.words == 0 {
		return
	}
	best := 0
	for k := range c.languages {
		if c.languages[k] > c.languages[best] {
			best = k
		}
	}
	sh.known = float64(c.languages[best]) / float64(sh.words)
	sh.english = float64(c.languages[0]) / float64(sh.words)
	sh.foreign = best != 0 && c.languages[best] >= 2 && c.languages[best] > 2*c.languages[0]
}

// preparedWords are words that the preparation of the training mail put in; a
// model must not learn them, nor the names of the collections.
var preparedWords = wordSet("recipient example sender tenant net spamassassin taint zzzz enron r cran ethz")

// leaveWords are how a newsletter offers to end it.
var leaveWords = wordSet("unsubscribe unsubscribed unsubscribing abmelden abmeldung abbestellen abzubestellen abbestellung descadastrar descadastre desinscrire desinscription desabonner desabonnement desuscribirse desuscribir disiscriviti disiscrizione uitschrijven afmelden")

// smallWords are the commonest words of each language, in the order English,
// German, French, Spanish, Portuguese, Italian, Dutch: the bit of a language
// is its place.
var smallWords = func() hashTable {
	sets := map[uint64]uint32{}
	for k, list := range [...]string{
		"the of and to in a is that for it on you this with be are i as have not at or your from by we an was will can if all but my they has our which so what me do there their been would who more no out about up one when he she were his her had just any some only like how its them than other also please here get time now then us could these into may",
		"der die das und ist nicht ein eine einen einem einer zu den von mit sich des auf fur im dem auch es an als werden aus er hat dass sie nach bei um am sind noch wie uber so zum war haben nur oder aber vor zur bis mehr durch man kann ihr ihre ihren ihrem ihnen wir uns unsere unser wenn ich mein bitte diese dieser dieses jetzt hier wird konnen",
		"le la les de des du un une et est en que qui dans pour par sur au aux ce cette ces il elle nous vous ils pas plus ne se votre vos notre nos avec sont ou mais je tu son sa ses leur leurs etre avoir fait tout tous bien si comme ici d l c n s qu",
		"el la los las de del un una y es en que por para con no se su sus al lo como mas pero o este esta estos estas nos ha han le les si ya muy sin sobre entre cuando hay tu tus mi usted nuestro nuestra desde todo todos puede ser fue",
		"o a os as de do da dos das um uma e em no na nos nas que por para com nao se seu sua seus suas ao aos mais mas ou este esta esse essa voce ja muito sem sobre quando tem foi ser esta sao pelo pela seja nosso nossa isso ate",
		"il lo la i gli le di del della dei delle un una uno e in che per con non si su al alla nel nella da dal dalla sono come piu ma o questo questa ha hai tuo tua tuoi suo sua suoi vostro nostro se anche ti ci puo essere e stato",
		"de het een en van in is dat op te voor met niet zijn aan er om je u uw als maar ook door bij nog naar dan of wij we ze hij heeft hebben kan deze dit die uit over was worden wordt hier nu meer onze jouw geen",
	} {
		for w := range strings.FieldsSeq(list) {
			sets[hashBytes([]byte(w))] |= 1 << k
		}
	}
	t := newHashTable(len(sets))
	for h, bits := range sets {
		t.put(h, bits)
	}
	return t
}()

func wordSet(list string) hashTable {
	words := strings.Fields(list)
	t := newHashTable(len(words))
	for _, w := range words {
		t.put(hashBytes([]byte(w)), 1)
	}
	return t
}
