package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

const (
	maxValue = 500 // bytes of one value
	maxRef   = 100

	maxKnownTags = 1024 // different cells of tags remembered while a file is read
)

// rowChecker turns records into rows. It keeps nothing between them but buffers.
type rowChecker struct {
	cols   columns
	faults []cordon.Fault // of the record just checked
	values [][]byte       // trimmed, by column
	tags   []string
	known  map[string][]string // cells of tags → tags: a file has few different ones
}

// row is one checked line, its values still bytes of the file.
type row struct {
	line    int
	ref     []byte
	name    []byte
	address cordon.Address
	tags    []string // the checker's, until the next record
}

func (k *rowChecker) wrong(line int, field, message, remedy string) {
	k.faults = append(k.faults, cordon.Fault{Line: line, Field: field, Message: message, Remedy: remedy})
}

// check answers a row when nothing is wrong with the record; otherwise faults
// holds everything that is.
func (k *rowChecker) check(rec *record) (row, bool) {
	k.faults, k.tags = k.faults[:0], k.tags[:0]
	if !k.shape(rec) {
		return row{}, false
	}
	out := row{line: rec.line}
	k.values = k.values[:0]
	for i, field := range rec.fields {
		col := &k.cols.all[i]
		v := trim(field)
		k.values = append(k.values, v)
		if len(v) == 0 {
			continue
		}
		if message, remedy := checkValue(v, col.person); message != "" {
			k.wrong(rec.line, col.name, message, remedy)
			continue
		}
		switch col.meaning {
		case meansRef:
			k.ref(rec.line, v)
			out.ref = v
		case meansName:
			out.name = v
		case meansTags:
			k.splitTags(rec.line, v)
		case meansNothing:
			k.wrong(rec.line, fmt.Sprintf("column %d", i+1), "has a value, but the column has no name", "name the column in the header, or empty it")
		}
	}
	k.address(rec.line, &out)
	if len(k.faults) > 0 {
		return row{}, false
	}
	if out.name == nil {
		out.name = k.joinName()
	}
	if k.cols.hasTags {
		out.tags = k.tags
	}
	return out, true
}

// shape refuses records whose fields cannot be told from each other.
func (k *rowChecker) shape(rec *record) bool {
	runs := ""
	if rec.last > rec.line {
		runs = fmt.Sprintf("; the quoted text runs to line %d", rec.last)
	}
	switch {
	case rec.trouble == strayQuote:
		k.wrong(rec.line, "line", "has a quote inside a field that is not quoted"+runs, "put quotes around the whole field and write \"\" for one inside")
	case rec.trouble != fine:
		k.wrong(rec.line, "line", "has text after a closing quote"+runs, "write \"\" for a quote inside a quoted field")
	case rec.count != len(k.cols.all):
		k.wrong(rec.line, "line", fmt.Sprintf("has %d columns, the header has %d%s", rec.count, len(k.cols.all), runs), "put quotes around fields that hold the delimiter")
	case rec.long > 0:
		k.wrong(rec.line, k.cols.all[rec.long-1].name, "is longer than 500 bytes"+runs, "shorten it, or look for a quote that is not closed")
	default:
		return true
	}
	return false
}

func (k *rowChecker) ref(line int, v []byte) {
	switch {
	case len(v) > maxRef:
		k.wrong(line, refColumn.name, "is longer than 100 bytes", "use your own short reference")
	case bytes.IndexByte(v, '@') >= 0:
		// References stand in the ledger and in reports, unsealed.
		k.wrong(line, refColumn.name, "looks like an address; a reference must not be personal data", "use an opaque reference, or drop the column")
	}
}

func (k *rowChecker) address(line int, out *row) {
	v := k.values[k.cols.address]
	if len(v) == 0 {
		k.wrong(line, addressColumn.name, "is empty", "give the address, or remove the line")
		return
	}
	for _, f := range k.faults {
		if f.Field == addressColumn.name {
			return // said already
		}
	}
	a, err := cordon.ParseAddress(string(v))
	if err != nil {
		message, remedy := "is not a valid address", ""
		var e *cordon.Error
		if errors.As(err, &e) {
			message, remedy = e.Message, e.Remedy
		}
		k.wrong(line, addressColumn.name, message, remedy)
		return
	}
	switch {
	case numeric(a.Domain()):
		k.wrong(line, addressColumn.name, "has an IP address or a number for its domain", "give one address like person@example.org")
	case strings.ContainsAny(string(a), "“”„‘’«»"):
		k.wrong(line, addressColumn.name, "has typographic quotes in it", "take them out")
	}
	out.address = a
}

// numeric says whether a domain's last label is all digits: no top-level domain
// is (RFC 3696 2), so it is an IP address or a slip.
func numeric(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return strings.Trim(last, "0123456789") == ""
}

func (k *rowChecker) splitTags(line int, v []byte) {
	if tags, ok := k.known[string(v)]; ok {
		k.tags = append(k.tags, tags...)
		return
	}
	for t := range strings.FieldsFuncSeq(string(v), func(r rune) bool { return r == ';' || r == '|' || r == ',' }) {
		if strings.TrimSpace(t) == "" {
			continue
		}
		tag, why := normalTag(t)
		if why != "" {
			k.wrong(line, tagsColumn.name, why, tagRemedy)
			return
		}
		if !slices.Contains(k.tags, tag) {
			k.tags = append(k.tags, tag)
		}
	}
	if len(k.tags) > maxTags {
		k.wrong(line, tagsColumn.name, fmt.Sprintf("has more than %d tags", maxTags), "use fewer")
		return
	}
	if k.known == nil {
		k.known = map[string][]string{}
	}
	if len(k.known) < maxKnownTags {
		k.known[string(v)] = slices.Clone(k.tags)
	}
}

// joinName makes the name a letter is addressed to from its parts.
func (k *rowChecker) joinName() []byte {
	part := func(i int) []byte {
		if i < 0 {
			return nil
		}
		return k.values[i]
	}
	first, last := part(k.cols.first), part(k.cols.last)
	switch {
	case len(first) == 0:
		return last
	case len(last) == 0:
		return first
	}
	return append(append(append(make([]byte, 0, len(first)+1+len(last)), first...), ' '), last...)
}

// checkValue says what is wrong with a value. Its answer never holds the value.
func checkValue(v []byte, person bool) (message, remedy string) {
	if len(v) > maxValue {
		return "is longer than 500 bytes", "shorten it, or look for a quote that is not closed"
	}
	plain := true
	for _, b := range v {
		if b >= utf8.RuneSelf {
			plain = false
		} else if b < ' ' || b == 0x7F {
			return control(b)
		}
	}
	if !plain {
		if message, remedy := checkRunes(v); message != "" {
			return message, remedy
		}
	}
	if person && (!plain || bytes.ContainsAny(v, "./:@")) {
		return checkName(v)
	}
	return "", ""
}

// checkName refuses a name that the letter would refuse: with a web address in
// it above all, which is how a greeting line becomes a lure. The rule is
// compose's, so that what is taken in here can also be sent.
func checkName(v []byte) (message, remedy string) {
	err := compose.CheckValue(cordon.Field{Name: cordon.FieldName, Type: cordon.FieldText, MaxLength: maxValue}, string(v))
	var e *cordon.Error
	if errors.As(err, &e) {
		return e.Message, e.Remedy
	}
	return "", ""
}

func control(b byte) (message, remedy string) {
	switch b {
	case '\r', '\n':
		// A line break carried into a header would add headers (RFC 5322 2.2).
		return "has a line break inside", "take the line break out"
	case 0:
		return "has a NUL byte inside", "take it out; if there are many, the file is not in the charset it was read in"
	}
	return "has a control character inside", "take it out"
}

func checkRunes(v []byte) (message, remedy string) {
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return "is not valid UTF-8", "save the file as UTF-8, or say which charset it has"
		case r == utf8.RuneError:
			return "has a character that was damaged earlier (shown as \uFFFD)", "export it again from where it came from"
		case unfit(r):
			return "has a control character inside", "take it out"
		}
		i += size
	}
	return "", ""
}

// spaces other than ASCII's that pad values in files from spreadsheets.
const wideSpaces = "\u00A0\u2007\u202F\u3000"

// trim takes the padding off: spaces and tabs, never a line break, which must
// be seen.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	if len(b) > 0 && (b[0] >= utf8.RuneSelf || b[len(b)-1] >= utf8.RuneSelf) {
		b = bytes.Trim(b, wideSpaces+" \t")
	}
	return b
}
