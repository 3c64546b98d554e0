package inspect

import (
	"time"

	"github.com/cordonmail/cordon"
)

// XARFDocument is an XARF document: version 4 (xarf.org), or the older ones that have
// Version, ReporterInfo and Report (abusix, 1 to 3).
type XARFDocument struct {
	Version  string `json:"version"` // as written
	Major    int    `json:"major"`   // 1 to 4; 0 when it cannot be told
	ID       string `json:"id,omitempty"`
	Category string `json:"category,omitempty"` // v4 category, or ReportClass
	Type     string `json:"type,omitempty"`     // v4 type, or ReportType

	Reporter  Party     `json:"reporter"`
	Sender    Party     `json:"sender"`           // v4; before: OnBehalfOf
	Source    string    `json:"source,omitempty"` // IP address, domain or URL that is reported
	Port      int       `json:"port,omitempty"`
	Date      time.Time `json:"date,omitzero"`
	MailFrom  string    `json:"mail_from,omitempty"`
	RcptTo    string    `json:"rcpt_to,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	URL       string    `json:"url,omitempty"`

	Evidence []Exhibit `json:"evidence,omitempty"`
	// Faults is everything that breaks the rules of its version, each with the
	// field at fault; none of them: it is valid. Bounded to 100.
	Faults []cordon.Fault `json:"faults,omitempty"`
}

// Valid says whether the document keeps the rules of its version.
func (r XARFDocument) Valid() bool { return len(r.Faults) == 0 }

// Party is an organisation that reports.
type Party struct {
	Org     string         `json:"org,omitempty"`
	Contact cordon.Address `json:"contact,omitempty"`
	Domain  string         `json:"domain,omitempty"`
}

// Exhibit is one item of evidence, decoded.
type Exhibit struct {
	ContentType string `json:"content_type"`
	Description string `json:"description,omitempty"`
	Size        int    `json:"size"` // bytes of Data
	Data        []byte `json:"-"`
}

// Bounds of an XARF document (design: ≤ 5 MB each, 15 MB, 50 items).
const (
	MaxEvidenceItem  = 5 << 20  // bytes of one item, decoded
	MaxEvidence      = 15 << 20 // bytes of all items, decoded
	MaxEvidenceItems = 50
	maxFaults        = 100
)
