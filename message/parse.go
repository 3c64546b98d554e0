package message

import (
	"bytes"
	"log/slog"
	"mime"
	"strings"

	"github.com/cordonmail/cordon"
)

// Bounds of what Parse reads. What lies beyond is a defect, never an error: the
// screen must see the part of a hostile message that a reader would see.
const (
	MaxMessage = 25 << 20 // bytes of a message; the rest is cut off
	MaxParts   = 500      // leaves
	MaxNesting = 20       // multiparts and enclosed messages inside each other
	MaxText    = 1 << 20  // bytes of one text part, before its character set is decoded

	maxHeader   = 1 << 20  // bytes of one header block
	maxFields   = 1000     // fields of one header block
	maxValue    = 16 << 10 // bytes of one field's value
	maxBoundary = 1000     // RFC 2046 5.1.1 allows 70; senders write more
)

// Parsed is a message taken apart, as leniently as a mail program does it.
type Parsed struct {
	Subject string
	// Of the first mailbox of the first field; what is not there is "". The
	// addresses are text as written: nobody has checked them.
	FromName, FromAddress, ReplyTo string

	Threaded bool     // it has In-Reply-To or References
	Fields   int      // header fields of the message itself
	Parts    []Part   // the leaves, in their order
	Defects  []Defect // each once, in the order they were met
}

func (Parsed) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Parsed) String() string       { return "[personal data]" }
func (Parsed) GoString() string     { return "[personal data]" }

// Part is one leaf of a message.
type Part struct {
	Type        string // lower case, "text/plain" when none is said
	Charset     string // as named, lower case; "" when none is said
	Encoding    string // Content-Transfer-Encoding, lower case; "" when none is said
	Name        string // of the file, decoded
	Attachment  bool   // Content-Disposition: attachment
	ContentID   string
	Text        string // text/*: decoded to UTF-8, at most MaxText bytes of it
	Body        []byte // everything else: decoded; it may share memory with the message
	Alternative int    // the multipart/alternative it stands in, counted from 1; 0: in none
	Enclosed    bool   // it stands in an enclosed message (message/rfc822)
}

func (Part) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Part) String() string       { return "[personal data]" }
func (Part) GoString() string     { return "[personal data]" }

// Defect is one way in which a message is broken.
type Defect string

const (
	DefectSize       Defect = "message too large"
	DefectDepth      Defect = "parts nested too deep"
	DefectParts      Defect = "too many parts"
	DefectHeader     Defect = "header line without a colon"
	DefectHeaderSize Defect = "header too large"
	DefectNoBoundary Defect = "multipart without a boundary"
	DefectNoParts    Defect = "multipart without parts"
	DefectUnclosed   Defect = "multipart without an end"
	DefectBase64     Defect = "malformed base64"
	DefectQuoted     Defect = "malformed quoted-printable"
	DefectEncoding   Defect = "unknown transfer encoding"
	DefectCharset    Defect = "unknown character set"
	DefectBytes      Defect = "bytes outside the character set"
	DefectType       Defect = "malformed content type"
	DefectNUL        Defect = "NUL byte"
	DefectRepeated   Defect = "header field that may stand once stands twice"
	DefectEpilogue   Defect = "text behind the last part"
)

// Parse takes a message apart. Line ends may be CRLF, LF or CR. The error is a
// *cordon.Error, and only when there is nothing to read: whatever is broken is
// noted as a defect and read as a mail program would read it.
func Parse(raw []byte) (Parsed, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return Parsed{}, cordon.InvalidField("message", "is empty", "give a whole message, header and body")
	}
	p := parser{}
	if len(raw) > MaxMessage {
		p.defect(DefectSize)
		raw = raw[:MaxMessage]
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		p.defect(DefectNUL)
	}
	if bytes.HasPrefix(raw, []byte("From ")) { // an mbox's separator
		_, raw = line(raw)
	}
	head, body := p.header(raw)
	p.out.Fields = head.fields
	p.out.Subject = head.text("subject")
	p.out.FromName, p.out.FromAddress = mailbox(head.value("from"))
	_, p.out.ReplyTo = mailbox(head.value("reply-to"))
	p.out.Threaded = head.value("in-reply-to") != "" || head.value("references") != ""
	p.entity(head, body, place{})
	return p.out, nil
}

// parser collects leaves and defects.
type parser struct {
	out          Parsed
	alternatives int
	known        map[Defect]bool
}

// place is where an entity stands in the tree.
type place struct {
	depth       int
	alternative int
	enclosed    bool
	digest      bool // directly in a multipart/digest
}

func (p *parser) defect(d Defect) {
	if p.known[d] {
		return
	}
	if p.known == nil {
		p.known = map[Defect]bool{}
	}
	p.known[d] = true
	p.out.Defects = append(p.out.Defects, d)
}

// entity reads one header and its body: a leaf, a multipart, or a message.
func (p *parser) entity(head header, body []byte, at place) {
	if len(p.out.Parts) >= MaxParts {
		p.defect(DefectParts)
		return
	}
	mediaType, params := p.contentType(head, at)
	switch {
	case strings.HasPrefix(mediaType, "multipart/"):
		if at.depth >= MaxNesting {
			p.defect(DefectDepth)
			return
		}
		p.multipart(mediaType, params["boundary"], body, at)
	case mediaType == "message/rfc822" || mediaType == "message/global":
		if at.depth >= MaxNesting {
			p.defect(DefectDepth)
			return
		}
		inner, rest := p.header(p.decode(strings.ToLower(head.token("content-transfer-encoding")), body))
		p.entity(inner, rest, place{depth: at.depth + 1, enclosed: true})
	default:
		p.leaf(head, mediaType, params, body, at)
	}
}

func (p *parser) contentType(head header, at place) (string, map[string]string) {
	value := head.value("content-type")
	if value == "" {
		if at.digest {
			return "message/rfc822", nil // RFC 2046 5.1.5
		}
		return "text/plain", nil
	}
	mediaType, params, err := mime.ParseMediaType(value)
	if err != nil || !strings.Contains(mediaType, "/") {
		p.defect(DefectType)
		mediaType, params = looseType(value)
	}
	return mediaType, params
}

// looseType reads a content type that is malformed: the type up to the first
// semicolon, and every name=value behind it.
func looseType(value string) (string, map[string]string) {
	pieces := strings.Split(value, ";")
	mediaType := strings.ToLower(strings.Trim(pieces[0], " \t\"'"))
	if i := strings.IndexAny(mediaType, " \t"); i >= 0 {
		mediaType = mediaType[:i]
	}
	switch {
	case mediaType == "text", mediaType == "html", strings.Count(mediaType, "/") != 1:
		if strings.Contains(strings.ToLower(value), "html") {
			mediaType = "text/html"
		} else if mediaType == "multipart" || strings.HasPrefix(mediaType, "multipart/") {
			mediaType = "multipart/mixed"
		} else {
			mediaType = "text/plain"
		}
	}
	params := map[string]string{}
	for _, piece := range pieces[1:min(len(pieces), 32)] {
		name, v, ok := strings.Cut(piece, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := params[name]; ok && !twice {
			params[name] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return mediaType, params
}

// multipart splits a body at its boundary lines (RFC 2046 5.1.1). What stands
// before the first and behind the closing one is for no reader.
func (p *parser) multipart(mediaType, boundary string, body []byte, at place) {
	inside := place{depth: at.depth + 1, enclosed: at.enclosed, alternative: at.alternative, digest: mediaType == "multipart/digest"}
	if mediaType == "multipart/alternative" {
		p.alternatives++
		inside.alternative = p.alternatives
	}
	if boundary == "" || len(boundary) > maxBoundary {
		p.defect(DefectNoBoundary)
		if boundary = guessBoundary(body); boundary == "" {
			p.leaf(header{}, sniff(body), nil, body, at)
			return
		}
	}
	found := false
	for {
		segment, rest, closing, ok := nextBoundary(body, boundary)
		if found {
			head, text := p.header(segment)
			p.entity(head, text, inside)
		} else if !ok {
			p.defect(DefectNoParts)
			p.leaf(header{}, sniff(body), nil, body, at)
			return
		}
		if !ok {
			p.defect(DefectUnclosed)
			return
		}
		if closing {
			if !found {
				p.defect(DefectNoParts)
			}
			if len(bytes.TrimSpace(rest)) > 200 {
				p.defect(DefectEpilogue)
			}
			return
		}
		if len(p.out.Parts) >= MaxParts {
			p.defect(DefectParts)
			return
		}
		found, body = true, rest
	}
}

// nextBoundary finds the next boundary line of body: what stands before it
// (without the line end that belongs to it), what stands behind it, and whether
// it is the closing one. Without one, the whole body stands before.
func nextBoundary(body []byte, boundary string) (before, rest []byte, closing, ok bool) {
	mark := []byte("--" + boundary)
	for from := 0; ; {
		i := bytes.Index(body[from:], mark)
		if i < 0 {
			return body, nil, false, false
		}
		i += from
		from = i + len(mark)
		if i > 0 && body[i-1] != '\n' && body[i-1] != '\r' {
			continue
		}
		text, after := line(body[from:])
		text = bytes.TrimRight(text, " \t\r")
		switch {
		case len(text) == 0:
		case bytes.HasPrefix(text, []byte("--")) && len(bytes.TrimSpace(text[2:])) == 0:
			closing = true
		default:
			continue
		}
		before = body[:i]
		before = bytes.TrimSuffix(before, []byte("\n"))
		before = bytes.TrimSuffix(before, []byte("\r"))
		return before, after, closing, true
	}
}

// guessBoundary takes the first line that looks like one.
func guessBoundary(body []byte) string {
	for rest := body[:min(len(body), 64<<10)]; len(rest) > 0; {
		var text []byte
		text, rest = line(rest)
		text = bytes.TrimRight(text, " \t")
		if len(text) > 6 && len(text) < 80 && bytes.HasPrefix(text, []byte("--")) && !bytes.ContainsAny(text[2:], " \t") && bytes.Trim(text, "-=_*") != nil {
			return string(bytes.TrimSuffix(text[2:], []byte("--")))
		}
	}
	return ""
}

// sniff says what a body without a type is.
func sniff(body []byte) string {
	head := bytes.ToLower(body[:min(len(body), 1024)])
	for _, mark := range []string{"<html", "<body", "<!doctype html", "<table", "<a href"} {
		if bytes.Contains(head, []byte(mark)) {
			return "text/html"
		}
	}
	return "text/plain"
}

// leaf decodes one part that holds no others.
func (p *parser) leaf(head header, mediaType string, params map[string]string, body []byte, at place) {
	part := Part{
		Type: mediaType, Charset: strings.ToLower(params["charset"]), Encoding: strings.ToLower(head.token("content-transfer-encoding")),
		Name: decodeWords(params["name"]), Alternative: at.alternative, Enclosed: at.enclosed,
		ContentID: strings.Trim(head.value("content-id"), "<> \t"),
	}
	if value := head.value("content-disposition"); value != "" {
		kind, dispo, err := mime.ParseMediaType(value)
		if err != nil {
			kind, dispo = looseDisposition(value)
		}
		part.Attachment = kind == "attachment"
		if name := dispo["filename"]; name != "" {
			part.Name = decodeWords(name)
		}
	}
	body = p.decode(part.Encoding, body)
	if strings.HasPrefix(mediaType, "text/") && !part.Attachment {
		part.Text = p.utf8(part.Charset, body, mediaType == "text/html")
	} else {
		part.Body = body
	}
	p.out.Parts = append(p.out.Parts, part)
}

func looseDisposition(value string) (string, map[string]string) {
	kind, _, _ := strings.Cut(value, ";")
	_, params := looseType("x/x;" + value)
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// line cuts off the first line: CRLF, LF or CR ends it.
func line(b []byte) (text, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}
