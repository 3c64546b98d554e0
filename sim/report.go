package sim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"
	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/report"
)

const (
	abuseBox  = "abuse@house.invalid"
	bounceAt  = "bounce.house.invalid"
	loopAt    = "fbl.invalid"
	reporters = "reporters.invalid" // the mail of these people is signed
)

// outsiders sign with one key, which DNS knows under both names.
var outsiders = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// dns answers the keys of who signs outside.
func (w *World) dns(_ context.Context, name string) ([]string, error) {
	if name == "k._domainkey."+loopAt || name == "k._domainkey."+reporters {
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(outsiders.Public().(ed25519.PublicKey))}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// tell loop|forged|forward|stranger|click|bounce FIRST-LAST [kind=WORD]: whoever
// got these letters, counted as they arrived, tells of them: by a feedback loop
// that signs, by the mailbox for reports from an address that proves itself
// (forward) or not (stranger), by the link in the letter, or their server sends it
// back. forged: as many reports that look like the loop's, by somebody who never
// had one.
func (w *World) doTell(_ *txtar.Archive, l line) error {
	first, last, err := w.span(l.word(1))
	if err != nil {
		return err
	}
	copies, _ := w.sink.Copies(0)
	for n := first; n <= last && err == nil; n++ {
		var letter string
		if l.word(0) != "forged" {
			if n > len(copies) {
				return fmt.Errorf("only %d letters arrived", len(copies))
			}
			letter = string(copies[n-1].Data)
		}
		err = w.tell(l.word(0), letter, n, cordon.ReportKind(or(l.named["kind"], string(cordon.ReportUnwanted))))
	}
	return err
}

func (w *World) tell(how, letter string, n int, kind cordon.ReportKind) error {
	who := fmt.Sprintf("person%d@%s", n, reporters)
	switch how {
	case "loop":
		raw, err := sign(feedback("complaints@"+loopAt, letter), loopAt)
		if err != nil {
			return err
		}
		return w.incoming("", abuseBox, raw)
	case "forged":
		made := "From: desk@north.invalid\r\nSubject: We have moved\r\nMessage-ID: <" + strings.Repeat("0", 22) + strconv.Itoa(1000+n) + "@north.invalid>\r\n\r\nWe have moved.\r\n"
		return w.incoming("complaints@"+loopAt, abuseBox, feedback("complaints@"+loopAt, made))
	case "forward":
		raw, err := sign(attached(who, letter), reporters)
		if err != nil {
			return err
		}
		return w.incoming(who, abuseBox, raw)
	case "stranger":
		who = fmt.Sprintf("person%d@elsewhere.invalid", n)
		return w.incoming(who, abuseBox, attached(who, letter))
	case "click":
		_, err := w.house.Reports.Click(context.Background(), "person "+strconv.Itoa(n), codeIn(letter), kind)
		return err
	case "bounce":
		return w.incoming("", "b-"+codeIn(letter)+"@"+bounceAt, undelivered(who))
	}
	return fmt.Errorf("say loop, forged, forward, stranger, click or bounce")
}

// returned ADDRESS hard|soft: the far side took the newest mail to the address, and
// sends it back to where its return path leads.
func (w *World) doReturned(_ *txtar.Archive, l line) error {
	copies, _ := w.sink.Copies(0)
	for _, c := range slices.Backward(copies) {
		if c.To != l.word(0) {
			continue
		}
		if c.Return == "" {
			return fmt.Errorf("the mail to %s has no return path", c.To)
		}
		raw := undelivered(c.To)
		if l.word(1) == "soft" {
			raw = strings.ReplaceAll(strings.ReplaceAll(raw, "5.1.1", "4.2.2"), "Action: failed", "Action: delayed")
		}
		return w.incoming("", c.Return, raw)
	}
	return fmt.Errorf("no mail to %s arrived", l.word(0))
}

// codeIn is the code in a letter's Message-ID.
func codeIn(letter string) string {
	_, after, _ := strings.Cut(letter, "Message-ID: <")
	code, _, _ := strings.Cut(after, "@")
	return code
}

func sign(raw, domain string) (string, error) {
	var b bytes.Buffer
	err := dkim.Sign(&b, strings.NewReader(raw), &dkim.SignOptions{
		Domain: domain, Selector: "k", Signer: crypto.Signer(outsiders), HeaderKeys: []string{"From", "To", "Subject"},
	})
	return b.String(), err
}

func feedback(from, original string) string {
	return "From: " + from + "\r\nTo: " + abuseBox + "\r\nSubject: complaint\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n" +
		"--B\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: loop\r\nVersion: 1\r\n\r\n" +
		"--B\r\nContent-Type: message/rfc822\r\n\r\n" + original + "\r\n--B--\r\n"
}

func attached(from, original string) string {
	return "From: " + from + "\r\nTo: " + abuseBox + "\r\nSubject: look at this\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=F\r\n\r\n" +
		"--F\r\nContent-Type: text/plain\r\n\r\nI did not ask for this.\r\n--F\r\nContent-Type: message/rfc822\r\n\r\n" + original + "\r\n--F--\r\n"
}

func undelivered(to string) string {
	return "From: MAILER-DAEMON@mx.invalid\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=D\r\n\r\n" +
		"--D\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n--D\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.invalid\r\n\r\n" +
		"Final-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--D--\r\n"
}

// incoming delivers one mail to the house over SMTP.
func (w *World) incoming(from, to, raw string) error {
	pipes := app.NewPipes()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.house.Inbound.Serve(ctx, pipes) }()
	defer func() { cancel(); <-done }()
	conn, err := pipes.Dial(ctx, "", "")
	if err != nil {
		return err
	}
	c := smtp.NewClient(conn)
	defer c.Close()
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write([]byte(raw)); err != nil {
		return err
	}
	return body.Close()
}

// problem N: says how the N-th problem stands; expect compares it.
func (w *World) doProblem(_ *txtar.Archive, l line) error {
	p, err := w.problemNumbered(l.word(0))
	if err != nil {
		return err
	}
	c := p.Counts
	w.answer = fmt.Sprintf("priority %d\nstate %s\nreports %d\nreporters %d\nvouched %d\nknown %d\ncomplaints %d\nhanded_over %d\n",
		p.Priority, p.State, c.Reports, c.Reporters, c.Authenticated, c.Known, p.Rate.Complaints, p.Rate.HandedOver)
	return nil
}

func (w *World) problemNumbered(n string) (cordon.Problem, error) {
	list, _, err := w.house.Reports.Problems(context.Background(), w.operator(), cordon.ReportFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return cordon.Problem{}, err
	}
	for _, p := range list {
		if strconv.FormatInt(p.Number, 10) == n {
			return w.house.Reports.Problem(context.Background(), w.operator(), p.ID)
		}
	}
	return cordon.Problem{}, cordon.Errorf(cordon.Missing, "there is no problem %s, of %d", n, len(list))
}

// answer N 'outcome': the N-th problem is answered with these words.
func (w *World) doAnswer(_ *txtar.Archive, l line) error {
	p, err := w.problemNumbered(l.word(0))
	if err != nil {
		return err
	}
	_, _, err = w.house.Reports.Settle(context.Background(), w.operator(), p.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: l.word(1)})
	return err
}

// heard: how many reports there are, and what went into the outbox for those who
// reported.
func (w *World) doHeard(*txtar.Archive, line) error {
	list, _, err := w.house.Reports.Reports(context.Background(), w.operator(), cordon.ReportFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	counts, err := w.house.Store.OutboxHealth(context.Background())
	if err != nil {
		return err
	}
	mails := map[cordon.Purpose]int64{}
	for _, c := range counts.Counts {
		mails[c.Purpose] += c.Count
	}
	w.answer = fmt.Sprintf("reports %d\nreceipts %d\nanswers %d\n", len(list), mails[cordon.PurposeReceipt], mails[cordon.PurposeAnswer])
	return nil
}

// genuine N|changed=N|made-up: somebody asks whether the N-th letter that arrived
// is from here: by its code, with the letter after its text was changed, or with
// a code that he made up.
func (w *World) doGenuine(_ *txtar.Archive, l line) error {
	q := report.Question{Code: strings.Repeat("0", 25) + "z"}
	if n := or(l.named["changed"], l.word(0)); n != "made-up" {
		copies, _ := w.sink.Copies(0)
		letter, err := numbered(copies, n)
		if err != nil {
			return err
		}
		if q = (report.Question{Code: codeIn(string(letter.Data))}); l.named["changed"] != "" {
			q = report.Question{Message: []byte(string(letter.Data) + "Pay at once.\r\n")}
		}
	}
	a, err := w.house.Reports.Check(context.Background(), "somebody", q)
	if err != nil {
		return err
	}
	w.answer = string(a.Verdict) + "\n" + a.Words + "\n"
	return nil
}
