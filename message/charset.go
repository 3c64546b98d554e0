package message

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// utf8 decodes a text part. Without a character set, or with one that does not
// hold the bytes, it is read as UTF-8 when it is UTF-8, else as Windows-1252:
// that is what mail programs do.
func (p *parser) utf8(name string, body []byte, html bool) string {
	body = body[:min(len(body), MaxText)]
	if name == "" && html && !utf8.Valid(body) {
		name = declared(body)
	}
	if !plainCharset(name) && !known(name) {
		p.defect(DefectCharset)
	}
	if name == "utf-8" && !utf8.Valid(body) {
		p.defect(DefectBytes)
	}
	return toUTF8(name, body)
}

// declared looks for the character set an HTML part names in itself.
func declared(body []byte) string {
	head := bytes.ToLower(body[:min(len(body), 1024)])
	_, after, ok := bytes.Cut(head, []byte("charset="))
	if !ok {
		return ""
	}
	after = bytes.TrimLeft(after, `"' `)
	if end := bytes.IndexAny(after, `"'; />`); end >= 0 {
		after = after[:end]
	}
	return string(after)
}

func plainCharset(name string) bool {
	switch name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252":
		return true
	}
	return false
}

func known(name string) bool {
	_, err := charset.Reader(name, strings.NewReader(""))
	return err == nil
}

// toUTF8 decodes bytes of the character set; the answer is valid UTF-8 without NUL.
func toUTF8(name string, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	name = strings.ToLower(strings.Trim(name, ` "'`))
	switch {
	case plainCharset(name) && name != "iso-8859-1" && name != "windows-1252", name != "" && !asciiBytes(b) && !known(name):
		if utf8.Valid(b) {
			break
		}
		b = windows1252(b)
	case asciiBytes(b) && !shifting(name):
	case name == "iso-8859-1" || name == "windows-1252": // browsers read both as the second (WHATWG Encoding 4.2)
		if !utf8.Valid(b) {
			b = windows1252(b)
		}
	default:
		b = read(name, b)
	}
	s := strings.ToValidUTF8(string(b), "\ufffd")
	return strings.ReplaceAll(s, "\x00", "")
}

func read(name string, b []byte) []byte {
	r, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil {
		return windows1252(b)
	}
	out, err := io.ReadAll(io.LimitReader(r, 4*int64(len(b))+16))
	if err != nil && len(out) == 0 {
		return windows1252(b)
	}
	return out
}

func windows1252(b []byte) []byte {
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return bytes.ToValidUTF8(b, []byte("\ufffd"))
	}
	return out
}

// shifting says whether US-ASCII bytes mean something else in the character set.
func shifting(name string) bool {
	return strings.HasPrefix(name, "iso-2022") || strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") ||
		strings.HasPrefix(name, "hz") || strings.Contains(name, "ebcdic") || strings.HasPrefix(name, "ibm037") || strings.HasPrefix(name, "ucs-")
}

func asciiBytes(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
