package console_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/console"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/store"
	watching "github.com/cordonmail/cordon/watch"
)

// house is a whole Cordon behind the console, on SQLite, without the queue's
// runner: what is accepted stays queued, so every figure is exact.
type house struct {
	t        *testing.T
	ctx      context.Context
	store    *store.Store
	registry *identity.Registry
	catalog  *catalog.Catalog
	desk     *intake.Desk
	warden   *contain.Warden
	auditor  *ledger.Auditor
	operator cordon.Actor
	console  *console.Console
	server   *httptest.Server
	stop     context.CancelFunc // ends Run, and with it every live stream
}

func openHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, ctx: t.Context()}
	var err error
	h.store, err = store.Open(h.ctx, store.Options{DataDir: t.TempDir(), Master: []byte("0123456789abcdef0123456789abcdef"), Now: time.Now})
	h.must(err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.registry = identity.New(identity.Config{Store: h.store})
	h.operator = h.registry.Operator()
	h.catalog = catalog.New(catalog.Config{Store: h.store, DataDir: t.TempDir()})
	h.desk = intake.New(intake.Config{Store: h.store, Judge: guard.New(guard.Config{Store: h.store}), Provenance: make([]byte, 32)})
	h.warden = contain.New(contain.Config{Store: h.store})
	h.auditor = ledger.New(ledger.Config{Store: h.store, Seed: make([]byte, 32)})
	h.console = console.New(console.Config{
		Registry: h.registry, Desk: h.desk, Warden: h.warden, Auditor: h.auditor, Catalog: h.catalog,
		Watch:   watching.New(watching.Config{Store: h.store}),
		Mailbox: letters{}, Exercise: true,
	})
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	done := make(chan error, 1)
	go func() { done <- h.console.Run(ctx) }()
	h.server = httptest.NewServer(h.console.Handler())
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("console: %v", err)
		}
		h.server.Close() // waits for live streams: Run's end must have ended them
	})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// practice is a tenant with people, an approved letter and an audience.
type practice struct {
	cordon.Tenant
	author, approver cordon.Actor
	template         cordon.Template
	audience         cordon.Audience
}

func (h *house) practice(handle, name string, people int) practice {
	h.t.Helper()
	tenant, err := h.catalog.CreateTenant(h.ctx, h.operator, handle, name)
	h.must(err)
	p := practice{Tenant: tenant}
	domain := handle + ".example"
	_, err = h.catalog.CreateDomain(h.ctx, h.operator, tenant.ID, domain)
	h.must(err)
	p.author, p.approver = h.account(tenant.ID, "Ines Moreau", cordon.RoleAuthor), h.account(tenant.ID, "Tom Adeyemi", cordon.RoleApprover)
	var csv strings.Builder
	csv.WriteString("reference,name,email\n")
	for i := range people {
		fmt.Fprintf(&csv, "p%d,Person %c,person%d@patients.example\n", i, 'A'+rune(i%26), i)
	}
	report, err := h.catalog.Import(h.ctx, p.author, tenant.ID, strings.NewReader(csv.String()), catalog.ImportOptions{})
	h.must(err)
	if report.Inserted != people {
		h.t.Fatalf("imported %d of %d people: %+v", report.Inserted, people, report.Faults)
	}
	p.template, err = h.catalog.CreateTemplate(h.ctx, p.author, tenant.ID, "appointment-recall")
	h.must(err)
	version, err := h.catalog.WriteVersion(h.ctx, p.author, tenant.ID, "appointment-recall", cordon.Content{
		FromName: name, FromAddress: cordon.Address("hello@" + domain), Subject: "Time for your check-up", Text: "Dear patient,\nplease call us.\n",
	})
	h.must(err)
	_, err = h.catalog.Approve(h.ctx, p.approver, tenant.ID, "appointment-recall", version.Number, version.Hash)
	h.must(err)
	p.audience, err = h.catalog.SaveAudience(h.ctx, p.author, tenant.ID, "everyone", cordon.Filter{Everyone: true})
	h.must(err)
	return p
}

func (h *house) account(tenant cordon.TenantID, name string, role cordon.Role) cordon.Actor {
	h.t.Helper()
	a, err := h.registry.CreateAccount(h.ctx, h.operator, cordon.Account{Tenant: tenant, Name: name, Role: role})
	h.must(err)
	actor, err := h.registry.As(h.ctx, h.operator, a.ID)
	h.must(err)
	return actor
}

func (h *house) order(p practice) cordon.Dispatch {
	h.t.Helper()
	r, err := h.desk.Accept(h.ctx, p.author, cordon.Order{Tenant: p.ID, Kind: cordon.Bulk, Template: p.template.ID, Version: 1, Audience: p.audience.ID})
	h.must(err)
	return r.Dispatch
}

// held is a dispatch that a check could not decide on.
func (h *house) held(p practice, number ...int) cordon.Dispatch {
	h.t.Helper()
	version, err := h.store.Version(h.ctx, p.ID, p.template.ID, append(number, 1)[0])
	h.must(err)
	reasons := []cordon.Reason{{Check: "reach", Decision: cordon.Hold, Message: "This could not be checked, so it waits for a person."}}
	now := time.Now().UTC().Truncate(time.Microsecond)
	d, err := h.store.CreateDispatch(h.ctx, p.author, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: p.ID, Kind: cordon.Bulk, Template: p.template.ID, Version: version.Number, Hash: version.Hash, Audience: p.audience.ID,
			Actor: p.author.ID(), Account: p.author.Account, State: cordon.DispatchHeld, AcceptedAt: now, NotBefore: now, Reasons: reasons,
		},
		Filter: p.audience.Filter, Verdict: cordon.Verdict{Decision: cordon.Hold, Reasons: reasons},
		Mark: func(cordon.Dispatch) []byte { return []byte{} },
	})
	h.must(err)
	return d
}

// code is a fresh one-time code.
func (h *house) code() string {
	h.t.Helper()
	link, err := h.registry.NewLink(h.ctx, h.operator)
	h.must(err)
	return link.Reveal()
}

// browser is somebody with a cookie jar and no script: what works for it works
// without JavaScript.
type browser struct {
	*http.Client
	h *house
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &browser{&http.Client{Jar: jar}, h}
}

func (h *house) signedIn() *browser {
	h.t.Helper()
	b := h.browser()
	if status, _, at := b.post("/enter", url.Values{"code": {h.code()}}); status != http.StatusOK || at != "/" {
		h.t.Fatalf("signing in answered %d at %s", status, at)
	}
	return b
}

// signedInAs is the session of an account; one-time links are the operator's.
func (h *house) signedInAs(a cordon.Actor) *browser {
	h.t.Helper()
	account, err := h.registry.Account(h.ctx, h.operator, a.Account)
	h.must(err)
	secret := "session_" + cordon.RandomText(52)
	sum := sha256.Sum256([]byte(secret))
	h.must(h.store.CreateSession(h.ctx, "session", sum[:], account, time.Now().Add(time.Hour)))
	b := h.browser()
	at, err := url.Parse(h.server.URL)
	h.must(err)
	b.Jar.SetCookies(at, []*http.Cookie{{Name: "cordon_session", Value: secret, Path: "/"}})
	return b
}

func (b *browser) do(r *http.Request) (status int, body, at string) {
	b.h.t.Helper()
	resp, err := b.Do(r)
	b.h.must(err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	b.h.must(err)
	return resp.StatusCode, string(raw), resp.Request.URL.RequestURI()
}

func (b *browser) get(path string) (status int, body, at string) {
	b.h.t.Helper()
	r, err := http.NewRequestWithContext(b.h.ctx, http.MethodGet, b.h.server.URL+path, nil)
	b.h.must(err)
	return b.do(r)
}

func (b *browser) post(path string, form url.Values) (status int, body, at string) {
	b.h.t.Helper()
	r, err := http.NewRequestWithContext(b.h.ctx, http.MethodPost, b.h.server.URL+path, strings.NewReader(form.Encode()))
	b.h.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// letters is a mailbox with one good and one hostile letter.
type letters struct{}

const goodLetter = "From: Harbour <hello@harbour.example>\r\nTo: ana@patients.example\r\nSubject: =?utf-8?q?Ana=2C_it_is_time?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear Ana\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Dear <b>Ana</b></p><script>document.title='hit'</script><img src=\"http://outside.invalid/x.png\">\r\n--b--\r\n"

func (letters) Messages(limit int, after string) []console.MailboxItem {
	if after != "" {
		return nil
	}
	return []console.MailboxItem{{ID: "1", Tenant: "Harbour", From: "hello@harbour.example", To: "ana@patients.example", Subject: "Ana, it is time", Size: len(goodLetter), ReceivedAt: time.Now()}}[:min(1, limit)]
}

func (l letters) Message(id string) (console.MailboxMessage, bool) {
	if id != "1" {
		return console.MailboxMessage{}, false
	}
	return console.MailboxMessage{MailboxItem: l.Messages(1, "")[0], Raw: []byte(goodLetter)}, true
}
