package inspect

import (
	"bytes"
	"encoding/json"
	"strings"
)

// event is a mail service's notification in JSON (Amazon SES, by mail or as it
// is): the shape of its public documentation.
type event struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Message          string `json:"Message"` // SNS wraps the notification in a string
	Bounce           struct {
		BounceType        string        `json:"bounceType"`
		BounceSubType     string        `json:"bounceSubType"`
		BouncedRecipients []eventPerson `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		ComplainedRecipients  []eventPerson `json:"complainedRecipients"`
		ComplaintFeedbackType string        `json:"complaintFeedbackType"`
		UserAgent             string        `json:"userAgent"`
		ArrivalDate           string        `json:"arrivalDate"`
	} `json:"complaint"`
	Delivery struct {
		Recipients   []string `json:"recipients"`
		SMTPResponse string   `json:"smtpResponse"`
	} `json:"delivery"`
	Mail struct {
		CommonHeaders struct {
			MessageID string `json:"messageId"`
		} `json:"commonHeaders"`
		Headers []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
	} `json:"mail"`
}

type eventPerson struct {
	EmailAddress   string `json:"emailAddress"`
	Action         string `json:"action"`
	Status         string `json:"status"`
	DiagnosticCode string `json:"diagnosticCode"`
}

// readEvent reads such a notification; false when the bytes are none.
func readEvent(raw []byte) (event, bool) {
	var e event
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' || !bytes.Contains(raw[:min(len(raw), 64<<10)], []byte("otificationType")) && !bytes.Contains(raw, []byte(`"eventType"`)) && !bytes.Contains(raw, []byte(`"Message"`)) {
		return e, false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if dec.Decode(&e) != nil {
		return e, false
	}
	if e.NotificationType == "" && e.EventType == "" && strings.HasPrefix(strings.TrimSpace(e.Message), "{") {
		var inner event
		if json.Unmarshal([]byte(e.Message), &inner) != nil {
			return e, false
		}
		e = inner
	}
	if e.NotificationType == "" {
		e.NotificationType = e.EventType
	}
	return e, e.NotificationType != ""
}

// provider reads the notification of a mail service in a letter's text.
func provider(m *letter, f *Found) bool {
	for _, l := range m.leaves {
		if strings.HasPrefix(l.mediaType, "text/") || l.mediaType == "application/json" {
			body := l.body
			if i := bytes.IndexByte(body, '{'); i > 0 && i < 200 && len(bytes.TrimSpace(body[:i])) == 0 {
				body = body[i:]
			}
			if e, ok := readEvent(unbreak(body)); ok && e.answer(f) {
				return true
			}
		}
	}
	return false
}

// unbreak joins JSON that a mail system has broken into lines inside its strings.
func unbreak(b []byte) []byte {
	if json.Valid(firstObject(b)) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), nil)
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("!\n "), nil), []byte("\n"), nil)
}

// firstObject is the first JSON value of b, when it is whole.
func firstObject(b []byte) []byte {
	var raw json.RawMessage
	if json.NewDecoder(bytes.NewReader(b)).Decode(&raw) != nil {
		return nil
	}
	return raw
}

// answer makes the answer of a notification.
func (e event) answer(f *Found) bool {
	f.Clues.messageID(e.Mail.CommonHeaders.MessageID)
	for i, h := range e.Mail.Headers {
		if i < 200 && strings.EqualFold(h.Name, "Message-ID") {
			f.Clues.messageID(h.Value)
		}
	}
	var returns []Return
	switch e.NotificationType {
	case "Bounce":
		for i, p := range e.Bounce.BouncedRecipients {
			if i < maxRecipients {
				returns = append(returns, e.returned(p))
			}
		}
		if len(returns) == 0 {
			r := Return{Action: "failed"}
			r.settle("", reply{}, e.Bounce.BounceSubType)
			returns = append(returns, r)
		}
	case "DeliveryDelay":
		returns = []Return{{Action: "delayed", Class: Soft, Status: "4.4.7", Reason: Expired}}
	case "Delivery", "Send":
		for _, to := range e.Delivery.Recipients[:min(len(e.Delivery.Recipients), maxRecipients)] {
			a, _ := findAddress(to)
			r := readReply(e.Delivery.SMTPResponse)
			if r.status == "" {
				r.status = "2.0.0"
			}
			returns = append(returns, Return{Recipient: a, Action: "delivered", Class: None, Status: r.status, Reason: Delivered, Diagnostic: clip(e.Delivery.SMTPResponse, 1000)})
		}
		if len(returns) == 0 {
			returns = []Return{{Action: "delivered", Class: None, Status: "2.0.0", Reason: Delivered}}
		}
	case "Complaint":
		f.complained(e)
		return true
	default:
		return false
	}
	f.bounce(returns)
	return true
}

func (e event) returned(p eventPerson) Return {
	r := Return{Action: actionOf(strings.ToLower(p.Action), p.Status), Diagnostic: clip(p.DiagnosticCode, 1000)}
	r.Recipient, _ = findAddress(p.EmailAddress)
	if p.Action == "" {
		r.Action = "failed"
	}
	said := typed(p.DiagnosticCode)
	r.settle(cleanStatus(p.Status), readReply(said), said)
	if r.Reason == Undefined {
		switch e.Bounce.BounceSubType {
		case "NoEmail", "Suppressed", "OnAccountSuppressionList":
			r.Reason = UserUnknown
		case "MailboxFull":
			r.Reason = MailboxFull
		case "MessageTooLarge":
			r.Reason = TooLarge
		case "ContentRejected", "AttachmentRejected":
			r.Reason = Content
		}
		r.Class = classOf(r.Status, r.Reason)
	}
	return r
}

func (f *Found) complained(e event) {
	fb := &Feedback{Type: strings.ToLower(e.Complaint.ComplaintFeedbackType), UserAgent: e.Complaint.UserAgent, Incidents: 1}
	if fb.Type == "" {
		fb.Type = "abuse"
	}
	if !feedbackTypes[fb.Type] {
		fb.Said, fb.Type = fb.Type, "other"
	}
	fb.ArrivalDate, _ = parseDate(e.Complaint.ArrivalDate)
	for _, p := range e.Complaint.ComplainedRecipients {
		if a, ok := findAddress(p.EmailAddress); ok {
			fb.RcptTo = addAddress(fb.RcptTo, a)
		}
	}
	fb.Redacted = len(fb.RcptTo) == 0
	f.Kind, f.Reason, f.Feedback, f.Recipients = Complaint, reasonOfFeedback(fb.Type), fb, fb.RcptTo
}
