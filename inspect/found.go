package inspect

import (
	"log/slog"

	"github.com/cordonmail/cordon"
)

// Kind is what a message is: a closed list.
type Kind string

const (
	Bounce          Kind = "bounce"           // a copy was not delivered, or not yet
	Complaint       Kind = "complaint"        // somebody who got a message says it was wrong, or wants no more
	AutoReply       Kind = "auto-reply"       // a mailbox answered by itself
	DeliveryReceipt Kind = "delivery-receipt" // a copy was delivered, passed on, or shown
	AbuseNotice     Kind = "abuse-notice"     // a third party tells of spam, fraud or an attack
	XARF            Kind = "xarf"             // a report in the XARF format, valid or not
	Other           Kind = "other"
)

// Class is what a bounce means for the address. A hard one says that no copy
// will ever reach it: the mailbox or its domain does not exist, has moved, or
// takes no mail. Everything else that failed is soft: a full or suspended
// mailbox, a block, a size, a policy says nothing of the next message.
type Class string

const (
	Hard Class = "hard"
	Soft Class = "soft"
	None Class = "none" // no bounce
)

// Found is what Read finds in one message.
type Found struct {
	Kind   Kind   `json:"kind"`
	Class  Class  `json:"class"`
	Status string `json:"status,omitempty"` // RFC 3463, of the gravest return
	Reason Reason `json:"reason,omitempty"`
	// Recipients are those the message is about, each once: whom a bounce did
	// not reach, who complained. What cannot be an address is left out.
	Recipients []cordon.Address `json:"recipients,omitempty"`

	Subject string         `json:"subject,omitempty"`
	From    cordon.Address `json:"from,omitempty"` // as claimed

	Returns  []Return      `json:"returns,omitempty"`  // of a bounce or receipt: each recipient's
	Feedback *Feedback     `json:"feedback,omitempty"` // of an ARF report, also of one that is an abuse notice
	Report   *XARFDocument `json:"report,omitempty"`   // of an XARF document
	Notice   *Allegation   `json:"notice,omitempty"`   // of an abuse notice

	Enclosed []Enclosed `json:"enclosed,omitempty"` // the messages it speaks of
	Clues    Clues      `json:"clues"`
}

func (Found) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Found) String() string       { return "[personal data]" }
func (Found) GoString() string     { return "[personal data]" }

// Return is what became of one recipient's copy (RFC 3464 2.3).
type Return struct {
	Recipient  cordon.Address `json:"recipient,omitempty"`
	Original   cordon.Address `json:"original,omitempty"` // as the sender wrote it (Original-Recipient)
	Action     string         `json:"action"`             // failed, delayed, delivered, relayed, expanded
	Class      Class          `json:"class"`
	Status     string         `json:"status,omitempty"`
	Reply      int            `json:"reply,omitempty"` // SMTP reply code, 0 when none is told
	Reason     Reason         `json:"reason,omitempty"`
	Diagnostic string         `json:"diagnostic,omitempty"` // at most 1,000 bytes of what the server said
	RemoteMTA  string         `json:"remote_mta,omitempty"`
}

// Enclosed is a message that the received one carries or quotes.
type Enclosed struct {
	How EnclosedHow `json:"how"`
	// Raw is the message: header, empty line, body. Of one quoted in text only
	// the fields shown are there, their names in English. It may share memory
	// with the message read.
	Raw []byte `json:"raw"`
}

// EnclosedHow is how whole an enclosed message is, and where it comes from.
type EnclosedHow string

const (
	AsMessage  EnclosedHow = "message"  // message/rfc822: whole, as the reporter has it
	AsHeaders  EnclosedHow = "headers"  // its header, sometimes with some text
	AsQuote    EnclosedHow = "quote"    // forwarded in text: a person's mail program wrote its header anew
	AsEvidence EnclosedHow = "evidence" // evidence of an XARF report
)

// Clues is everything in a message, its header and the messages enclosed in it
// that can lead to one of ours. A clue proves nothing: whoever reads it checks it
// with the key. Each is there once.
type Clues struct {
	MessageIDs  []string             `json:"message_ids,omitempty"`  // without brackets
	Tokens      []string             `json:"tokens,omitempty"`       // shaped like the token of a copy
	Codes       []cordon.MessageCode `json:"codes,omitempty"`        // shaped like a message code
	FeedbackIDs []string             `json:"feedback_ids,omitempty"` // Feedback-ID, CFBL-Feedback-ID

	read int // bytes of text searched so far
}

// Allegation is what an abuse notice tells in its own words.
type Allegation struct {
	Sources []string `json:"sources,omitempty"` // IP addresses named as the source, at most 50
	URLs    []string `json:"urls,omitempty"`    // named in it, as written, at most 50
	// Fields of an X-ARF 0.1 or 0.2 report, or of lines that look like one.
	Fields []Pair `json:"fields,omitempty"`
}

// Pair is a field of a report, as written.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
