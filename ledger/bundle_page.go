package ledger

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

//go:embed pages/report.html
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"count": cordon.Thousands,
	"time": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2 January 2006, 15:04:05 UTC")
	},
}).Parse(reportText))

// bundleWords is README.txt of a bundle.
const bundleWords = `This is the evidence of one incident, as Cordon's ledger holds it.

report.html       for people; it prints well
manifest.json     what this bundle is, and the SHA-256 of every file; manifest.note signs it
checkpoint.txt    the ledger's size and root, signed (C2SP tlog-checkpoint), with witnesses' signatures
entries.ndjson    every entry about the incident, each with its inclusion proof (RFC 6962 2.1.1)
assessment.json   the figures
copies/           every copy of every dispatch concerned, and where it stands; no addresses
documents/        what was told about it

cordon verify THIS.zip checks all of it, on any machine, with nothing but this
file. It computes the figures anew from the entries. Name the ledger's key with
--key and its witnesses' with --witness, from where you trust them: a bundle
that vouches for its own key proves only that it is whole.

"number" in copies/ is the recipient's place in the store; the acceptance of a
dispatch is bound to the SHA-256 over these, in the order of "seq", with commas
between. What a bundle cannot show is that entries were left out of it.
`

// reportLine is one line of the report's timeline.
type reportLine struct {
	At           time.Time
	Num          int64
	What, By, Of string
	Details      string
}

// reportPage renders the report for people.
func reportPage(m Manifest, w *bundleWriter) ([]byte, error) {
	lines := make([]reportLine, 0, len(w.entries))
	var told int
	for _, e := range w.entries {
		if told++; told > maxReportLines {
			break
		}
		lines = append(lines, lineOf(e))
	}
	var b bytes.Buffer
	err := reportTemplate.Execute(&b, map[string]any{
		"Manifest": m, "Damage": w.damage, "Lines": lines, "More": len(w.entries) - len(lines), "Witnesses": witnessNames(w.witnesses), "Copies": w.copies,
	})
	return b.Bytes(), err
}

// maxReportLines keeps the report printable; entries.ndjson has all.
const maxReportLines = 2000

func witnessNames(lines []string) []string {
	var names []string
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) == 3 {
			names = append(names, fields[1])
		}
	}
	return names
}

// reportWords say in words what a kind of entry means; a kind without any is
// shown by its name.
var reportWords = map[cordon.EntryKind]string{
	cordon.EntryDispatchAccepted: "A send was accepted", cordon.EntryDispatchHeld: "A send was held for a person", cordon.EntryDispatchReleased: "It was released",
	cordon.EntryDispatchDiscarded: "It was discarded", cordon.EntryAttempts: "Copies were tried", cordon.EntrySwept: "Copies were moved by a stop or its end",
	cordon.EntrySignal: "Something was noticed", cordon.EntryStopPlaced: "A stop was placed", cordon.EntryStopLifted: "A stop was lifted",
	cordon.EntryKeySuspended: "A key was suspended", cordon.EntryKeyRevoked: "A key was revoked", cordon.EntryKeyResumed: "A key may act again",
	cordon.EntryPersonalDataRead: "Personal data was opened", cordon.EntryOrderRefused: "An order was refused",
	cordon.EntryIncidentOpened: "The incident was opened", cordon.EntryIncidentMoved: "Its state changed", cordon.EntryIncidentChanged: "It was changed", cordon.EntryIncidentNoted: "A person noted",
	cordon.EntryPageTriggered: "Somebody was paged", cordon.EntryPageAcked: "The page was acknowledged", cordon.EntryPageResolved: "The page was over",
	cordon.EntryAnnounced: "It was announced", cordon.EntryNoticeDrafted: "A notice was drafted", cordon.EntryNoticeApproved: "A notice was approved", cordon.EntryNoticeSent: "A notice was sent",
	cordon.EntryClockDecided: "A legal clock was decided", cordon.EntryProblemMoved: "A reported problem changed", cordon.EntryReportReceived: "A report came in",
	cordon.EntryStageOpened: "A stage was opened", cordon.EntryStageHeld: "A stage was held", cordon.EntryStageDone: "A stage passed",
	cordon.EntryBundled: "A bundle of the evidence was made", cordon.EntryComplaint: "A complaint was recorded",
}

func lineOf(e cordon.Entry) reportLine {
	l := reportLine{At: e.At, Num: e.Num, What: reportWords[e.Kind], By: e.Actor, Of: e.Subject}
	if l.What == "" {
		l.What = string(e.Kind)
	}
	var body map[string]any
	if json.Unmarshal(e.Body, &body) != nil {
		return l
	}
	var parts []string
	for _, name := range []string{"outcome", "copies", "recipients", "grade", "state", "to", "severity", "title", "reason", "text", "message", "purpose", "decision", "because"} {
		if v, there := body[name]; there && v != "" {
			parts = append(parts, fmt.Sprintf("%s: %v", name, v))
		}
	}
	l.Details = strings.Join(parts, " · ")
	return l
}
