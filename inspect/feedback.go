package inspect

import (
	"net/netip"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Feedback is the machine-readable part of a feedback report (ARF, RFC 5965,
// 6591, 9477), read leniently: nothing in it is required.
type Feedback struct {
	// Type is the Feedback-Type in lower case as it is registered: abuse,
	// fraud, virus, not-spam, auth-failure, opt-out, opt-out-list, other, xarf.
	// A report that names none is "abuse"; one that is not registered "other".
	Type      string `json:"type"`
	Said      string `json:"said,omitempty"`    // the Feedback-Type as written, when it is not Type
	Version   string `json:"version,omitempty"` // 1; some write 0.1 or 1.0
	UserAgent string `json:"user_agent,omitempty"`

	SourceIP    netip.Addr `json:"source_ip,omitzero"`
	ArrivalDate time.Time  `json:"arrival_date,omitzero"` // or Received-Date; zero when missing or unreadable
	Incidents   int        `json:"incidents"`             // 1 when none is said
	EnvelopeID  string     `json:"envelope_id,omitempty"`

	MailFrom     cordon.Address   `json:"mail_from,omitempty"`
	RcptTo       []cordon.Address `json:"rcpt_to,omitempty"`
	Redacted     bool             `json:"redacted,omitempty"` // recipients are missing, hashed or blacked out
	ReportingMTA string           `json:"reporting_mta,omitempty"`

	Domains []string `json:"domains,omitempty"` // Reported-Domain
	URIs    []string `json:"uris,omitempty"`    // Reported-URI
	Results []string `json:"results,omitempty"` // Authentication-Results
	Failure string   `json:"failure,omitempty"` // Auth-Failure (RFC 6591)

	Fields []Pair `json:"fields,omitempty"` // every other field, in its order
}

const (
	maxReportFields = 200  // fields of one report
	maxReportValue  = 2000 // bytes of one value
)

// feedbackTypes are those registered with IANA.
var feedbackTypes = map[string]bool{
	"abuse": true, "fraud": true, "virus": true, "not-spam": true, "other": true,
	"auth-failure": true, "opt-out": true, "opt-out-list": true, "xarf": true,
}

// readFeedback reads the fields of a message/feedback-report part.
func readFeedback(body []byte) *Feedback {
	f := &Feedback{Incidents: 1}
	for _, p := range reportFields(body) {
		f.take(strings.ToLower(p.Name), p)
	}
	if f.Type == "" {
		f.Type = "abuse" // what nearly every loop that leaves it out means
	}
	if !feedbackTypes[f.Type] {
		f.Said, f.Type = f.Type, "other"
	}
	f.Redacted = f.Redacted || len(f.RcptTo) == 0
	return f
}

// reportFields reads name: value lines, also when empty lines part them.
func reportFields(body []byte) []Pair {
	var all []Pair
	for rest := body; len(rest) > 0 && len(all) < maxReportFields; {
		fields, after := message.Fields(rest)
		for _, field := range fields {
			if len(all) < maxReportFields {
				all = append(all, Pair{field.Name, clip(message.DecodeWords(field.Value), maxReportValue)})
			}
		}
		if len(after) >= len(rest) { // no field here: go on behind the line
			_, after = cutLine(rest)
		}
		rest = after
	}
	return all
}

func (f *Feedback) take(name string, p Pair) {
	v := p.Value
	switch name {
	case "feedback-type":
		if f.Type == "" {
			f.Type = strings.ToLower(strings.Trim(firstWord(v), `"'.,;`))
		}
	case "version":
		f.Version = v
	case "user-agent":
		f.UserAgent = v
	case "source-ip":
		if ip, ok := parseIP(v); ok {
			f.SourceIP = ip
		} else {
			f.Fields = append(f.Fields, p)
		}
	case "arrival-date", "received-date":
		if at, ok := parseDate(v); ok && f.ArrivalDate.IsZero() {
			f.ArrivalDate = at
		} else if !ok {
			f.Fields = append(f.Fields, p)
		}
	case "incidents":
		if n := atoi(v); n > 0 {
			f.Incidents = n
		}
	case "original-envelope-id":
		f.EnvelopeID = v
	case "original-mail-from":
		if a, ok := findAddress(v); ok {
			f.MailFrom = a
		} else {
			f.Fields = append(f.Fields, p)
		}
	case "original-rcpt-to", "removal-recipient", "original-recipient", "final-recipient":
		f.recipient(p)
	case "redacted-address":
		f.Redacted = true
		f.Fields = append(f.Fields, p)
	case "reporting-mta":
		f.ReportingMTA = typed(v)
	case "reported-domain":
		f.Domains = append(f.Domains, v)
	case "reported-uri":
		f.URIs = append(f.URIs, v)
	case "authentication-results":
		f.Results = append(f.Results, v)
	case "auth-failure":
		f.Failure = strings.ToLower(firstWord(v))
	default:
		f.Fields = append(f.Fields, p)
	}
}

// recipient keeps who complained; a hash in the place of the local part, or of
// the whole, says that the loop keeps the name for itself (RFC 6590).
func (f *Feedback) recipient(p Pair) {
	a, ok := findAddress(p.Value)
	if !ok {
		f.Redacted = true
		f.Fields = append(f.Fields, p)
		return
	}
	f.RcptTo = addAddress(f.RcptTo, a)
	local, _, _ := strings.Cut(string(a), "@")
	f.Redacted = f.Redacted || hashed(local) || strings.Contains(strings.ToLower(local), "redacted")
}

// hashed says whether a local part is the hexadecimal of a digest.
func hashed(local string) bool {
	if len(local) != 32 && len(local) != 40 && len(local) != 56 && len(local) != 64 {
		return false
	}
	return strings.Trim(strings.ToLower(local), "0123456789abcdef") == ""
}
