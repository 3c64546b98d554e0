package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
)

// Bounds of what is taken, in bytes.
const (
	MaxReport = 15 << 20 // a report by mail, REST or hand; an XARF document is larger by its base64
	MaxXARF   = MaxReport*4/3 + 1<<20
	MaxForm   = 1 << 20 // a message uploaded in the form or to be checked
	maxWords  = 20_000  // what somebody types into the form
)

// In is a report from a caller who was let in by his own right.
type In struct {
	Way     cordon.ReportWay
	Raw     []byte
	Network string // of the client; "" when not known
	// Exercise: it belongs to a drill.
	Exercise bool
}

// Receive stores a report that a caller of ours hands over: a message or an XARF
// document. Once it returns, the report is safe; it is filed soon after. Of two
// that are exactly the same the second is dropped and answered with the first.
func (c *Clerk) Receive(ctx context.Context, by cordon.Actor, in In) (r cordon.Report, fresh bool, err error) {
	if !by.Can(cordon.HandleReports, "") && !by.Can(cordon.ReportInbound, "") {
		return r, false, mayNot("hand in reports")
	}
	most := MaxReport
	if in.Way == cordon.WayXARF {
		most = MaxXARF
	}
	switch {
	case len(bytes.TrimSpace(in.Raw)) == 0:
		return r, false, cordon.InvalidField("report", "is empty", "give a whole message, header and body, or an XARF document")
	case len(in.Raw) > most:
		return r, false, cordon.InvalidField("report", "is larger than 15 MB", "send less evidence")
	case in.Way == cordon.WayXARF:
		if err := c.validXARF(in.Raw); err != nil {
			return r, false, err
		}
	}
	return c.Store.ReceiveReport(ctx, cordon.NewReport{
		Way: in.Way, Raw: in.Raw, Digest: digestOf("raw", content(in.Raw)), Network: in.Network, Exercise: in.Exercise, Tracking: newTracking(), Reporter: c.senderOf(in.Raw),
	})
}

// validXARF names every fault of a document that a program hands over: it can be
// mended and sent again. By mail nobody would read the answer, so there it is
// taken as it is.
func (c *Clerk) validXARF(raw []byte) error {
	found, err := c.Read(raw)
	if err != nil {
		return err
	}
	switch {
	case found.Kind != inspect.XARF || found.Report == nil:
		return cordon.InvalidField("report", "is no XARF document", "send one JSON object of XARF version 3 or 4")
	case !found.Report.Valid():
		first := found.Report.Faults[0]
		return &cordon.Error{Code: cordon.Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: found.Report.Faults}
	}
	return nil
}

// Form is what somebody fills in on the status page.
type Form struct {
	Kind    cordon.ReportKind
	Words   string // what happened, or the mail pasted in
	Code    string // of the message, when he has it; as typed
	Address string // where the answer goes; "" for none
	Message []byte // the mail itself as a file; nil for none
}

// Fill stores a report of the form. Nobody is asked who he is: the network alone
// is bounded.
func (c *Clerk) Fill(ctx context.Context, network string, f Form) (cordon.Report, error) {
	if err := c.pace.take(network, c.Now()); err != nil {
		return cordon.Report{}, err
	}
	code, address, err := f.check()
	if err != nil {
		return cordon.Report{}, err
	}
	raw := f.raw()
	r, _, err := c.Store.ReceiveReport(ctx, cordon.NewReport{
		Way: cordon.WayForm, Kind: f.Kind, Raw: raw, Network: network, Code: code, Reporter: address, Tracking: newTracking(),
		Digest: digestOf("form", []byte(network), []byte(f.Kind), []byte(code), []byte(strings.ToLower(string(address))), []byte(f.Words), f.Message),
	})
	return r, err
}

func (f Form) check() (code cordon.MessageCode, address cordon.Address, err error) {
	if !slices.Contains(cordon.ReportKinds(), f.Kind) {
		return "", "", cordon.InvalidField("kind", "is missing", "choose what is wrong with the mail")
	}
	if strings.TrimSpace(f.Words) == "" && strings.TrimSpace(f.Code) == "" && len(f.Message) == 0 {
		return "", "", cordon.InvalidField("text", "is missing", "say what happened, paste the mail, attach it, or give its code")
	}
	if len(f.Words) > maxWords {
		return "", "", cordon.InvalidField("text", "is longer than 20,000 bytes", "attach the mail as a file")
	}
	if len(f.Message) > MaxForm {
		return "", "", cordon.InvalidField("message", "is larger than 1 MiB", "send it to the mailbox for reports")
	}
	if strings.TrimSpace(f.Code) != "" {
		if code, err = cordon.ParseMessageCode(f.Code); err != nil {
			return "", "", err
		}
	}
	if strings.TrimSpace(f.Address) != "" {
		if address, err = cordon.ParseAddress(f.Address); err != nil {
			return "", "", err
		}
	}
	return code, address, nil
}

// raw makes a message of the form, so that every report is read the same way.
func (f Form) raw() []byte {
	text := strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(f.Words, "\r\n", "\n"), "\n", "\r\n"), "\uFFFD")
	head := "Subject: Report by the form\r\nMIME-Version: 1.0\r\n"
	plain := "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text + "\r\n"
	if len(f.Message) == 0 {
		return []byte(head + plain)
	}
	boundary := "cordon-" + cordon.RandomText(26)
	var b bytes.Buffer
	b.WriteString(head + "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n" + plain)
	b.WriteString("\r\n--" + boundary + "\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n")
	b.Write(f.Message)
	b.WriteString("\r\n--" + boundary + "--\r\n")
	return b.Bytes()
}

// Click stores what somebody says who followed the link in a message: with its
// code he had it in hand. A code that names no copy is not told apart from one
// that does: there is nothing to learn here.
func (c *Clerk) Click(ctx context.Context, network, code string, kind cordon.ReportKind) (cordon.Report, error) {
	if err := c.pace.take(network, c.Now()); err != nil {
		return cordon.Report{}, err
	}
	parsed, err := cordon.ParseMessageCode(code)
	if err != nil {
		return cordon.Report{}, err
	}
	if kind != cordon.ReportUnwanted && kind != cordon.ReportNotForMe && kind != cordon.ReportNotMe && kind != cordon.ReportNotSpam {
		return cordon.Report{}, cordon.InvalidField("kind", "is missing", "say whether it is spam, or was not for you")
	}
	r, _, err := c.Store.ReceiveReport(ctx, cordon.NewReport{
		Way: cordon.WayClick, Kind: kind, Network: network, Code: parsed, Tracking: newTracking(), Digest: digestOf("click", []byte(parsed), []byte(kind)),
	})
	return r, err
}

// newTracking is a word of 130 bits: whoever has it sees the reporter's page.
func newTracking() string { return cordon.RandomText(26) }

// digestOf tells two reports apart by what they say.
func digestOf(way string, parts ...[]byte) string {
	h := sha256.New()
	h.Write([]byte(way))
	for _, p := range parts {
		sum := sha256.Sum256(p)
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// passing are header fields that a message gets on its way, so that two copies of
// one report differ in them alone.
var passing = []string{"received", "return-path", "delivered-to", "x-original-to", "authentication-results", "dkim-signature", "x-received",
	"arc-seal", "arc-message-signature", "arc-authentication-results", "received-spf", "x-spam-status", "x-spam-score"}

// content is a message without the fields of its way, and without what a server
// may change of line ends and of its last empty lines.
func content(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	skipping := false
	for rest := raw; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		line := rest[:end]
		if len(bytes.TrimRight(line, "\r\n")) == 0 { // the body
			return append(out, bytes.TrimRight(bytes.ReplaceAll(rest, []byte("\r\n"), []byte("\n")), "\n")...)
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, found := bytes.Cut(line, []byte(":"))
			skipping = found && slices.Contains(passing, strings.ToLower(string(bytes.TrimSpace(name))))
		}
		if !skipping {
			out = append(append(out, bytes.TrimRight(line, "\r\n")...), '\n')
		}
		rest = rest[end:]
	}
	return out
}
