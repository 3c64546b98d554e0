package message_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Only <CRLF>.<CRLF> ends a message (RFC 5321 4.1.1.4), and CR and LF stand only
// together (2.3.8; RFC 5322 2.3). A server that is laxer takes another line end
// on either side of a lone dot for the same: CR or LF alone, one of them doubled
// or turned round, a NUL in between that it drops. So every pair of them is
// tried; who receives what lies behind such a dot is the sender's choice
// (SMTP smuggling: CVE-2023-51764 to 51766).
func TestWireRefusesWhatCouldEndDataTwice(t *testing.T) {
	const end = "\r\n"
	ends := []string{end, "\r", "\n", "\x00", "\r\r\n", "\r\n\n", "\n\r", "\r\n\r", "\x00\r\n", "\r\x00\n", "\r\n\x00", "\r\r", "\n\n"}
	for _, before := range ends {
		for _, after := range ends {
			m := "Subject: x\r\n\r\nHello" + before + "." + after + "MAIL FROM:<a@b.example>\r\n"
			err := message.Wire([]byte(m))
			if before == end && after == end { // the relay doubles this dot
				if err != nil {
					t.Errorf("a line with one dot is refused: %v", err)
				}
			} else if cordon.CodeOf(err) != cordon.Invalid {
				t.Errorf("%q passes: %v", before+"."+after, err)
			}
		}
	}
}

func TestWireNamesTheFaultAndItsLine(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"good", "A: b\r\n\r\nx\r\n", ""},
		{"dot line, to be stuffed by the relay", "A: b\r\n\r\n.\r\nx\r\n", ""},
		{"998 bytes", strings.Repeat("x", 998) + "\r\n", ""},
		{"999 bytes", "A: b\r\n" + strings.Repeat("x", 999) + "\r\n", "line 2 is longer than 998 bytes"},
		{"empty", "", "line 1 is empty"},
		{"bare LF", "A: b\r\n\r\nx\ny\r\n", "line 3 ends with a bare LF"},
		{"bare CR", "A: b\r\n\r\nx\ry\r\n", "line 3 contains a bare CR"},
		{"CR CR LF", "A: b\r\r\n", "line 1 contains a bare CR"},
		{"NUL", "A: b\r\n\x00\r\n", "line 2 contains a NUL"},
		{"no end", "A: b\r\n\r\nx", "line 3 is not ended by CRLF"},
		{"ends in CR", "A: b\r\n\r\nx\r", "line 3 contains a bare CR"},
		{"ends in LF", "x\n", "line 1 ends with a bare LF"},
	}
	for _, tt := range tests {
		err := message.Wire([]byte(tt.raw))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestWireOnRealMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/mime/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unix := bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		if message.Wire(unix) == nil {
			t.Errorf("%s passes with LF line ends", file)
		}
		if bytes.ContainsAny(unix, "\r\x00") {
			continue
		}
		wire := append(bytes.ReplaceAll(bytes.TrimRight(unix, "\n"), []byte("\n"), []byte("\r\n")), "\r\n"...)
		if err := message.Wire(wire); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// FuzzWire compares with the rule read out byte by byte.
func FuzzWire(f *testing.F) {
	for _, s := range []string{"a\r\n", "\n.\n", "\r.\r", "\r\n.\r\r\n", "\x00", strings.Repeat("x", 999) + "\r\n", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		good, line := len(raw) > 1 && bytes.HasSuffix(raw, []byte("\r\n")), 0
		for i, c := range raw {
			switch {
			case c == 0, c == '\r' && (i+1 == len(raw) || raw[i+1] != '\n'), c == '\n' && (i == 0 || raw[i-1] != '\r'):
				good = false
			case c == '\n':
				line = 0
			case c != '\r':
				if line++; line > 998 {
					good = false
				}
			}
		}
		if err := message.Wire(raw); (err == nil) != good {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}

func BenchmarkWire(b *testing.B) {
	p := parts()
	p.Text = strings.Repeat("Please come to the surgery, and bring your card.\n", 40)
	raw := build(b, p)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if message.Wire(raw) != nil {
			b.Fatal("refused")
		}
	}
}
