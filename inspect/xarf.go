package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// xarfMail finds an XARF document in a letter: as a part of its own, or as the
// whole text.
func xarfMail(m *letter, f *Found) bool {
	for _, l := range m.leaves {
		named := l.mediaType == "application/json" || strings.HasSuffix(l.mediaType, "+json") || l.mediaType == "application/xarf" || l.mediaType == "text/json" || strings.HasSuffix(l.name, ".json")
		doc, ok := asDocument(l.body)
		if !ok || !named && !strings.HasPrefix(l.mediaType, "text/") && l.mediaType != "application/octet-stream" {
			continue
		}
		report, ok := readXARF(doc)
		if !ok {
			continue
		}
		f.reported(report)
		f.encloseParts(m)
		return true
	}
	return false
}

// reported makes the answer of an XARF document.
func (f *Found) reported(r XARFDocument) {
	f.Kind, f.Class, f.Report = XARF, None, &r
	if f.Reason = typeReason(r.Type); !r.Valid() {
		f.Reason = Invalid
	}
	if a, ok := findAddress(r.RcptTo); ok {
		f.Recipients = addAddress(f.Recipients, a)
	}
	f.Clues.token(r.MailFrom)
	f.Clues.messageID(r.MessageID)
	f.Clues.text(r.Subject)
	for _, e := range r.Evidence {
		kind := strings.ToLower(e.ContentType)
		switch {
		case strings.HasPrefix(kind, "message/rfc822"), strings.HasPrefix(kind, "text/email"), strings.HasPrefix(kind, "application/rfc822"), strings.HasPrefix(kind, "message/"):
			f.enclose(AsEvidence, e.Data)
		case strings.HasPrefix(kind, "text/"):
			if i, ok := headerBlock(e.Data[:min(len(e.Data), 64<<10)]); ok {
				f.enclose(AsEvidence, e.Data[i:])
			}
			f.Clues.text(message.DecodeText("", e.Data[:min(len(e.Data), maxClueText)]))
		}
	}
	f.collectEnclosed()
}

// typeReason writes a type as a reason: LoginAttack and login_attack are
// login-attack. One that is no word is "other".
func typeReason(kind string) Reason {
	var b strings.Builder
	for i := 0; i < len(kind) && i < 64; i++ {
		c := kind[i]
		upper := c >= 'A' && c <= 'Z'
		switch {
		case upper:
			if i > 0 && i+1 < len(kind) && kind[i+1] >= 'a' && kind[i-1] >= 'a' {
				b.WriteByte('-')
			}
			b.WriteByte(c | 0x20)
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			b.WriteByte(c)
		case c == '_' || c == ' ':
			b.WriteByte('-')
		default:
			return OtherType
		}
	}
	return Reason(b.String())
}

// readXARF reads an XARF document of any version, valid or not; false when the
// bytes are none.
func readXARF(doc []byte) (XARFDocument, bool) {
	value, err := decode(doc)
	if err != nil {
		if !marked(doc) {
			return XARFDocument{}, false
		}
		fault := cordon.Fault{Line: line(doc, err), Field: "document", Message: "is not JSON", Remedy: "send one whole JSON object"}
		switch {
		case errors.Is(err, errValues):
			fault = cordon.Fault{Field: "document", Message: "holds more than 500,000 values", Remedy: "send one report a document"}
		case len(doc) > message.MaxMessage-1024: // it was cut off
			fault = cordon.Fault{Field: "document", Message: "is larger than 25 MB", Remedy: "send less evidence"}
		}
		return XARFDocument{Faults: []cordon.Fault{fault}}, true
	}
	o, ok := value.(map[string]any)
	if list, isList := value.([]any); isList {
		if len(list) == 0 {
			return XARFDocument{}, false
		}
		first, isObject := list[0].(map[string]any)
		if !isObject || versionOf(first) == 0 {
			return XARFDocument{}, false
		}
		r := readReport(first)
		r.Faults = append([]cordon.Fault{{Field: "document", Message: "is a list", Remedy: "send each report as a document of its own"}}, r.Faults...)
		return r, true
	}
	if !ok {
		return XARFDocument{}, false
	}
	if len(o) == 0 {
		return XARFDocument{Faults: []cordon.Fault{{Field: "document", Message: "is empty", Remedy: "give the version, the reporter and the report"}}}, true
	}
	if versionOf(o) == 0 {
		return XARFDocument{}, false
	}
	return readReport(o), true
}

// maxValues is how many values a document may hold: what is decoded takes far
// more room than its text.
const maxValues = 500_000

var errValues = errors.New("too many values")

// decode reads one JSON value; what stands behind it is an error.
func decode(doc []byte) (any, error) {
	if bytes.Count(doc, []byte(","))+bytes.Count(doc, []byte("["))+bytes.Count(doc, []byte("{")) > maxValues {
		return nil, errValues
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &json.SyntaxError{Offset: dec.InputOffset()}
	}
	return v, nil
}

// line is where a document stops being JSON, 0 when that is not known.
func line(doc []byte, err error) int {
	var at *json.SyntaxError
	if !errors.As(err, &at) {
		return 1 + bytes.Count(doc, []byte("\n")) // it ends too early
	}
	return 1 + bytes.Count(doc[:min(int64(len(doc)), max(at.Offset, 0))], []byte("\n"))
}

// marked says whether broken JSON was meant as an XARF document.
func marked(doc []byte) bool {
	head := doc[:min(len(doc), 1<<20)]
	for _, mark := range []string{`xarf_version`, `"ReporterInfo"`, `"ReportType"`, `"ReportClass"`, `"source_identifier"`, `"evidence_source"`} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	few := 0
	for _, mark := range []string{`"category"`, `"type"`, `"evidence"`, `"content_type"`, `"payload"`, `"reporter"`, `"timestamp"`, `"report_id"`, `"Version"`, `"Disclosure"`, `"Report"`, `"SourceIp"`} {
		if bytes.Contains(head, []byte(mark)) {
			few++
		}
	}
	return few >= 3
}

// versionOf says which family a document belongs to by the fields it has: 4, 3
// (and before), 0 for none.
func versionOf(o map[string]any) int {
	if _, ok := o["xarf_version"]; ok {
		return 4
	}
	_, info := o["ReporterInfo"]
	report, hasReport := o["Report"].(map[string]any)
	_, version := o["Version"]
	_, disclosure := o["Disclosure"]
	switch {
	case info, version && (disclosure || o["Report"] != nil):
		return 3
	case hasReport && (report["ReportType"] != nil || report["ReportClass"] != nil):
		return 3
	}
	if version && only(o, "Version", "ReporterInfo", "Report", "Disclosure", "OnBehalfOf", "InternalProcessing") {
		return 3
	}
	have := 0
	for _, name := range []string{"report_id", "source_identifier", "reporter", "sender", "category", "evidence_source", "evidence", "timestamp", "type"} {
		if _, ok := o[name]; ok {
			have++
		}
	}
	_, source := o["source_identifier"]
	_, reporter := o["reporter"]
	_, evidence := o["evidence_source"]
	if have >= 3 && (source || reporter || evidence) {
		return 4
	}
	return 0
}

// only says whether an object has no other fields.
func only(o map[string]any, names ...string) bool {
	for name := range o {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

func readReport(o map[string]any) XARFDocument {
	if versionOf(o) == 4 {
		return readVersion4(o)
	}
	return readVersion3(o)
}

// readVersion4 reads and judges a document of version 4.
func readVersion4(o map[string]any) XARFDocument {
	r := XARFDocument{
		Version: text(o, "xarf_version"), Major: 4, ID: text(o, "report_id"), Category: text(o, "category"), Type: text(o, "type"),
		Reporter: party(o, "reporter"), Sender: party(o, "sender"), Source: text(o, "source_identifier"), Port: number(o, "source_port"),
		MailFrom: text(o, "smtp_from"), RcptTo: text(o, "smtp_to"), Subject: text(o, "subject"), MessageID: text(o, "message_id"), URL: text(o, "url"),
	}
	if stamp := text(o, "timestamp"); formed("date-time", stamp) {
		r.Date, _ = parseDate(strings.ToUpper(stamp))
	}
	j := &judge{book: xarf4Rules(), major: "4"}
	j.object(j.book["core"], o, "")
	section := j.book[r.Category+"/"+r.Type]
	switch {
	case r.Category == "" || r.Type == "": // the core says so
	case section == nil && j.book.category(r.Category):
		j.fault("type", "is no type of this category", "it must be one of "+strings.Join(j.book.types(r.Category), ", "))
	}
	if r.Category == "content" {
		j.object(j.book["content"], o, "")
	}
	if section != nil {
		j.object(section, o, "")
	}
	items, _ := o["evidence"].([]any)
	r.Evidence = evidence(j, items, "evidence", func(item map[string]any) Exhibit {
		e := Exhibit{ContentType: text(item, "content_type"), Description: text(item, "description")}
		e.Data, _ = decodePayload(text(item, "payload"))
		return e
	})
	r.Faults = j.faults
	return r
}

// category says whether the rules know a category; types are its types.
func (b rulebook) category(name string) bool { return len(b.types(name)) > 0 }

func (b rulebook) types(category string) []string {
	var all []string
	for section := range b {
		if kind, ok := strings.CutPrefix(section, category+"/"); ok && !strings.Contains(kind, " ") {
			all = append(all, kind)
		}
	}
	return sorted(all)
}

// evidence decodes the items of a report and holds them against the bounds.
func evidence(j *judge, items []any, at string, read func(map[string]any) Exhibit) []Exhibit {
	if len(items) > MaxEvidenceItems {
		j.fault(at, fmt.Sprintf("has more than %d", MaxEvidenceItems), "")
	}
	var all []Exhibit
	total := 0
	for i, item := range items[:min(len(items), MaxEvidenceItems)] {
		o, ok := item.(map[string]any)
		if !ok {
			continue
		}
		e := read(o)
		e.ContentType, e.Description, e.Size = clip(e.ContentType, 200), clip(e.Description, 500), len(e.Data)
		if e.Size > MaxEvidenceItem {
			j.fault(fmt.Sprintf("%s[%d]", at, i), "is larger than 5 MB", "send a part of it")
			e.Data = nil
		}
		if total += e.Size; total > MaxEvidence {
			j.fault(at, "is larger than 15 MB in all", "send the most telling")
			e.Data = nil
		}
		all = append(all, e)
	}
	return all
}

func text(o map[string]any, name string) string {
	s, _ := o[name].(string)
	if name == "payload" || name == "Payload" || name == "Data" {
		return s
	}
	return clip(s, maxReportValue)
}

func number(o map[string]any, name string) int {
	n, _ := o[name].(json.Number)
	i, err := n.Int64()
	if err != nil || i < 0 || i > 65535 {
		return 0
	}
	return int(i)
}

func party(o map[string]any, name string) Party {
	p, _ := o[name].(map[string]any)
	contact, _ := cordon.ParseAddress(text(p, "contact"))
	return Party{Org: text(p, "org"), Contact: contact, Domain: text(p, "domain")}
}
