package compose

import (
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// DiffOp says what became of a line.
type DiffOp string

const (
	DiffSame    DiffOp = "same"
	DiffAdded   DiffOp = "added"
	DiffRemoved DiffOp = "removed"
	DiffGap     DiffOp = "gap" // unchanged lines were left out here
)

// DiffLine is one line of a comparison.
type DiffLine struct {
	Op   DiffOp `json:"op"`
	Text string `json:"text"`
}

// DiffPart is one part of a letter in which two texts differ.
type DiffPart struct {
	Part  string     `json:"part"`
	Lines []DiffLine `json:"lines"`
	// Rough: the part is too long to be compared line by line, or only in its
	// head; what differs is shown as removed and added whole.
	Rough bool `json:"rough,omitempty"`
}

const (
	diffLines   = 600  // of a part, on either side, that are looked at
	diffColumns = 1000 // bytes of a line that are shown
	diffTable   = 300  // differing lines on either side that are compared one by one
	diffContext = 2    // unchanged lines shown around a change
)

// Diff compares two texts part by part, as a person reads them: HTML as its
// text, with the addresses of its links. Parts that are the same are left out;
// nothing at all differs when the answer is empty. Merge fields stay as they
// are written: no personal data is in it.
func Diff(before, after cordon.Content) []DiffPart {
	var out []DiffPart
	for _, p := range []struct {
		name        string
		old, recent string
	}{
		{"sender", sender(before), sender(after)},
		{"subject", before.Subject, after.Subject},
		{"text", before.Text, after.Text},
		{"html", htmlWords(before.HTML), htmlWords(after.HTML)},
		{"fields", fieldLines(before.Fields), fieldLines(after.Fields)},
		{"link hosts", hostLines(before.LinkHosts), hostLines(after.LinkHosts)},
	} {
		if p.old != p.recent {
			out = append(out, diffPart(p.name, p.old, p.recent))
		}
	}
	// What a person does not see may still differ: a picture, a style, a
	// tracking address. It is said, and not drawn.
	if before.HTML != after.HTML && !slices.ContainsFunc(out, func(p DiffPart) bool { return p.Part == "html" }) {
		out = append(out, DiffPart{Part: "html source", Rough: true, Lines: []DiffLine{}})
	}
	return out
}

func sender(c cordon.Content) string {
	s := strings.TrimSpace(c.FromName + " <" + string(c.FromAddress) + ">")
	if c.ReplyTo != "" {
		s += "\nanswers to " + string(c.ReplyTo)
	}
	return s
}

func htmlWords(source string) string {
	if source == "" {
		return ""
	}
	return message.TextFromHTML(source)
}

func fieldLines(fields []cordon.Field) string {
	lines := make([]string, len(fields))
	for i, f := range fields {
		lines[i] = f.Name + " (" + string(f.Type) + ", from the " + string(f.Source) + ")"
		if f.Optional {
			lines[i] += ", optional"
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func hostLines(hosts []string) string {
	hosts = slices.Clone(hosts)
	slices.Sort(hosts)
	return strings.Join(hosts, "\n")
}

func diffPart(name, before, after string) DiffPart {
	if strings.HasSuffix(before, "\n") && strings.HasSuffix(after, "\n") {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	old, cutOld := linesOf(before)
	recent, cutRecent := linesOf(after)
	p := DiffPart{Part: name, Rough: cutOld || cutRecent}
	head := 0
	for head < len(old) && head < len(recent) && old[head] == recent[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(recent)-head && old[len(old)-1-tail] == recent[len(recent)-1-tail] {
		tail++
	}
	var lines []DiffLine
	for _, l := range old[:head] {
		lines = append(lines, DiffLine{DiffSame, l})
	}
	a, b := old[head:len(old)-tail], recent[head:len(recent)-tail]
	if len(a) > diffTable || len(b) > diffTable {
		p.Rough = true
		for _, l := range a {
			lines = append(lines, DiffLine{DiffRemoved, l})
		}
		for _, l := range b {
			lines = append(lines, DiffLine{DiffAdded, l})
		}
	} else {
		lines = append(lines, compare(a, b)...)
	}
	for _, l := range old[len(old)-tail:] {
		lines = append(lines, DiffLine{DiffSame, l})
	}
	p.Lines = shorten(lines)
	return p
}

// linesOf cuts a text into lines of a bounded number and length.
func linesOf(s string) (lines []string, cut bool) {
	if s == "" {
		return nil, false
	}
	lines = strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	if len(lines) > diffLines {
		lines, cut = lines[:diffLines], true
	}
	for i, l := range lines {
		if len(l) > diffColumns {
			lines[i], cut = strings.ToValidUTF8(l[:diffColumns], "")+" …", true
		}
	}
	return lines, cut
}

// compare keeps the longest common subsequence of lines and calls the rest
// removed or added.
func compare(a, b []string) []DiffLine {
	width := len(b) + 1
	longest := make([]int16, (len(a)+1)*width) // of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	var out []DiffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, DiffLine{DiffSame, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || longest[(i+1)*width+j] >= longest[i*width+j+1]):
			out = append(out, DiffLine{DiffRemoved, a[i]})
			i++
		default:
			out = append(out, DiffLine{DiffAdded, b[j]})
			j++
		}
	}
	return out
}

// shorten leaves out unchanged lines that are far from any change.
func shorten(lines []DiffLine) []DiffLine {
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l.Op != DiffSame {
			for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
				near[k] = true
			}
		}
	}
	out := []DiffLine{}
	for i, l := range lines {
		switch {
		case near[i]:
			out = append(out, l)
		case i == 0 || near[i-1]:
			out = append(out, DiffLine{Op: DiffGap})
		}
	}
	return out
}
