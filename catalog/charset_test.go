package catalog

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func encode(t testing.TB, c Charset, mark bool, text string) []byte {
	t.Helper()
	var out []byte
	var err error
	switch c {
	case CharsetWindows:
		out, err = charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	case CharsetUTF16LE, CharsetUTF16BE:
		end, policy := unicode.LittleEndian, unicode.IgnoreBOM
		if c == CharsetUTF16BE {
			end = unicode.BigEndian
		}
		if mark {
			policy = unicode.UseBOM
		}
		out, err = unicode.UTF16(end, policy).NewEncoder().Bytes([]byte(text))
	default:
		if out = []byte(text); mark {
			out = append([]byte("\uFEFF"), out...)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCharsetIsFoundFromTheWholeFile(t *testing.T) {
	plain := strings.Repeat("email,name\nplain@example.org,Plain\n", 5000)
	for _, tc := range []struct {
		name string
		text []byte
		want Charset
	}{
		{"ASCII", []byte(plain), CharsetUTF8},
		{"UTF-8", encode(t, CharsetUTF8, false, plain+"Zoë,Łukasz"), CharsetUTF8},
		{"UTF-8 with a mark", encode(t, CharsetUTF8, true, plain), CharsetUTF8},
		{"Latin-1 in the last line only", encode(t, CharsetWindows, false, plain+"Zoë"), CharsetWindows},
		{"Windows quotes and euro", encode(t, CharsetWindows, false, plain+"O’Brien €"), CharsetWindows},
		{"UTF-16, little", encode(t, CharsetUTF16LE, true, plain+"Zoë"), CharsetUTF16LE},
		{"UTF-16, big", encode(t, CharsetUTF16BE, true, plain+"Zoë"), CharsetUTF16BE},
		{"UTF-16 without a mark", encode(t, CharsetUTF16LE, false, plain), CharsetUTF16LE},
		{"UTF-16, big, without a mark", encode(t, CharsetUTF16BE, false, plain), CharsetUTF16BE},
		{"good UTF-8 with one broken byte", append(encode(t, CharsetUTF8, false, plain+"Zoë,Łukasz,"), 0xE9), CharsetUTF8},
		{"nothing", nil, CharsetUTF8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, piece := range []int{1, 2, 3, 7, 4096, 1 << 20} {
				var s charsetSniffer
				for rest := tc.text; len(rest) > 0; {
					n := min(piece, len(rest))
					if w, err := s.Write(rest[:n]); w != n || err != nil {
						t.Fatal(w, err)
					}
					rest = rest[n:]
				}
				if got := s.charset(); got != tc.want {
					t.Errorf("in pieces of %d: %s, want %s (valid %d, invalid %d)", piece, got, tc.want, s.valid, s.invalid)
				}
			}
		})
	}
}

func TestDecode(t *testing.T) {
	const text = "email;name\nzoë@example.org;Zoë O’Brien €\n"
	for _, c := range []Charset{CharsetUTF8, CharsetWindows, CharsetUTF16LE, CharsetUTF16BE} {
		got, err := io.ReadAll(decode(bytes.NewReader(encode(t, c, false, text)), c))
		if err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", c, got, err)
		}
	}
}

func TestParseCharset(t *testing.T) {
	for s, want := range map[string]Charset{"": CharsetAuto, "UTF-8": CharsetUTF8, "Latin-1": CharsetWindows, " iso-8859-1 ": CharsetWindows, "utf-16be": CharsetUTF16BE} {
		if got, err := ParseCharset(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	if _, err := ParseCharset("klingon"); err == nil {
		t.Error("klingon was taken")
	}
}
