package inspect

import (
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// readVersion3 reads and judges a document of a version before 4. Three forms
// are in use under that name; a document that keeps the rules of one is valid,
// and one that keeps none is told the faults of the form it is nearest to.
func readVersion3(o map[string]any) XARFDocument {
	report, _ := o["Report"].(map[string]any)
	info, _ := o["ReporterInfo"].(map[string]any)
	r := XARFDocument{
		Version: text(o, "Version"), Category: text(report, "ReportClass"), Type: text(report, "ReportType"), ID: text(report, "ReporterCaseID"),
		Reporter: reporterOf(info, "Reporter"), Source: text(report, "SourceIp"), Port: number(report, "SourcePort"),
		MailFrom: text(report, "SmtpMailFromAddress"), RcptTo: text(report, "SmtpRcptToAddress"), Subject: text(report, "SmtpMessageSubject"),
		URL: text(report, "SourceUrl"),
	}
	r.Major = majorOf(r.Version)
	if behalf, ok := o["OnBehalfOf"].(map[string]any); ok {
		r.Sender = reporterOf(behalf, "Complainant")
	}
	if r.URL == "" {
		r.URL = text(report, "Url")
	}
	if date := text(report, "Date"); formed("date-time", date) {
		r.Date, _ = parseDate(strings.ToUpper(date))
	}
	source, structured := report["Source"].(map[string]any)
	if structured {
		r.Source, r.Port, r.URL = text(source, "IP"), number(source, "Port"), text(source, "URL")
		more, _ := report["AdditionalInfo"].(map[string]any)
		r.MailFrom, r.Subject = text(more, "SMTPFrom"), text(more, "Subject")
	}
	if r.Source == "" {
		r.Source = r.URL
	}
	r.judge3(o, report, structured)
	return r
}

func majorOf(version string) int {
	head, _, _ := strings.Cut(version, ".")
	if n := atoi(head); n >= 1 && n <= 3 {
		return n
	}
	return 0
}

func reporterOf(o map[string]any, prefix string) Party {
	p := Party{Org: text(o, prefix+"Org"), Domain: text(o, prefix+"OrgDomain")}
	for _, name := range []string{"OrgEmail", "ContactEmail"} {
		if a, err := cordon.ParseAddress(text(o, prefix+name)); err == nil && p.Contact == "" {
			p.Contact = a
		}
	}
	return p
}

func (r *XARFDocument) judge3(o, report map[string]any, structured bool) {
	book := xarf3Rules()
	_, attached := report["Attachment"].([]any)
	items, name := report["Samples"], "Report.Samples"
	if structured || attached {
		items, name = report["Attachment"], "Report.Attachment"
	}
	list, _ := items.([]any)
	evidenceOf := &judge{book: book}
	r.Evidence = evidence(evidenceOf, list, name, sample)
	sampleFaults(evidenceOf, list, name)

	forms := []*judge{}
	for _, form := range []string{"abusix", "legacy", "sampled"} {
		j := &judge{book: book, major: "3"}
		if r.Major != 0 {
			j.major = string(rune('0' + r.Major))
		}
		j.object(book[form], o, "")
		if form == "abusix" {
			j.abusix(o, report, r)
		}
		if len(j.faults) == 0 {
			r.Faults = evidenceOf.faults
			return
		}
		forms = append(forms, j)
	}
	nearest := forms[0]
	switch {
	case structured || attached:
		nearest = forms[2]
	case slices.Contains([]string{"Login-Attack", "Port-Scan", "DDoS"}, r.Type):
		nearest = forms[1]
	}
	r.Faults = append(nearest.faults, evidenceOf.faults...)
	r.Faults = r.Faults[:min(len(r.Faults), maxFaults)]
}

// abusix holds a document of the common form against the rules of its type.
func (j *judge) abusix(o, report map[string]any, r *XARFDocument) {
	if s := j.book["abusix "+j.major]; s != nil {
		j.object(s, o, "")
	}
	if report == nil {
		return
	}
	section := j.book[r.Category+"/"+r.Type]
	late := map[string]bool{"Exploit": true, "PotentiallyCompromisedAccount": true, "WebCrawler": true, "Harassment": true}
	switch {
	case r.Category == "" || r.Type == "": // said already
	case section == nil || late[r.Type] && (r.Major == 1 || r.Major == 2):
		j.fault("Report.ReportType", "is no type of this class", typesRemedy(j.book.types(r.Category)))
	default:
		j.object(section, report, "Report")
		if s := j.book[r.Category+"/"+r.Type+" "+j.major]; s != nil {
			j.object(s, report, "Report")
		}
	}
}

func typesRemedy(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return "it must be one of " + strings.Join(types, ", ")
}

func sample(item map[string]any) Exhibit {
	e := Exhibit{ContentType: text(item, "ContentType"), Description: text(item, "Description")}
	payload := text(item, "Payload")
	if payload == "" {
		payload = text(item, "Data")
	}
	plain, said := item["Base64Encoded"].(bool)
	if data, ok := decodePayload(payload); ok && (plain || !said && item["Data"] != nil || !said && bytesLike(data)) {
		e.Data = data
	} else {
		e.Data = []byte(payload)
	}
	return e
}

// bytesLike says whether what a payload decodes to reads as a message: some send
// base64 and do not say so.
func bytesLike(data []byte) bool {
	_, ok := headerBlock(data[:min(len(data), 16<<10)])
	return ok
}

// sampleFaults finds samples that say they are base64 and are not.
func sampleFaults(j *judge, items []any, at string) {
	for i, item := range items[:min(len(items), MaxEvidenceItems)] {
		o, _ := item.(map[string]any)
		if said, _ := o["Base64Encoded"].(bool); said && !formed("base64", text(o, "Payload")) {
			j.fault(at+"["+itoa(i)+"].Payload", formFaults["base64"][0], formFaults["base64"][1])
		}
	}
}
