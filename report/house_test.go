package report_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

// house is a store with one practice that sent a letter, and the clerk over it.
type house struct {
	*testing.T
	store  *store.Store
	clerk  *report.Clerk
	config report.Config
	codes  *cordon.Codebook
	now    time.Time
	log    bytes.Buffer
	dns    map[string]string
	broken bool // DNS does not answer
	key    *rsa.PrivateKey

	tenant   cordon.TenantID
	template cordon.TemplateID
	dispatch cordon.DispatchID
	claims   []cordon.Claim
}

func newHouse(t *testing.T, change ...func(*report.Config)) *house {
	t.Helper()
	h := &house{T: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), dns: map[string]string{}, codes: cordon.NewCodebook([]byte("a key for tests"))}
	h.store = storetest.New(t, storetest.Clock(func() time.Time { return h.now }))
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	h.must(err)
	h.key = key
	c := report.Config{
		Store: h.store, Codes: h.codes, Mailboxes: []cordon.Address{"abuse@house.example"}, Questions: []cordon.Address{"check@house.example"},
		BounceDomain: "bounce.house.example", Loops: []string{"fbl.example"}, Site: "https://status.house.example", Name: "House",
		Now: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
		LookupTXT: func(_ context.Context, name string) ([]string, error) {
			if h.broken {
				return nil, &net.DNSError{Err: "no answer", Name: name, IsTimeout: true, IsTemporary: true}
			}
			if record, ok := h.dns[name]; ok {
				return []string{record}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		},
	}
	for _, f := range change {
		f(&c)
	}
	h.config = c
	h.clerk = report.New(c)
	h.send()
	return h
}

// newClerkOver is a clerk of the same house over another store.
func newClerkOver(h *house, s report.Store) *report.Clerk {
	c := h.config
	c.Store = s
	return report.New(c)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

const letterText = "We have moved to a new building near the station, and our opening hours changed. Please call the front desk to arrange your next appointment with the physiotherapist. The old entrance stays closed from now on, and the new one has a lift."

// send makes a practice and delivers one letter of it to five people.
func (h *house) send() {
	h.Helper()
	ctx := context.Background()
	h.tenant, h.template = cordon.NewTenantID(), cordon.NewTemplateID()
	h.must(h.store.CreateTenant(ctx, operator, cordon.Tenant{ID: h.tenant, Handle: "north", Name: "Northside Physiotherapy"}))
	der, err := x509.MarshalPKCS8PrivateKey(h.key)
	h.must(err)
	h.must(h.store.CreateDomain(ctx, operator, cordon.Domain{Tenant: h.tenant, Name: "north.example", Selector: "s1", Record: h.record()}, der))
	h.must(h.store.CreateTemplate(ctx, operator, cordon.Template{ID: h.template, Tenant: h.tenant, Handle: "news"}))
	author := cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: h.tenant}
	v, err := h.store.WriteVersion(ctx, author, h.tenant, h.template, cordon.Content{
		FromName: "Northside", FromAddress: "desk@north.example", Subject: "We have moved, {{first_name}}", Text: letterText,
	})
	h.must(err)
	h.must(h.store.ApproveVersion(ctx, operator, h.tenant, h.template, v.Number, v.Hash))
	var rows []cordon.RecipientRow
	for i := range 5 {
		rows = append(rows, cordon.RecipientRow{ExternalRef: fmt.Sprint("P-", i), Person: cordon.Person{Name: "Ann", Address: cordon.Address(fmt.Sprintf("p%d@people.example", i))}})
	}
	_, _, err = h.store.UpsertRecipients(ctx, operator, h.tenant, rows)
	h.must(err)
	d, err := h.store.CreateDispatch(ctx, author, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: h.tenant, Kind: cordon.Bulk, Template: h.template, Version: 1, Hash: v.Hash, State: cordon.DispatchOpen, AcceptedAt: h.now},
		Filter:   cordon.Filter{Everyone: true}, Verdict: cordon.Verdict{Decision: cordon.Pass}, Mark: func(cordon.Dispatch) []byte { return []byte("mark") },
	})
	h.must(err)
	h.dispatch = d.ID
	lanes, err := h.store.LanesDue(ctx, 10)
	h.must(err)
	h.claims, err = h.store.ClaimDue(ctx, "node", lanes[0], 10)
	h.must(err)
	var g cordon.AttemptGroup
	for _, c := range h.claims[:4] { // the fifth never leaves
		g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, At: h.now})
	}
	h.must(h.store.RecordAttempts(ctx, "node", g))
}

func (h *house) record() string {
	der, err := x509.MarshalPKIXPublicKey(&h.key.PublicKey)
	h.must(err)
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// code is the code of the n-th copy.
func (h *house) code(n int) cordon.MessageCode { return h.codes.Code(h.claims[n].Ref) }

// letter is the n-th copy as it was sent, unsigned.
func (h *house) letter(n int) string {
	code := string(h.code(n))
	return "From: Northside <desk@north.example>\r\nTo: Ann <p" + fmt.Sprint(n) + "@people.example>\r\nSubject: We have moved, Ann\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n" +
		"Message-ID: <" + code + "@north.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n" +
		"Feedback-ID: " + code + ":cordon\r\n\r\nDear Ann,\r\n\r\n" + letterText + "\r\n\r\n" + cordon.MessageCode(code).String() + "\r\n"
}

// sign puts a signature in front, by the house's key.
func (h *house) sign(raw, domain, selector string) string {
	h.Helper()
	var out bytes.Buffer
	h.must(dkim.Sign(&out, strings.NewReader(raw), &dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: crypto.Signer(h.key), HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"},
	}))
	return out.String()
}

// publish makes DNS answer for a domain with the house's key.
func (h *house) publish(domain, selector string) { h.dns[selector+"._domainkey."+domain] = h.record() }

// arf is a feedback report about a message.
func arf(kind, from, original string) string {
	return "From: " + from + "\r\nTo: abuse@house.example\r\nSubject: complaint\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-ID: <" + cordon.RandomText(10) + "@fbl.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n" +
		"--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: " + kind + "\r\nUser-Agent: Loop/1\r\nVersion: 1\r\n\r\n" +
		"--B\r\nContent-Type: message/rfc822\r\n\r\n" + original + "\r\n--B--\r\n"
}

// forwarded is a person's mail with another attached.
func forwarded(from, original string) string {
	return "From: " + from + "\r\nTo: abuse@house.example\r\nSubject: Fwd: look\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-ID: <fwd." + cordon.RandomText(8) + "@people.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=F\r\n\r\n--F\r\nContent-Type: text/plain\r\n\r\nI never asked for this.\r\n--F\r\nContent-Type: message/rfc822\r\n\r\n" + original + "\r\n--F--\r\n"
}

var inbound = cordon.Actor{Kind: cordon.ActorSystem, Permissions: []cordon.Permission{cordon.ReportInbound}}

// mail lets a mail arrive at the abuse mailbox and files it.
func (h *house) mail(envelope, raw string) {
	h.Helper()
	h.must(h.clerk.Arrive(context.Background(), inbound, report.Arrived{To: "abuse@house.example", From: cordon.Address(envelope), Network: "192.0.2.0/24", Raw: []byte(raw)}))
	h.step()
}

func (h *house) step() int {
	h.Helper()
	n, err := h.clerk.Step(context.Background())
	h.must(err)
	return n
}

func (h *house) reports() []cordon.Report {
	h.Helper()
	list, _, err := h.clerk.Reports(context.Background(), operator, cordon.ReportFilter{}, cordon.Page{})
	h.must(err)
	return list
}

// last is the newest report.
func (h *house) last() cordon.Report {
	h.Helper()
	all := h.reports()
	if len(all) == 0 {
		h.Fatal("no report")
	}
	return all[0]
}

func (h *house) problems() []cordon.Problem {
	h.Helper()
	list, _, err := h.clerk.Problems(context.Background(), operator, cordon.ReportFilter{}, cordon.Page{})
	h.must(err)
	return list
}

// mails counts what stands in the outbox, by purpose.
func (h *house) mails() string {
	h.Helper()
	rows, err := storetest.Raw(h.T, h.store).Query(`SELECT purpose, COUNT(*) FROM outgoing GROUP BY purpose ORDER BY purpose`)
	h.must(err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var purpose string
		var n int
		h.must(rows.Scan(&purpose, &n))
		all = append(all, fmt.Sprint(purpose, " ", n))
	}
	h.must(rows.Err())
	return strings.Join(all, ", ")
}

func codeOf(err error) cordon.Code { return cordon.CodeOf(err) }

var errDead = errors.New("the process is dead")

// thinSign signs From and nothing else.
func (h *house) thinSign(raw string) string {
	h.Helper()
	var out bytes.Buffer
	h.must(dkim.Sign(&out, strings.NewReader(raw), &dkim.SignOptions{Domain: "north.example", Selector: "s1", Signer: crypto.Signer(h.key), HeaderKeys: []string{"From"}}))
	return out.String()
}
