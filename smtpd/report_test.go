package smtpd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/smtpd"
	"github.com/cordonmail/cordon/store/storetest"
)

// mailroom is a house that takes reports.
type mailroom struct {
	*post
	clerk *report.Clerk
	full  bool // the store takes nothing
}

// stuck is a store that may be full.
type stuck struct {
	report.Store
	room *mailroom
}

func (s stuck) ReceiveReport(ctx context.Context, n cordon.NewReport) (cordon.Report, bool, error) {
	if s.room.full {
		return cordon.Report{}, false, errors.New("disk full")
	}
	return s.Store.ReceiveReport(ctx, n)
}

func newMailroom(t *testing.T, limits smtpd.Limits, secure *tls.Config) *mailroom {
	t.Helper()
	m := &mailroom{post: &post{T: t, store: storetest.New(t)}}
	log := slog.New(slog.NewTextHandler(&m.log, nil))
	m.catalog = catalog.New(catalog.Config{Store: m.store, DataDir: t.TempDir(), DecoyDomain: "post.example", Log: log})
	clinic, err := m.catalog.CreateTenant(t.Context(), operator, "clinic", "Clinic")
	m.must(err)
	m.tenant = clinic.ID
	ids, err := m.store.Decoys(t.Context(), clinic.ID)
	m.must(err)
	person, err := m.store.OpenPerson(t.Context(), operator, clinic.ID, ids[0], "test")
	m.must(err)
	m.decoy = string(person.Address)
	m.clerk = report.New(report.Config{Store: stuck{m.store, m}, Codes: cordon.NewCodebook([]byte("k")), Mailboxes: []cordon.Address{"abuse@house.example"},
		BounceDomain: "bounce.house.example", Log: log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	m.must(err)
	m.address = l.Addr().String()
	server := smtpd.New(smtpd.Config{Catalog: m.catalog, Reports: m.clerk, Domains: []string{"post.example"}, Limits: limits, TLS: secure, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		for _, word := range []string{"ann@", "secret words", "abuse@"} {
			if strings.Contains(m.log.String(), word) {
				t.Errorf("the log holds %q:\n%s", word, m.log.String())
			}
		}
	})
	return m
}

func (m *mailroom) received() int {
	m.Helper()
	list, _, err := m.store.Reports(m.Context(), cordon.ReportFilter{}, cordon.Page{})
	m.must(err)
	return len(list)
}

const spam = "From: Ann <ann@people.example>\r\nTo: abuse@house.example\r\nSubject: Fwd: spam\r\n\r\nsecret words\r\n"

// 250 is said only after the report is stored, and nothing is ever relayed.
func TestTakenOnlyAfterItIsStored(t *testing.T) {
	m := newMailroom(t, smtpd.Limits{}, nil)
	c := m.dial()
	m.full = true
	if got := status(m.send(c, "ann@people.example", "abuse@house.example", spam)); got != "451 4.3.0" {
		t.Errorf("while nothing can be stored: %s", got)
	}
	if m.received() != 0 {
		t.Error("it is there all the same")
	}
	m.full = false
	m.must(m.send(c, "ann@people.example", "ABUSE@House.example", spam))
	if m.received() != 1 {
		t.Error("a report is lost")
	}
	m.must(m.send(c, "ann@people.example", "abuse@house.example", spam)) // the same again
	if m.received() != 1 {
		t.Error("a report is doubled")
	}
	for to, want := range map[string]string{
		"someone@elsewhere.example":                             "550 5.7.1",
		"abuse@elsewhere.example":                               "550 5.7.1",
		"abuse%elsewhere.example@house.example":                 "550 5.1.1",
		"ceo@house.example":                                     "550 5.1.1",
		"b-short@bounce.house.example":                          "550 5.1.1",
		"c-0123456789abcdefghjkmnpqrs@bounce.house.example":     "550 5.1.1",
		"abuse@bounce.house.example":                            "550 5.1.1",
		"b-0123456789abcdefghjkmnpqrs@sub.bounce.house.example": "550 5.7.1",
	} {
		if got := status(m.send(m.dial(), "ann@people.example", to, spam)); got != want {
			t.Errorf("%s is answered %s, want %s", to, got, want)
		}
	}
	// A return path that was made up is taken like any other: nothing is learnt.
	m.must(m.send(m.dial(), "", "b-0123456789abcdefghjkmnpqrs@bounce.house.example", spam))
	if m.received() != 1 {
		t.Error("a made-up return path made a report")
	}
}

// A mail to a decoy and to the clerk at once is both.
func TestDecoyAndReportAtOnce(t *testing.T) {
	m := newMailroom(t, smtpd.Limits{}, nil)
	c := m.dial()
	m.must(c.Mail("ann@people.example", nil))
	m.must(c.Rcpt("abuse@house.example", nil))
	m.must(c.Rcpt(m.decoy, nil))
	w, err := c.Data()
	m.must(err)
	_, err = w.Write([]byte(spam))
	m.must(err)
	m.must(w.Close())
	m.must(c.Quit())
	if arrived := m.arrivals(); m.received() != 1 || len(arrived) != 1 || arrived[0].Probe {
		t.Errorf("%d reports, arrivals %+v", m.received(), arrived)
	}
}

func TestReportsAreBoundedInSizeAndRate(t *testing.T) {
	limits := smtpd.DefaultLimits()
	limits.ClientBytes = 3 << 20
	m := newMailroom(t, limits, nil)
	big := spam + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 2<<20/78)
	m.must(m.send(m.dial(), "ann@people.example", "abuse@house.example", big))
	if got := status(m.send(m.dial(), "ann@people.example", "abuse@house.example", big+"more\r\n")); got != "451 4.7.1" {
		t.Errorf("beyond the hour's bytes: %s", got)
	}
	huge := spam + strings.Repeat(strings.Repeat("x", 76)+"\r\n", report.MaxReport/78+100)
	if got := status(m.send(m.dial(), "ann@people.example", "abuse@house.example", huge)); got != "552 5.3.4" {
		t.Errorf("above 15 MB: %s", got)
	}
	if m.received() != 1 {
		t.Errorf("%d reports", m.received())
	}
}

func TestSTARTTLSIsOfferedWithACertificate(t *testing.T) {
	m := newMailroom(t, smtpd.Limits{}, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	c, err := smtp.DialStartTLS(m.address, &tls.Config{InsecureSkipVerify: true})
	m.must(err)
	t.Cleanup(func() { c.Close() })
	m.must(m.send(c, "ann@people.example", "abuse@house.example", spam))
	if m.received() != 1 {
		t.Error("lost over TLS")
	}
	plain := m.raw()
	plain.say("")
	if hello := plain.say("EHLO x"); !strings.Contains(hello, "STARTTLS") || strings.Contains(hello, "AUTH") {
		t.Errorf("offered: %q", hello)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "house.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// FuzzBox feeds addresses of any shape to the one place that says whose they are.
func FuzzBox(f *testing.F) {
	for _, a := range []string{"abuse@house.example", "b-0123456789abcdefghjkmnpqrs@bounce.house.example", "@", "b-@bounce.house.example", "a@b@c"} {
		f.Add(a)
	}
	clerk := report.New(report.Config{Codes: cordon.NewCodebook([]byte("k")), Mailboxes: []cordon.Address{"abuse@house.example"}, BounceDomain: "bounce.house.example"})
	f.Fuzz(func(t *testing.T, text string) {
		a, err := cordon.ParseAddress(text)
		if err != nil {
			return
		}
		switch clerk.BoxOf(a) {
		case report.Reports:
			if !strings.EqualFold(string(a), "abuse@house.example") {
				t.Errorf("%q is the mailbox", text)
			}
		case report.Returns:
			if !strings.HasSuffix(strings.ToLower(string(a)), "@bounce.house.example") {
				t.Errorf("%q is a return path", text)
			}
		case report.Questions:
			t.Errorf("%q is no address of ours", text)
		}
	})
}
