package relay

import (
	"bufio"
	"errors"
	"strings"
)

// Bounds on what a server may say. RFC 5321 4.5.3.1.5 allows 512 octets a line;
// real servers exceed it, absurd ones exceed this.
const (
	maxReplyLine  = 2000
	maxReplyLines = 128
)

var (
	errReplySyntax = errors.New("reply is not SMTP")
	errReplyLong   = errors.New("reply is too long")
)

// reply is what a server answered: the code and the enhanced status (RFC 3463).
// Its words are dropped where they were read: they may quote the address.
type reply struct {
	code     int
	enhanced string   // "5.1.1", or ""
	lines    []string // kept only for EHLO and AUTH
}

func (r reply) ok() bool        { return r.code/100 == 2 }
func (r reply) transient() bool { return r.code/100 == 4 }
func (r reply) permanent() bool { return r.code/100 == 5 }

// String is the code and the enhanced status, the only words of a server that
// are ever recorded.
func (r reply) String() string {
	switch {
	case r.code == 0:
		return ""
	case r.code == 250 && r.enhanced == "2.0.0":
		return "250 2.0.0" // the usual answer, without an allocation
	case r.code == 250 && r.enhanced == "":
		return "250"
	}
	code := string([]byte{byte('0' + r.code/100), byte('0' + r.code/10%10), byte('0' + r.code%10)})
	if r.enhanced == "" {
		return code
	}
	return code + " " + r.enhanced
}

// readReply reads one reply of one or more lines (RFC 5321 4.2.1). The text of
// the lines is kept only when asked for.
func readReply(br *bufio.Reader, keep bool) (reply, error) {
	var r reply
	for n := 0; ; n++ {
		if n == maxReplyLines {
			return reply{}, errReplyLong
		}
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxReplyLine {
			return reply{}, errReplyLong
		}
		if err != nil {
			return reply{}, err
		}
		code, more, text, err := parseReplyLine(line)
		if err != nil {
			return reply{}, err
		}
		if n > 0 && code != r.code { // RFC 5321 4.2.1: one code on every line
			return reply{}, errReplySyntax
		}
		r.code = code
		if r.enhanced == "" {
			r.enhanced = parseEnhanced(text, code/100)
		}
		if keep {
			r.lines = append(r.lines, string(text))
		}
		if !more {
			return r, nil
		}
	}
}

// parseReplyLine takes one line apart: "250-text", "250 text" or a bare "250",
// which RFC 5321 4.2 asks clients to accept.
func parseReplyLine(line []byte) (code int, more bool, text []byte, err error) {
	line = trimEOL(line)
	if len(line) < 3 {
		return 0, false, nil, errReplySyntax
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, nil, errReplySyntax
		}
		code = code*10 + int(c-'0')
	}
	if code < 200 || code > 599 { // RFC 5321 4.2.1: the first digit is 2 to 5
		return 0, false, nil, errReplySyntax
	}
	if len(line) == 3 {
		return code, false, nil, nil
	}
	switch line[3] {
	case ' ':
		return code, false, line[4:], nil
	case '-':
		return code, true, line[4:], nil
	}
	return 0, false, nil, errReplySyntax
}

func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// parseEnhanced finds the enhanced status at the head of the text (RFC 2034 4).
// One whose class is not the reply's is no status.
func parseEnhanced(text []byte, class int) string {
	end := 0
	for end < len(text) && text[end] != ' ' {
		end++
	}
	s := text[:end]
	if len(s) < 5 || len(s) > 9 || s[1] != '.' || int(s[0]-'0') != class {
		return ""
	}
	dots, digits := 0, 1
	for _, c := range s[1:] {
		switch {
		case c == '.':
			if digits == 0 {
				return ""
			}
			dots, digits = dots+1, 0
		case c >= '0' && c <= '9':
			if digits++; digits > 3 {
				return ""
			}
		default:
			return ""
		}
	}
	if dots != 2 || digits == 0 {
		return ""
	}
	if string(s) == "2.0.0" {
		return "2.0.0"
	}
	return string(s)
}

// extensions is what a server said it can do (RFC 5321 4.1.1.1).
type extensions struct {
	pipelining, eightBit, utf8, startTLS bool
	size                                 int64 // RFC 1870; 0 means no limit told
	hasSize                              bool
	auth                                 []string
}

// parseExtensions reads the lines of an EHLO reply; the first is the greeting.
func parseExtensions(lines []string) extensions {
	var e extensions
	for i, line := range lines {
		if i == 0 {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(word) {
		case "PIPELINING":
			e.pipelining = true
		case "8BITMIME":
			e.eightBit = true
		case "SMTPUTF8":
			e.utf8 = true
		case "STARTTLS":
			e.startTLS = true
		case "SIZE":
			e.hasSize, e.size = true, parseSize(rest)
		case "AUTH":
			e.auth = append(e.auth, strings.Fields(strings.ToUpper(rest))...)
		}
	}
	return e
}

func parseSize(s string) int64 {
	var n int64
	for _, c := range []byte(strings.TrimSpace(s)) {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
