package inspect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// valid4 is a valid document of version 4 with changes; a nil value takes a
// field out.
func valid4(changes map[string]any) []byte {
	party := map[string]any{"org": "Trap Network", "contact": "reports@trap.example", "domain": "trap.example"}
	doc := map[string]any{
		"xarf_version": "4.2.0", "report_id": "02eb480f-8172-431a-9276-c28ba90f694a", "timestamp": "2026-11-01T09:00:00Z",
		"reporter": party, "sender": party, "source_identifier": "203.0.113.9", "source_port": 25,
		"category": "messaging", "type": "spam", "protocol": "smtp", "smtp_from": "b-4kzq8w3v7n2m9p5r6t1x0y8b4c@bounce.clinic.example",
		"evidence": []any{map[string]any{"content_type": "message/rfc822", "payload": base64.StdEncoding.EncodeToString([]byte(returned))}},
	}
	return changed(doc, changes)
}

func valid3(changes map[string]any) []byte {
	doc := map[string]any{
		"Version": "3", "Disclosure": true,
		"ReporterInfo": map[string]any{"ReporterOrg": "Trap Network", "ReporterOrgDomain": "trap.example", "ReporterOrgEmail": "reports@trap.example"},
		"Report": map[string]any{
			"ReportClass": "Activity", "ReportType": "Spam", "Date": "2026-11-01T09:00:00Z", "SourceIp": "203.0.113.9",
			"Samples": []any{map[string]any{"ContentType": "message/rfc822", "Base64Encoded": true, "Payload": base64.StdEncoding.EncodeToString([]byte(returned))}},
		},
	}
	return changed(doc, changes)
}

// changed sets fields by path: "Report.Date".
func changed(doc map[string]any, changes map[string]any) []byte {
	for path, v := range changes {
		at, name := doc, path
		for {
			head, rest, deeper := strings.Cut(name, ".")
			if !deeper {
				break
			}
			inner := maps.Clone(at[head].(map[string]any))
			at[head] = inner
			at, name = inner, rest
		}
		if v == nil {
			delete(at, name)
			continue
		}
		at[name] = v
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return raw
}

func TestXARFValid(t *testing.T) {
	for name, doc := range map[string][]byte{"version 4": valid4(nil), "version 3": valid3(nil), "with a byte order mark": append([]byte("\xef\xbb\xbf"), valid4(nil)...)} {
		found, err := Read(doc)
		if err != nil || found.Kind != XARF || found.Reason != Spam || !found.Report.Valid() {
			t.Fatalf("%s: %v %s %s %+v", name, err, found.Kind, found.Reason, found.Report)
		}
		if len(found.Enclosed) != 1 || found.Enclosed[0].How != AsEvidence || !slices.Contains(found.Clues.Tokens, "4kzq8w3v7n2m9p5r6t1x0y8b4c") {
			t.Errorf("%s: encloses %d, tokens %q", name, len(found.Enclosed), found.Clues.Tokens)
		}
		if r := found.Report; r.Source != "203.0.113.9" || r.Reporter.Org != "Trap Network" || r.Reporter.Contact != "reports@trap.example" || r.Date.Year() != 2026 || len(r.Evidence) != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestXARFFaults: every fault is named by its field.
func TestXARFFaults(t *testing.T) {
	many := make([]any, 51)
	for i := range many {
		many[i] = map[string]any{"content_type": "text/plain", "payload": "eA=="}
	}
	big := strings.Repeat("QUFB", MaxEvidenceItem/3+1)
	large := make([]any, 16)
	for i := range large {
		large[i] = map[string]any{"content_type": "text/plain", "payload": strings.Repeat("QUFB", 1<<20/3)}
	}
	for name, c := range map[string]struct {
		doc    []byte
		fields []string
	}{
		"reporter missing":          {valid4(map[string]any{"reporter": nil}), []string{"reporter"}},
		"two missing":               {valid4(map[string]any{"report_id": nil, "timestamp": nil}), []string{"report_id", "timestamp"}},
		"a bad date":                {valid4(map[string]any{"timestamp": "yesterday"}), []string{"timestamp"}},
		"no UUID":                   {valid4(map[string]any{"report_id": "17"}), []string{"report_id"}},
		"a wrong type":              {valid4(map[string]any{"source_port": "25"}), []string{"source_port"}},
		"port out of range":         {valid4(map[string]any{"source_port": 70000}), []string{"source_port"}},
		"unknown category":          {valid4(map[string]any{"category": "weather"}), []string{"category"}},
		"unknown type":              {valid4(map[string]any{"type": "rain"}), []string{"type"}},
		"the type of another":       {valid4(map[string]any{"type": "phishing"}), []string{"type"}},
		"an unknown protocol":       {valid4(map[string]any{"protocol": "pigeon"}), []string{"protocol"}},
		"by SMTP without sender":    {valid4(map[string]any{"smtp_from": nil}), []string{"smtp_from"}},
		"contact is no address":     {valid4(map[string]any{"reporter.contact": "nobody"}), []string{"reporter.contact"}},
		"a field too many":          {valid4(map[string]any{"sender.phone": "1"}), []string{"sender.phone"}},
		"evidence is no base64":     {valid4(map[string]any{"evidence": []any{map[string]any{"content_type": "text/plain", "payload": "!!"}}}), []string{"evidence[0].payload"}},
		"evidence without a type":   {valid4(map[string]any{"evidence": []any{map[string]any{"payload": "eA=="}}}), []string{"evidence[0].content_type"}},
		"51 items of evidence":      {valid4(map[string]any{"evidence": many}), []string{"evidence"}},
		"an item above 5 MB":        {valid4(map[string]any{"evidence": []any{map[string]any{"content_type": "text/plain", "payload": big}}}), []string{"evidence[0]"}},
		"evidence above 15 MB":      {valid4(map[string]any{"evidence": large}), []string{"evidence"}},
		"evidence is no list":       {valid4(map[string]any{"evidence": "x"}), []string{"evidence"}},
		"null where a text must be": {[]byte(strings.Replace(string(valid4(nil)), `"smtp"`, "null", 1)), []string{"protocol"}},
		"version 4 in name alone":   {[]byte(`{"xarf_version":"4.0.0"}`), []string{"report_id", "timestamp", "reporter", "sender", "source_identifier", "category", "type"}},
		"3: reporter missing":       {valid3(map[string]any{"ReporterInfo": nil}), []string{"ReporterInfo"}},
		"3: no version":             {valid3(map[string]any{"Version": nil}), []string{"Version"}},
		"3: a version to come":      {valid3(map[string]any{"Version": "9"}), []string{"Version"}},
		"3: report missing":         {valid3(map[string]any{"Report": nil}), []string{"Report"}},
		"3: a bad address":          {valid3(map[string]any{"Report.SourceIp": "300.1.1.1"}), []string{"Report.SourceIp"}},
		"3: an unknown type":        {valid3(map[string]any{"Report.ReportType": "Rain"}), []string{"Report.ReportType"}},
		"3: an unknown class":       {valid3(map[string]any{"Report.ReportClass": "Weather"}), []string{"Report.ReportClass", "Report.ReportType"}},
		"3: type of another class":  {valid3(map[string]any{"Report.ReportClass": "Content"}), []string{"Report.ReportType"}},
		"3: a bad date":             {valid3(map[string]any{"Report.Date": "1.11.2026"}), []string{"Report.Date"}},
		"3: a field too many":       {valid3(map[string]any{"ReporterInfo.Fax": "1"}), []string{"ReporterInfo.Fax"}},
		"3: sample is no base64":    {valid3(map[string]any{"Report.Samples": []any{map[string]any{"ContentType": "text/plain", "Base64Encoded": true, "Payload": "!!"}}}), []string{"Report.Samples[0].Payload"}},
		"3: the report is a list":   {valid3(map[string]any{"Report": []any{}}), []string{"Report"}},
		"3: phishing without a URL": {valid3(map[string]any{"Report.ReportClass": "Content", "Report.ReportType": "Phishing"}), []string{"Report.SourceUrl"}},
		"3: a version and no more":  {[]byte(`{"Version":"3"}`), []string{"Disclosure", "ReporterInfo", "Report"}},
		"nothing":                   {[]byte(`{}`), []string{"document"}},
		"broken off":                {valid4(nil)[:200], []string{"document"}},
		"something behind":          {append(valid4(nil), "{}"...), []string{"document"}},
		"too many values":           {valid4(map[string]any{"tags": make([]int, maxValues)}), []string{"document"}},
		"a list of reports":         {[]byte("[" + string(valid4(nil)) + "]"), []string{"document"}},
	} {
		found, err := Read(c.doc)
		if err != nil || found.Kind != XARF || found.Reason != Invalid {
			t.Errorf("%s: %v %s %s", name, err, found.Kind, found.Reason)
			continue
		}
		var fields []string
		for _, f := range found.Report.Faults {
			fields = append(fields, f.Field)
			if f.Message == "" {
				t.Errorf("%s: a fault without words at %s", name, f.Field)
			}
		}
		if !slices.Equal(fields, c.fields) {
			t.Errorf("%s: faults at %q, want %q", name, fields, c.fields)
		}
	}
}

func TestXARFFaultsAreBounded(t *testing.T) {
	party := map[string]any{}
	for i := range 5000 {
		party[fmt.Sprintf("%d\n%s", i, strings.Repeat("x", 200))] = i
	}
	found, err := Read(valid4(map[string]any{"reporter": party}))
	if err != nil || len(found.Report.Faults) != maxFaults {
		t.Fatalf("%v %d", err, len(found.Report.Faults))
	}
	for _, f := range found.Report.Faults {
		if len(f.Field) > 100 || strings.ContainsAny(f.Field, "\r\n\t") {
			t.Fatalf("%q", f.Field)
		}
	}
}

func TestXARFByMail(t *testing.T) {
	for name, text := range map[string]string{
		"attached":        "From: r@trap.example\nSubject: report\nX-XARF: PLAIN\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nSee the report.\n--c\nContent-Type: application/json; name=xarf.json\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(valid4(nil)) + "\n--c--\n",
		"as the text":     "From: r@trap.example\nSubject: report\nContent-Type: text/plain\n\n" + string(valid3(nil)) + "\n",
		"inside a report": "From: r@trap.example\nSubject: report\nContent-Type: multipart/report; report-type=feedback-report; boundary=c\n\n--c\nContent-Type: message/feedback-report\n\nFeedback-Type: xarf\nVersion: 1\n--c\nContent-Type: application/json\n\n" + string(valid4(nil)) + "\n--c--\n",
	} {
		if found := mustRead(t, text); found.Kind != XARF || found.Reason != Spam || !found.Report.Valid() || len(found.Enclosed) != 1 {
			t.Errorf("%s: %s %s", name, found.Kind, found.Reason)
		}
	}
}

// TestTheRulesAreWhole: every type that the specification names has its rules,
// and what the rules refer to exists.
func TestTheRulesAreWhole(t *testing.T) {
	book := xarf4Rules()
	total := 0
	for _, category := range book["core"].fields["category"].enum {
		types := book.types(category)
		if len(types) == 0 {
			t.Errorf("%s has no types", category)
		}
		total += len(types)
	}
	if total != 32 { // XARF 4.2: 32 combinations
		t.Errorf("%d types", total)
	}
	for _, book := range []rulebook{book, xarf3Rules()} {
		for name, section := range book {
			for _, other := range section.with {
				if book[other] == nil {
					t.Errorf("%s: with %s, which is nowhere", name, other)
				}
			}
		}
	}
}

func TestTypesAsReasons(t *testing.T) {
	for kind, want := range map[string]Reason{"login_attack": "login-attack", "LoginAttack": "login-attack", "DDoS": "ddos", "DOS": "dos", "OpenService": "open-service", "a\tb": OtherType, "": ""} {
		if got := typeReason(kind); got != want {
			t.Errorf("%q: %q, want %q", kind, got, want)
		}
	}
}
