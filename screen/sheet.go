package screen

import (
	"log/slog"
	"strings"

	"github.com/cordonmail/cordon/message"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a sheet. They are far above real mail; what lies beyond is not read.
const (
	maxText     = 64 << 10 // bytes of Text, and of PlainText
	maxHidden   = 16 << 10 // bytes of Hidden, and of Alt
	maxHTML     = 1 << 20  // bytes of HTML walked
	maxLinks    = 500
	maxImages   = 200
	maxAttached = 500
	maxURL      = 2048 // bytes of a link that are kept
	maxSubject  = 1000 // bytes, of the subject and of each name and address
)

// Sheet is what a message shows: read once from its bytes, or from a rendered
// letter; rules, fingerprint and model read it. It is never changed after it
// was made, and holds personal data.
type Sheet struct {
	Subject     string
	FromName    string // the display name
	FromAddress string // for its domain; "" when there is none
	ReplyTo     string // the address
	Threaded    bool   // it says it answers another message

	// Text is what a reader sees: the visible text of the HTML, or the text/plain
	// part when there is no HTML. NFC; white space is folded to one space, or to
	// one line break where a line or a block ends; invisible characters are gone
	// (Salt counts them). At most 64 KB.
	Text      string
	PlainText string // the text/plain parts when there are some beside HTML, folded like Text
	Hidden    string // the text that HTML hides from the reader
	Alt       string // the words that stand for images
	HasHTML   bool
	HasPlain  bool

	Links       []Link
	Images      []Image
	Attachments []Attachment
	HTML        HTMLFacts
	MIME        MIMEFacts
	Salt        Salt // in subject, sender's name and text
	Cut         bool // something lay beyond the bounds and is not on the sheet

	words []word // of Subject and Text, for the fingerprint and the rules
	split int    // how many of words stand in the subject
}

func (Sheet) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Sheet) String() string       { return "[personal data]" }
func (Sheet) GoString() string     { return "[personal data]" }

// LinkKind is where a link stands.
type LinkKind int

const (
	LinkText   LinkKind = iota // bare in the text: mail programs make it a link
	LinkAnchor                 // the href of an anchor or an area
	LinkImage                  // an image, a background or a style sheet: fetched when the mail is opened
	LinkForm                   // where a form sends what is typed in
	LinkFrame                  // a frame, a script, an object or a refresh
)

func (k LinkKind) String() string {
	return [...]string{"text", "anchor", "image", "form", "frame"}[k]
}

// Link is one address the message leads to.
type Link struct {
	URL    string   // as written, without white space around it; at most 2 KB
	Scheme string   // lower case; "" when relative, or when a bare host stands in the text
	Host   string   // lower case, A-labels, no port, no dot at the end; "" when it has none
	Domain string   // the registrable domain of Host, or Host itself (an IP number, a public suffix)
	Text   string   // what the reader clicks on; "" for images and bare links
	Kind   LinkKind // where it stands
	Trick  Trick    // what is odd about how it is written
}

// Trick is a set of things that are odd about a link.
type Trick uint16

const (
	TrickUser    Trick = 1 << iota // a user name before the host: https://bank.example@evil.example
	TrickPort                      // a port other than 80, 443, 8080, 8443
	TrickIP                        // an IP number for a host, in any notation
	TrickEscape                    // percent escapes in the host
	TrickSlash                     // backslashes, missing slashes, white space inside
	TrickInner                     // another URL in the path or query
	TrickForeign                   // characters beyond US-ASCII in the host, or an A-label
	TrickBad                       // no host name at all
)

// Has says whether every trick of want is there.
func (t Trick) Has(want Trick) bool { return t&want == want }

// Image is a picture the message shows or carries.
type Image struct {
	Remote        bool   // fetched from elsewhere when the mail is opened
	Width, Height int    // in pixels, as the HTML or the picture says; 0: unknown
	Bytes         int    // of a picture that came along
	Hash          uint64 // difference hash; 0 when the picture is remote or cannot be read
	Type          string // "image/png"; of the bytes where they can be read
}

// Attachment is a part that is for saving rather than reading.
type Attachment struct {
	Name, Type string
	Bytes      int
}

// MIMEFacts is how the message is put together.
type MIMEFacts struct {
	Parts     int      // leaves
	Charsets  []string // as named, each once
	Encodings []string // Content-Transfer-Encoding, each once
	Defects   []message.Defect
	// Disagree is the share of the words of a text/plain part that its HTML
	// alternative does not show; 0 when there are not both or the text is short.
	Disagree float64
	Enclosed bool // it holds another message
	Fields   int  // header fields; 0 for a letter
}

// Read makes the sheet of a raw message. What cannot be read is a defect in the
// sheet; the error is a *cordon.Error, and only when there is no message at all.
func Read(raw []byte) (*Sheet, error) {
	m, err := message.Parse(raw)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Threaded: m.Threaded}
	s.MIME = MIMEFacts{Parts: len(m.Parts), Defects: m.Defects, Fields: m.Fields}
	r := newReader(s)
	r.heading(m.Subject, m.FromName, m.FromAddress, m.ReplyTo)
	r.parts(m.Parts)
	r.finish()
	return s, nil
}

// ReadLetter makes the sheet of a rendered letter, before it is a message. Its
// text part counts as the alternative of its HTML.
func ReadLetter(subject, fromName, fromAddress, text, html string) *Sheet {
	s := &Sheet{}
	r := newReader(s)
	r.heading(subject, fromName, fromAddress, "")
	if html != "" {
		s.HasHTML = true
		r.html(html)
		s.MIME.Parts++
	}
	if text != "" {
		s.MIME.Parts++
		r.plain(text, html == "")
	}
	r.finish()
	return s
}

// reader fills a sheet.
type reader struct {
	s       *Sheet
	text    writer // becomes Text
	hidden  writer
	alt     writer
	beside  writer // becomes PlainText
	anchors []span // stretches of text that are anchors, in order
	hosts   []seenHost
	decoded int // pictures
}

type span struct{ start, end int }

func newReader(s *Sheet) *reader {
	r := &reader{s: s}
	r.text = writer{limit: maxText, salt: &s.Salt}
	r.hidden = writer{limit: maxHidden}
	r.alt = writer{limit: maxHidden}
	r.beside = writer{limit: maxText}
	return r
}

func (r *reader) heading(subject, fromName, fromAddress, replyTo string) {
	r.s.Subject = r.line(subject)
	r.s.FromName = r.line(fromName)
	r.s.FromAddress = clip(strings.TrimSpace(fromAddress), maxSubject)
	r.s.ReplyTo = clip(strings.TrimSpace(replyTo), maxSubject)
}

// line folds a header value and counts what is hidden in it.
func (r *reader) line(s string) string {
	w := writer{limit: maxSubject, salt: &r.s.Salt}
	w.write([]byte(s), ' ')
	return w.finish()
}

// parts reads the leaves of a message. A text/plain part that has HTML beside
// it in the same alternative is not what the reader sees.
func (r *reader) parts(parts []message.Part) {
	rich := map[int]bool{}
	for _, p := range parts {
		if readable(p, "text/html") {
			r.s.HasHTML = true
			if p.Alternative > 0 {
				rich[p.Alternative] = true
			}
		}
	}
	for _, p := range parts {
		r.note(p)
		r.s.Cut = r.s.Cut || len(p.Text) >= message.MaxText
		switch {
		case readable(p, "text/html"):
			r.text.owe('\n')
			r.html(p.Text)
		case readable(p, "text/plain"):
			r.text.owe('\n')
			r.plain(p.Text, !rich[p.Alternative])
		case strings.HasPrefix(p.Type, "image/"):
			r.picture(p.Type, p.Body)
			if p.Attachment {
				r.attach(p)
			}
		default:
			r.attach(p)
		}
	}
}

// readable says whether mail programs show the part as text of its own.
func readable(p message.Part, mediaType string) bool {
	if p.Attachment || !strings.HasPrefix(p.Type, "text/") {
		return false
	}
	switch p.Type {
	case "text/html", "text/x-amp-html":
		return mediaType == "text/html" && p.Type == "text/html"
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/css", "text/csv", "text/xml":
		return false
	}
	return mediaType == "text/plain"
}

func (r *reader) note(p message.Part) {
	m := &r.s.MIME
	m.Charsets = once(m.Charsets, p.Charset)
	m.Encodings = once(m.Encodings, p.Encoding)
	m.Enclosed = m.Enclosed || p.Enclosed
}

// once adds a value to a short list unless it is there.
func once(list []string, v string) []string {
	if v == "" || len(list) >= 20 {
		return list
	}
	for _, x := range list {
		if x == v {
			return list
		}
	}
	return append(list, clip(v, 80))
}

func (r *reader) attach(p message.Part) {
	if len(r.s.Attachments) < maxAttached && (p.Attachment || p.Name != "" || len(p.Body) > 0) {
		r.s.Attachments = append(r.s.Attachments, Attachment{Name: clip(p.Name, 255), Type: clip(p.Type, 100), Bytes: len(p.Body) + len(p.Text)})
	}
}

// plain reads a text part; shown says whether it is what the reader sees.
func (r *reader) plain(text string, shown bool) {
	r.s.HasPlain = true
	w := &r.beside
	if shown {
		w = &r.text
	}
	w.owe('\n')
	w.grow(len(text))
	start := len(w.buf)
	w.write([]byte(text), '\n')
	r.bare(w.buf[start:], nil)
}

// finish turns what was collected into the sheet's fields.
func (r *reader) finish() {
	s := r.s
	s.Cut = s.Cut || r.text.cut || r.beside.cut
	s.Text = r.text.finish()
	s.Hidden = r.hidden.finish()
	s.Alt = r.alt.finish()
	if s.HasHTML {
		s.PlainText = r.beside.finish()
	}
	s.words, s.split = wordsOf(s.Subject, s.Text)
	s.MIME.Disagree = disagree(s)
	s.Salt.count(s)
}

// compose brings text into NFC; nearly all of it is already.
func compose(s string) string {
	if norm.NFC.IsNormalString(s) {
		return s
	}
	return norm.NFC.String(s)
}

// clip cuts s to at most n bytes, in whole characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
