package message

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// Mailbox is a display name and an address (RFC 5322 3.4). It redacts itself in
// logs: a name is personal data as much as an address is.
type Mailbox struct {
	Name    string // any UTF-8 without control characters; "" for none
	Address cordon.Address
}

func (Mailbox) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Mailbox) String() string       { return "[personal data]" }
func (Mailbox) GoString() string     { return "[personal data]" }

// Header is one extra header field. Build writes the pairs in their order.
type Header struct {
	Name  string // RFC 5322 3.6.8: printable US-ASCII without the colon
	Value string // UTF-8; what is not US-ASCII is written as encoded words
}

// Parts is everything a message is made of.
type Parts struct {
	From, To Mailbox
	ReplyTo  Mailbox // the zero Mailbox for none
	Subject  string
	// Text and HTML are the bodies, with any line ends; one may be empty. With
	// both, the message is multipart/alternative, text first (RFC 2046 5.1.4).
	Text, HTML string
	Date       time.Time
	MessageID  string // as the function MessageID makes it, brackets included
	Headers    []Header
}

func (Parts) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Parts) String() string       { return "[personal data]" }
func (Parts) GoString() string     { return "[personal data]" }

// Bounds of what Build takes.
const (
	MaxHeader = 4096    // bytes of one header's value, before encoding
	MaxBody   = 8 << 20 // bytes of one body, before encoding
)

// MessageID makes the Message-ID of a copy from an opaque token and the sending
// domain: the same token and domain always give the same ID, so a second try of
// the same copy can be recognised by whoever got the first (RFC 5322 3.6.4).
func MessageID(token, domain string) (string, error) {
	if !dotAtom(token) || len(token) > 128 {
		return "", cordon.InvalidField("message_id", "has a token that is not 1 to 128 letters, digits or hyphens", "use an opaque ID")
	}
	if !dotAtom(domain) || len(domain) > 253 || !ascii(domain) || !ascii(token) {
		return "", cordon.InvalidField("message_id", "has a domain that is not a domain name in A-label form", "use the sending domain")
	}
	return "<" + token + "@" + domain + ">", nil
}

// Build writes the message: CRLF line ends throughout, no line above 998 bytes,
// only US-ASCII bytes except in an internationalised address (RFC 6532), and a
// boundary that follows from the Message-ID. The error is a *cordon.Error that
// names the part at fault and never repeats its value.
func Build(p Parts) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	w := writer{buf: make([]byte, 0, 1024+len(p.Text)+len(p.HTML)+(len(p.Text)+len(p.HTML))/6)}
	w.mailbox("From", p.From)
	w.mailbox("To", p.To)
	if p.ReplyTo.Address != "" {
		w.mailbox("Reply-To", p.ReplyTo)
	}
	w.unstructured("Subject", p.Subject, true)
	w.buf = append(w.buf, "Date: "...)
	w.buf = p.Date.AppendFormat(w.buf, "Mon, 02 Jan 2006 15:04:05 -0700") // RFC 5322 3.3
	w.buf = append(w.buf, "\r\nMessage-ID: "...)
	w.buf = append(w.buf, p.MessageID...)
	w.buf = append(w.buf, "\r\n"...)
	for _, h := range p.Headers {
		w.unstructured(h.Name, strings.Trim(h.Value, " "), false)
	}
	w.buf = append(w.buf, "MIME-Version: 1.0\r\n"...)
	switch {
	case p.HTML == "":
		w.part("text/plain", p.Text)
	case p.Text == "":
		w.part("text/html", p.HTML)
	default:
		w.alternative(p)
	}
	return w.buf, nil
}

// alternative writes both bodies (RFC 2046 5.1.4). "=_" at the head of the
// boundary never occurs in quoted-printable (RFC 2045 6.7), and plain lines
// that begin like it are written as quoted-printable, so no body can close
// its part.
func (w *writer) alternative(p Parts) {
	sum := sha256.Sum256([]byte(p.MessageID))
	var boundary [2 + 32]byte
	copy(boundary[:], "=_")
	hex.Encode(boundary[2:], sum[:16])

	w.buf = append(w.buf, "Content-Type: multipart/alternative;\r\n boundary=\""...)
	w.buf = append(w.buf, boundary[:]...)
	w.buf = append(w.buf, "\"\r\n\r\n--"...)
	w.buf = append(w.buf, boundary[:]...)
	w.buf = append(w.buf, "\r\n"...)
	w.part("text/plain", p.Text)
	w.buf = append(w.buf, "--"...)
	w.buf = append(w.buf, boundary[:]...)
	w.buf = append(w.buf, "\r\n"...)
	w.part("text/html", p.HTML)
	w.buf = append(w.buf, "--"...)
	w.buf = append(w.buf, boundary[:]...)
	w.buf = append(w.buf, "--\r\n"...)
}

// check refuses everything that could not be written as what it is.
func (p *Parts) check() error {
	if err := checkMailbox("from", p.From); err != nil {
		return err
	}
	if err := checkMailbox("to", p.To); err != nil {
		return err
	}
	if p.ReplyTo != (Mailbox{}) {
		if err := checkMailbox("reply-to", p.ReplyTo); err != nil {
			return err
		}
	}
	if err := checkValue("subject", p.Subject); err != nil {
		return err
	}
	if year := p.Date.Year(); p.Date.IsZero() || year < 1900 || year > 9999 {
		return cordon.InvalidField("date", "is missing or out of range", "give the time of the first try")
	}
	if !validMessageID(p.MessageID) {
		return cordon.InvalidField("message-id", "is missing or malformed", "make it with message.MessageID")
	}
	for _, h := range p.Headers {
		if err := checkHeader(h); err != nil {
			return err
		}
	}
	if p.Text == "" && p.HTML == "" {
		return cordon.InvalidField("text", "is missing, and so is html", "give at least one body")
	}
	if err := checkBody("text", p.Text); err != nil {
		return err
	}
	return checkBody("html", p.HTML)
}

func checkMailbox(field string, m Mailbox) error {
	if err := checkValue(field, m.Name); err != nil {
		return err
	}
	a := string(m.Address)
	at := strings.IndexByte(a, '@')
	if at < 1 || len(a) > cordon.MaxAddress || !utf8.ValidString(a) || !dotAtom(a[:at]) || !dotAtom(a[at+1:]) {
		return cordon.InvalidField(field, "is missing or not a mail address", "give one address, as cordon.ParseAddress returns it")
	}
	return nil
}

// checkValue is the injection rule: no control character stands in any header
// value, CR, LF and NUL before all (RFC 5322 2.2).
func checkValue(field, value string) error {
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\r' || c == '\n':
			return cordon.InvalidField(field, "contains a line break", "take it out; a header value is one line")
		case c == 0:
			return cordon.InvalidField(field, "contains a NUL", "take it out")
		case c < ' ' || c == 0x7f:
			return cordon.InvalidField(field, "contains a control character", "take it out")
		}
	}
	if len(value) > MaxHeader {
		return cordon.InvalidField(field, "is longer than 4,096 bytes", "shorten it")
	}
	if !utf8.ValidString(value) {
		return cordon.InvalidField(field, "is not valid UTF-8", "convert it to UTF-8")
	}
	return nil
}

func checkHeader(h Header) error {
	if h.Name == "" || len(h.Name) > 76 {
		return cordon.InvalidField("headers", "has a name that is empty or longer than 76 bytes", "")
	}
	for i := range len(h.Name) {
		if c := h.Name[i]; c <= ' ' || c >= 0x7f || c == ':' { // RFC 5322 3.6.8
			return cordon.InvalidField("headers", "has a name with a space, a colon or a character that is not US-ASCII", "")
		}
	}
	if ownHeader(h.Name) {
		return cordon.InvalidField(h.Name, "is written by Build and may not be given again", "use the part of that name")
	}
	if err := checkValue(h.Name, h.Value); err != nil {
		return err
	}
	if ascii(h.Value) && longestWord(h.Value) > maxLine-2 {
		return cordon.InvalidField(h.Name, "has a word longer than 996 bytes", "shorten it")
	}
	return nil
}

// ownHeader says whether Build or a later hand (the signer, the relay) alone
// may write the header.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version",
		"sender", "return-path", "received", "dkim-signature":
		return true
	}
	return len(name) >= 8 && strings.EqualFold(name[:8], "content-")
}

func checkBody(field, body string) error {
	switch {
	case len(body) > MaxBody:
		return cordon.InvalidField(field, "is longer than 8 MiB", "shorten it")
	case strings.IndexByte(body, 0) >= 0:
		return cordon.InvalidField(field, "contains a NUL", "take it out")
	case !utf8.ValidString(body):
		return cordon.InvalidField(field, "is not valid UTF-8", "convert it to UTF-8")
	}
	return nil
}

func validMessageID(id string) bool {
	if len(id) < 5 || len(id) > 500 || id[0] != '<' || id[len(id)-1] != '>' {
		return false
	}
	left, right, ok := strings.Cut(id[1:len(id)-1], "@")
	return ok && dotAtom(left) && dotAtom(right) && ascii(id)
}

// dotAtom is RFC 5322 3.2.3 dot-atom-text, with UTF-8 letters (RFC 6532 3.2).
func dotAtom(s string) bool {
	dot := true // a dot may not come first, last or twice
	for i := range len(s) {
		c := s[i]
		if c == '.' {
			if dot {
				return false
			}
			dot = true
			continue
		}
		if !atext(c) && c < utf8.RuneSelf {
			return false
		}
		dot = false
	}
	return !dot
}

// atext is RFC 5322 3.2.3.
func atext(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func longestWord(s string) int {
	longest, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == ' ' {
			longest = max(longest, i-start)
			start = i + 1
		}
	}
	return longest
}
