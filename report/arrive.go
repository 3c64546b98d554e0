package report

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
	"github.com/cordonmail/cordon/message"
)

// Box is what an address of ours receives.
type Box int

const (
	NoBox     Box = iota // none of ours
	Reports              // the abuse mailbox
	Questions            // "is this really from you?"
	Returns              // a return path, unique to a copy or to a message of the outbox
)

// BoxOf says what arrives at the address. Every return path of the right shape is
// one: who guesses learns nothing.
func (c *Clerk) BoxOf(a cordon.Address) Box {
	local, domain, _ := strings.Cut(strings.ToLower(string(a)), "@")
	for box, list := range map[Box][]cordon.Address{Reports: c.Mailboxes, Questions: c.Questions} {
		for _, own := range list {
			if strings.EqualFold(string(own), local+"@"+domain) {
				return box
			}
		}
	}
	if c.BounceDomain != "" && domain == strings.ToLower(c.BounceDomain) {
		if _, ok := returnToken(local, copyReturn); ok {
			return Returns
		}
		if _, ok := returnToken(local, cordon.OutgoingReturn); ok {
			return Returns
		}
	}
	return NoBox
}

// What the local part of a return path begins with, and how long the rest is: the
// code of a copy, or the random part of an OutgoingID. Both are unguessable.
const (
	copyReturn = "b-"
	codeChars  = 26
)

func returnToken(local, prefix string) (string, bool) {
	token, ok := strings.CutPrefix(strings.ToLower(local), prefix)
	return token, ok && len(token) == codeChars
}

// Receives says whether any mail comes in at all, and at which domains.
func (c *Clerk) Receives() (domains []string) {
	for _, list := range [][]cordon.Address{c.Mailboxes, c.Questions} {
		for _, a := range list {
			domains = append(domains, a.Domain())
		}
	}
	if c.BounceDomain != "" {
		domains = append(domains, strings.ToLower(c.BounceDomain))
	}
	return domains
}

// Arrived is a mail that came in by SMTP.
type Arrived struct {
	To      cordon.Address
	From    cordon.Address // the envelope's; "" is the null sender
	Network string
	Raw     []byte
}

// Arrive takes a mail that came in. When it returns nil the mail is safe, or was
// one that nobody needs; otherwise the sender must try again.
func (c *Clerk) Arrive(ctx context.Context, by cordon.Actor, a Arrived) error {
	if !by.Can(cordon.ReportInbound, "") {
		return mayNot("report mail that came in")
	}
	if len(a.Raw) > MaxReport {
		return cordon.InvalidField("mail", "is larger than 15 MB", "send less")
	}
	switch c.BoxOf(a.To) {
	case Reports:
		return c.arriveReport(ctx, a)
	case Questions:
		return c.arriveQuestion(ctx, a)
	case Returns:
		return c.arriveReturn(ctx, a)
	}
	return &cordon.Error{Code: cordon.Missing, Field: "to", Message: "is no mailbox of this installation", Remedy: "give the address of its mailbox for reports"}
}

func (c *Clerk) arriveReport(ctx context.Context, a Arrived) error {
	reporter := cordon.Address("")
	if a.From != "" { // never an answer to a null sender (RFC 3834 2)
		reporter = c.senderOf(a.Raw)
	}
	_, _, err := c.Store.ReceiveReport(ctx, cordon.NewReport{
		Way: cordon.WayMail, Raw: a.Raw, Digest: digestOf("raw", content(a.Raw)), Reporter: reporter, Network: a.Network, Tracking: newTracking(),
	})
	return err
}

// arriveReturn reads what came back to a return path. A bounce is noted at its
// copy; a complaint is a report like any other; everything else is counted.
func (c *Clerk) arriveReturn(ctx context.Context, a Arrived) error {
	found, err := c.Read(a.Raw)
	if err != nil {
		return c.Store.CountReturned(ctx, cordon.ReturnedUnknown)
	}
	switch found.Kind {
	case inspect.Bounce:
		return c.bounced(ctx, a, found)
	case inspect.Complaint, inspect.XARF, inspect.AbuseNotice:
		return c.arriveReport(ctx, a)
	case inspect.AutoReply:
		return c.Store.CountReturned(ctx, cordon.ReturnedAutoReply)
	case inspect.DeliveryReceipt:
		return c.Store.CountReturned(ctx, cordon.ReturnedReceipt)
	}
	return c.Store.CountReturned(ctx, cordon.ReturnedUnknown)
}

// bounced notes a bounce at the copy, or at the message of the outbox, that its
// return path names. The token says which: nothing that the bounce itself claims
// is believed for that.
func (c *Clerk) bounced(ctx context.Context, a Arrived, found inspect.Found) error {
	local, _, _ := strings.Cut(string(a.To), "@")
	if token, ok := returnToken(local, cordon.OutgoingReturn); ok {
		return c.outgoingBounced(ctx, token, found)
	}
	token, _ := returnToken(local, copyReturn)
	ref, ours := c.Codes.Ref(cordon.MessageCode(token))
	b := cordon.LateBounce{Class: cordon.BounceSoft, Status: cleanStatus(found.Status)}
	switch found.Class {
	case inspect.Hard:
		b.Class = cordon.BounceHard
	case inspect.None:
		ours = false
	}
	if !ours {
		return c.Store.CountReturned(ctx, cordon.ReturnedUnknown)
	}
	_, err := c.Store.RecordLateBounce(ctx, ref, b, c.Limits.SuppressLate)
	if cordon.CodeOf(err) == cordon.Missing {
		return c.Store.CountReturned(ctx, cordon.ReturnedUnknown)
	}
	return err
}

// outgoingBounced notes that a message of the outbox came back for good: whoever
// was to be woken or told by it was not, and whatever hangs on that goes on. What
// comes back for now is still tried by a server on its way.
func (c *Clerk) outgoingBounced(ctx context.Context, token string, found inspect.Found) error {
	if found.Class != inspect.Hard {
		return c.Store.CountReturned(ctx, cordon.ReturnedUnknown)
	}
	return c.Store.FailOutgoing(ctx, cordon.OutgoingWith(token), strings.TrimSpace("came back "+cleanStatus(found.Status)))
}

// cleanStatus is an enhanced status of at most three numbers (RFC 3463 2), or "".
func cleanStatus(s string) string {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || len(s) > 11 {
		return ""
	}
	for _, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" {
			return ""
		}
	}
	return s
}

// senderOf is who a message says it is from; "" when that is no one address, or
// one of ours.
func (c *Clerk) senderOf(raw []byte) cordon.Address {
	head, err := readHead(raw)
	if err != nil {
		return ""
	}
	a, err := cordon.ParseAddress(head.from)
	if err != nil || c.BoxOf(a) != NoBox || c.BounceDomain != "" && strings.EqualFold(a.Domain(), c.BounceDomain) {
		return ""
	}
	return a
}

// head is what a message's header says of itself.
type head struct {
	from      string
	automatic bool // made by a machine, a list or a bulk sender: never answered (RFC 3834 2)
	messageID string
	twice     bool // a field that may stand once stands twice
	fields    map[string][]string
}

var errNoHead = errors.New("no header")

const mostRead = 1000 // fields of a header, as message.Fields has it

// readHead reads the header of a message. Names are in lower case.
func readHead(raw []byte) (head, error) {
	h := head{fields: map[string][]string{}}
	fields, _ := message.Fields(raw)
	if len(fields) == 0 {
		return h, errNoHead
	}
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		h.fields[name] = append(h.fields[name], f.Value)
	}
	for _, name := range []string{"from", "subject", "date", "to", "message-id", "reply-to", "mime-version", "content-type", "content-transfer-encoding", "sender"} {
		h.twice = h.twice || len(h.fields[name]) > 1
	}
	h.twice = h.twice || len(fields) >= mostRead // what lies beyond was not read
	parsed, err := message.Parse(cut(raw))
	if err != nil {
		return h, errNoHead
	}
	h.from = parsed.FromAddress
	h.messageID = h.one("message-id")
	h.automatic = h.machine()
	return h, nil
}

// cut is the header of a message alone: that is all that needs to be read.
func cut(raw []byte) []byte {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(end)); i >= 0 {
			return raw[:i+len(end)]
		}
	}
	return raw
}

func (h head) one(name string) string {
	if v := h.fields[name]; len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

// machine says whether the message was not written by a person.
func (h head) machine() bool {
	if v := strings.ToLower(h.one("auto-submitted")); v != "" && !strings.HasPrefix(v, "no") {
		return true
	}
	switch strings.ToLower(h.one("precedence")) {
	case "bulk", "list", "junk":
		return true
	}
	for _, name := range []string{"list-id", "list-post", "feedback-id", "x-auto-response-suppress", "x-loop", "x-autoreply", "x-failed-recipients"} {
		if len(h.fields[name]) > 0 {
			return true
		}
	}
	local, _, _ := strings.Cut(strings.ToLower(h.from), "@")
	for _, robot := range []string{"mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply", "bounce", "bounces", "root", "daemon"} {
		if local == robot {
			return true
		}
	}
	return false
}
