package inspect

import (
	"bytes"
	"mime"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

const (
	maxDepth = 12  // multiparts inside each other
	maxParts = 200 // leaves that are looked at
)

// letter is a message taken apart as far as it is needed here: its own fields
// and its leaves. A message enclosed in it is one leaf, not its parts.
type letter struct {
	fields []message.Field
	leaves []leaf
	report string // report-type of the outermost multipart/report
}

// leaf is one part that holds no others, or an enclosed message.
type leaf struct {
	mediaType  string
	charset    string
	name       string // of the file, lower case
	attachment bool
	fields     []message.Field
	body       []byte // transfer encoding undone
}

// text is a text leaf as a reader sees it.
func (l leaf) text() string {
	s := message.DecodeText(l.charset, l.body)
	if l.mediaType == "text/html" {
		return message.TextFromHTML(s)
	}
	return s
}

func open(raw []byte) *letter {
	m := &letter{}
	fields, body := message.Fields(raw)
	m.fields = fields
	m.entity(fields, body, 0, false)
	return m
}

func (m *letter) entity(fields []message.Field, body []byte, depth int, digest bool) {
	if len(m.leaves) >= maxParts {
		return
	}
	mediaType, params := "text/plain", map[string]string(nil)
	if digest {
		mediaType = "message/rfc822" // RFC 2046 5.1.5
	}
	if v := value(fields, "content-type"); v != "" {
		mediaType, params = message.ContentType(v)
	}
	if mediaType == "multipart/report" && m.report == "" {
		m.report = strings.ToLower(strings.TrimSpace(params["report-type"]))
		if m.report == "" {
			m.report = "unnamed"
		}
	}
	if strings.HasPrefix(mediaType, "multipart/") && depth < maxDepth {
		before, sections := message.Sections(params["boundary"], body, maxParts)
		if len(sections) == 0 {
			m.leaf(fields, "text/plain", params, body)
			return
		}
		if len(bytes.TrimSpace(before)) > 200 { // some write what they have to say before the first part
			m.leaf(nil, "text/plain", nil, before)
		}
		for _, section := range sections {
			f, b := message.Fields(section)
			m.entity(f, b, depth+1, mediaType == "multipart/digest")
		}
		return
	}
	m.leaf(fields, mediaType, params, body)
}

func (m *letter) leaf(fields []message.Field, mediaType string, params map[string]string, body []byte) {
	if len(m.leaves) >= maxParts {
		return
	}
	l := leaf{mediaType: mediaType, charset: strings.ToLower(params["charset"]), fields: fields, name: params["name"]}
	if v := value(fields, "content-disposition"); v != "" {
		kind, dispo, _ := mime.ParseMediaType(v)
		l.attachment = kind == "attachment"
		if dispo["filename"] != "" {
			l.name = dispo["filename"]
		}
	}
	l.name = strings.ToLower(message.DecodeWords(l.name))
	l.body = message.DecodeTransfer(value(fields, "content-transfer-encoding"), body)
	m.leaves = append(m.leaves, l)
}

// value is the first field of that name (lower case), as written.
func value(fields []message.Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// get is a field of the message itself.
func (m *letter) get(name string) string { return value(m.fields, name) }

func (m *letter) has(name string) bool {
	for _, f := range m.fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

func (m *letter) subject() string { return message.DecodeWords(m.get("subject")) }

func (m *letter) from() cordon.Address {
	a, _ := findAddress(m.get("from"))
	return a
}

// sender is the whole From line, folded: "mail delivery system mailer-daemon@…".
func (m *letter) sender() string { return fold(message.DecodeWords(m.get("from"))) }

// first finds the first leaf of a type.
func (m *letter) first(mediaTypes ...string) (leaf, bool) {
	for _, l := range m.leaves {
		for _, t := range mediaTypes {
			if l.mediaType == t {
				return l, true
			}
		}
	}
	return leaf{}, false
}

// text is what the message says to its reader: the plain text, or else the HTML
// as text, at most maxNotice bytes of it.
func (m *letter) text() string {
	var b strings.Builder
	for _, want := range []string{"text/plain", "text/html"} {
		for _, l := range m.leaves {
			if (l.mediaType == want || want == "text/plain" && otherText(l.mediaType)) && !l.attachment && b.Len() < maxNotice {
				if b.Len() > 0 {
					b.WriteString("\n")
				}
				b.WriteString(l.text())
			}
		}
		if strings.TrimSpace(b.String()) != "" {
			break
		}
	}
	return clip(b.String(), maxNotice)
}

func otherText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") && mediaType != "text/html" && mediaType != "text/rfc822-headers" && mediaType != "text/calendar" && mediaType != "text/csv"
}
