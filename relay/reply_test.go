package relay

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestReplies(t *testing.T) {
	cases := []struct {
		in, want string
		err      error
	}{
		{"250 2.0.0 ok\r\n", "250 2.0.0", nil},
		{"250\r\n", "250", nil},
		{"250 ok\n", "250", nil},
		{"550-5.7.1 a\r\n550-5.7.1 b\r\n550 5.7.1 c\r\n", "550 5.7.1", nil},
		{"550 5.7.1\r\n", "550 5.7.1", nil},
		{"550 5.1234.1 a\r\n", "550", nil},
		{"550 4.1.1 a\r\n", "550", nil},
		{"550 5..1 a\r\n", "550", nil},
		{"550 5.1. a\r\n", "550", nil},
		{"550 5.1.1.1 a\r\n", "550", nil},
		{"250-a\r\n251 b\r\n", "", errReplySyntax},
		{"25\r\n", "", errReplySyntax},
		{"2500 x\r\n", "", errReplySyntax},
		{"150 x\r\n", "", errReplySyntax},
		{"650 x\r\n", "", errReplySyntax},
		{"HTTP/1.1 400 Bad Request\r\n", "", errReplySyntax},
		{strings.Repeat("250-x\r\n", maxReplyLines+1), "", errReplyLong},
		{"250 " + strings.Repeat("x", 5000) + "\r\n", "", errReplyLong},
	}
	for _, c := range cases {
		got, err := readReply(bufio.NewReaderSize(strings.NewReader(c.in), 4096), false)
		if !errors.Is(err, c.err) || got.String() != c.want {
			t.Errorf("%.40q: %q, %v; want %q, %v", c.in, got.String(), err, c.want, c.err)
		}
	}
}

// Whatever a server says, a reply is a code from 200 to 599 with at most an
// enhanced status of its class, and never a word of the server's text.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "550 5.1.1 x\r\n", "354\r\n", "250-\xff\x00\r\n250 \r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		br := bufio.NewReaderSize(bytes.NewReader(raw), 4096)
		for range 10 {
			r, err := readReply(br, true)
			if err != nil {
				return
			}
			if r.code < 200 || r.code > 599 || len(r.lines) > maxReplyLines {
				t.Fatalf("code %d with %d lines", r.code, len(r.lines))
			}
			s := r.String()
			if len(s) > len("550 5.123.123") || strings.Trim(s, "0123456789. ") != "" {
				t.Fatalf("recorded as %q", s)
			}
			parseExtensions(r.lines)
		}
	})
}

// Stuffing changes nothing but the dots at the head of lines, and no body can
// end itself.
func FuzzStuffing(f *testing.F) {
	for _, s := range []string{".\r\n", "a\r\n.\r\nb\r\n", "..\r\n.\r\n.\r\n", "a", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := appendStuffed(nil, raw)
		if bytes.Contains(append([]byte("\r\n"), got...), []byte("\r\n.\r\n")) {
			t.Fatalf("%q ends itself as %q", raw, got)
		}
		plain := bytes.ReplaceAll(append([]byte("\r\n"), got...), []byte("\r\n.."), []byte("\r\n."))[2:]
		want := raw
		if !bytes.HasSuffix(raw, []byte("\r\n")) {
			want = append(bytes.Clone(raw), "\r\n"...)
		}
		if !bytes.Equal(plain, want) {
			t.Fatalf("%q arrives as %q", want, plain)
		}
	})
}
