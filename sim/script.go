package sim

import (
	"fmt"
	"strings"
)

// line is one line of a script: a verb, its words, and its name=value pairs.
// Quotes ('…' or "…") keep spaces together; # begins a comment; a leading !
// says that the verb must be refused.
type line struct {
	number int
	refuse bool
	verb   string
	words  []string
	named  map[string]string
}

// parseScript reads the comment part of a txtar archive, line by line.
func parseScript(text string) ([]line, error) {
	var lines []line
	for i, raw := range strings.Split(text, "\n") {
		for _, part := range splitCommands(raw) {
			l, err := parseLine(part)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			if l.verb == "" {
				continue
			}
			l.number = i + 1
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// splitCommands splits at ; outside quotes and drops comments.
func splitCommands(raw string) []string {
	var parts []string
	var quote rune
	start := 0
	for i, r := range raw {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ';':
			parts = append(parts, raw[start:i])
			start = i + 1
		case r == '#' && (i == 0 || raw[i-1] == ' ' || raw[i-1] == '\t'):
			return append(parts, raw[start:i])
		}
	}
	return append(parts, raw[start:])
}

func parseLine(text string) (line, error) {
	l := line{named: map[string]string{}}
	tokens, err := tokenize(text)
	if err != nil {
		return l, err
	}
	for _, t := range tokens {
		name, value, isPair := strings.Cut(t.text, "=")
		switch {
		case l.verb == "" && t.text == "!":
			l.refuse = true
		case l.verb == "":
			l.verb = t.text
		case isPair && !t.quotedStart:
			l.named[name] = value
		default:
			l.words = append(l.words, t.text)
		}
	}
	return l, nil
}

type token struct {
	text        string
	quotedStart bool // began with a quote: never a pair
}

func tokenize(text string) ([]token, error) {
	var tokens []token
	var b strings.Builder
	var quote rune
	inside, quotedStart := false, false
	flush := func() {
		if inside {
			tokens = append(tokens, token{b.String(), quotedStart})
		}
		b.Reset()
		inside, quotedStart = false, false
	}
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quotedStart = quotedStart || !inside
			inside, quote = true, r
		case r == ' ' || r == '\t':
			flush()
		default:
			inside = true
			b.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", quote)
	}
	flush()
	return tokens, nil
}

// word is the i-th word, or "".
func (l line) word(i int) string {
	if i < len(l.words) {
		return l.words[i]
	}
	return ""
}
