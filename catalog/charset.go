package catalog

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/cordonmail/cordon"
)

// Charset names how a file's bytes are read.
type Charset string

const (
	CharsetAuto    Charset = "" // found out from the whole file
	CharsetUTF8    Charset = "utf-8"
	CharsetWindows Charset = "windows-1252" // Latin-1 is read as this too, as the Web does
	CharsetUTF16LE Charset = "utf-16le"
	CharsetUTF16BE Charset = "utf-16be"
)

// ParseCharset reads a charset's name as people write it.
func ParseCharset(s string) (Charset, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "auto":
		return CharsetAuto, nil
	case "utf-8", "utf8":
		return CharsetUTF8, nil
	case "windows-1252", "cp1252", "latin-1", "latin1", "iso-8859-1":
		return CharsetWindows, nil
	case "utf-16", "utf16", "utf-16le", "utf16le":
		return CharsetUTF16LE, nil
	case "utf-16be", "utf16be":
		return CharsetUTF16BE, nil
	}
	return "", cordon.InvalidField("charset", "is unknown", "use utf-8, windows-1252, latin-1, utf-16le or utf-16be, or leave it out")
}

// charsetSniffer watches a whole file go by and says at its end what it is. One
// look at the beginning would not do: the first accented name may be in the
// millionth row.
type charsetSniffer struct {
	head    []byte // the first bytes, for marks and signatures
	total   int64
	tail    []byte // an unfinished UTF-8 sequence at the end of the last write
	valid   int64  // UTF-8 sequences of two bytes and more
	invalid int64  // bytes that are none
}

const sniffHead = 4096

func (s *charsetSniffer) Write(p []byte) (int, error) {
	n := len(p)
	s.total += int64(n)
	if room := sniffHead - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(room, n)]...)
	}
	if len(s.tail) > 0 {
		// Finish the sequence that the last write broke off.
		for len(p) > 0 && !utf8.FullRune(s.tail) {
			s.tail = append(s.tail, p[0])
			p = p[1:]
		}
		if len(p) == 0 && !utf8.FullRune(s.tail) {
			return n, nil
		}
		joined := s.tail
		s.tail = nil
		s.count(joined)
	}
	s.count(p)
	return n, nil
}

func (s *charsetSniffer) count(p []byte) {
	for len(p) > 0 {
		if p[0] < utf8.RuneSelf {
			// Most of most files: skip whole words of ASCII.
			i := 1
			for i < len(p) && p[i] < utf8.RuneSelf {
				i++
			}
			p = p[i:]
			continue
		}
		if !utf8.FullRune(p) {
			s.tail = append([]byte(nil), p...)
			return
		}
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			s.invalid++
		} else {
			s.valid++
		}
		p = p[size:]
	}
}

// charset decides. A file that is mostly good UTF-8 with a few broken bytes
// stays UTF-8, so that the broken rows are reported and not read as nonsense.
func (s *charsetSniffer) charset() Charset {
	switch {
	case bytes.HasPrefix(s.head, []byte{0xFF, 0xFE}):
		return CharsetUTF16LE
	case bytes.HasPrefix(s.head, []byte{0xFE, 0xFF}):
		return CharsetUTF16BE
	case bytes.HasPrefix(s.head, []byte{0xEF, 0xBB, 0xBF}):
		return CharsetUTF8
	}
	// UTF-16 without a mark: every other byte of Western text is zero.
	var even, odd int
	for i, b := range s.head {
		if b != 0 {
			continue
		}
		if i%2 == 0 {
			even++
		} else {
			odd++
		}
	}
	half := len(s.head) / 2
	switch {
	case half > 4 && odd*10 > half*8 && even*10 < half:
		return CharsetUTF16LE
	case half > 4 && even*10 > half*8 && odd*10 < half:
		return CharsetUTF16BE
	}
	if s.invalid+int64(len(s.tail)) > s.valid {
		return CharsetWindows
	}
	return CharsetUTF8
}

// foreign names a file that is no text at all, by its first bytes.
func (s *charsetSniffer) foreign() string {
	for _, known := range []struct{ mark, what string }{
		{"PK\x03\x04", "an Excel or zip file"},
		{"\xD0\xCF\x11\xE0", "an old Excel file"},
		{"\x1F\x8B", "a gzip file"},
		{"%PDF", "a PDF"},
		{"SQLite format 3", "a database"},
	} {
		if bytes.HasPrefix(s.head, []byte(known.mark)) {
			return known.what
		}
	}
	return ""
}

// decode reads bytes of the charset as UTF-8. What cannot be read becomes
// U+FFFD, which no value may hold; broken UTF-8 passes as it is and is found by
// the row it stands in.
func decode(r io.Reader, c Charset) io.Reader {
	switch c {
	case CharsetWindows:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	case CharsetUTF16LE:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case CharsetUTF16BE:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	}
	return r
}
