package queue

import (
	"html"
	"strings"

	"github.com/cordonmail/cordon"
)

// Each letter ends with a line that no letter brings itself: where to ask whether
// it is genuine, and with what code. It stands below what was approved and
// changes nothing in it.

const footWords = "Is this message really from us? Ask at "

// footText adds the line to a plain body; one that is not there stays so.
func (r *Runner) footText(text string, code cordon.MessageCode) string {
	if r.cfg.CheckURL == "" || text == "" {
		return text
	}
	return strings.TrimRight(text, "\r\n") + "\n\n-- \n" + footWords + r.cfg.CheckURL + "\nCode: " + code.String() + "\n"
}

// footHTML adds it at the end of the body.
func (r *Runner) footHTML(text string, code cordon.MessageCode) string {
	if r.cfg.CheckURL == "" || text == "" {
		return text
	}
	url := html.EscapeString(r.cfg.CheckURL)
	line := `<p style="margin:24px 0 0;font:12px/1.5 sans-serif;color:#5a6270">` + footWords + `<a href="` + url + `" style="color:#5a6270">` + url + `</a><br>Code: ` + code.String() + `</p>`
	if at := lastFold(text, "</body>"); at >= 0 {
		return text[:at] + line + text[at:]
	}
	return text + line
}

// lastFold is the last place of an ASCII word in the text, whatever its case; -1
// for none.
func lastFold(text, word string) int {
	for at := len(text) - len(word); at >= 0; at-- {
		if text[at] == word[0] && strings.EqualFold(text[at:at+len(word)], word) {
			return at
		}
	}
	return -1
}
