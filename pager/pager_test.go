package pager_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/pager"
	"github.com/cordonmail/cordon/relay"
)

var at = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// far is the other end: it answers with a status and remembers what came.
type far struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []got
}

type got struct {
	path   string
	header http.Header
	body   string
}

func newFar(t *testing.T) *far {
	f := &far{status: 200}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.got = append(f.got, got{r.URL.String(), r.Header, string(raw)})
		if f.status == http.StatusFound {
			w.Header().Set("Location", "http://elsewhere.example/")
		}
		w.WriteHeader(f.status)
		io.WriteString(w, "words of the far side")
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *far) host() string { return strings.TrimPrefix(f.URL, "http://") }

func (f *far) last(t *testing.T) got {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) == 0 {
		t.Fatal("nothing came")
	}
	return f.got[len(f.got)-1]
}

type fakeMail struct {
	outcome cordon.Outcome
	sent    []message.Envelope
}

func (m *fakeMail) Send(_ context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	if !look() {
		return cordon.Outcome{State: cordon.HeldState}
	}
	m.sent = append(m.sent, env)
	return m.outcome
}

func sender(context.Context, cordon.OutboxLane) (pager.Sender, error) {
	return pager.Sender{From: message.Mailbox{Name: "Cordon", Address: "pages@house.example"}}, nil
}

func about(p cordon.Purpose, c cordon.Channel, to string) cordon.Outgoing {
	return cordon.Outgoing{ID: "out_0123", Key: "k", Channel: c, Purpose: p, Subject: "pag_1", To: to, CreatedAt: at, Content: cordon.OutgoingLetter{
		Title: "SEV-1 INC-3: Copies <leave>", Text: "Line one\nI have it: https://house.example/page/x",
		Facts: map[string]string{"page": "pag_1", "severity": "SEV-1", "incident": "inc_1", "title": "Copies <leave>", "url": "https://house.example/pages/pag_1", "ack_url": "https://house.example/page/x", "triggered_at": "2026-11-22T08:59:00Z"}}}
}

func TestWhatTheFarSideSaysDecides(t *testing.T) {
	f := newFar(t)
	p := pager.New(pager.Config{Trusted: []string{f.host()}, Now: func() time.Time { return at }})
	for status, want := range map[int]cordon.OutgoingState{200: cordon.OutgoingDelivered, 204: cordon.OutgoingDelivered, 302: cordon.OutgoingFailed, 404: cordon.OutgoingFailed, 401: cordon.OutgoingFailed, 429: cordon.OutgoingPending, 503: cordon.OutgoingPending} {
		f.status = status
		out := p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelWebhook, f.URL+"/hook"))
		if out.State != want || strings.Contains(out.Reply, "words") {
			t.Errorf("%d: %+v, want %s", status, out, want)
		}
	}
	f.Close()
	if out := p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelWebhook, f.URL+"/hook")); out.State != cordon.OutgoingPending || strings.Contains(out.Reply, "127.0.0.1") {
		t.Errorf("nobody there: %+v", out)
	}
}

// The vector of the Standard Webhooks specification's reference libraries.
func TestWebhookSignature(t *testing.T) {
	secret, err := pager.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if got := pager.Signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signed %s", got)
	}
	if _, err := pager.ParseSecret(pager.SecretText(secret)); err != nil {
		t.Error(err)
	}
	f := newFar(t)
	p := pager.New(pager.Config{Trusted: []string{f.host()}, WebhookSecret: secret, Now: func() time.Time { return at }})
	o := about(cordon.PurposePage, cordon.ChannelWebhook, f.URL+"/hook?x=1")
	o.Content.HTTP = map[string]string{"webhook-id": "forged", "X-More": "1"}
	p.Send(t.Context(), o)
	g := f.last(t)
	if g.header.Get("webhook-id") != "out_0123" || g.header.Get("X-More") != "1" || g.header.Get("webhook-signature") != pager.Signature(secret, "out_0123", g.header.Get("webhook-timestamp"), []byte(g.body)) {
		t.Errorf("sent %v", g.header)
	}
	var body struct {
		Type string
		Data map[string]string
	}
	if err := json.Unmarshal([]byte(g.body), &body); err != nil || body.Type != "page.triggered" || body.Data["page"] != "pag_1" {
		t.Errorf("body %s, %v", g.body, err)
	}
	o.Content.JSON = []byte(`{"as":"it is"}`)
	p.Send(t.Context(), o)
	if g := f.last(t); g.body != `{"as":"it is"}` {
		t.Errorf("body %s", g.body)
	}
}

func TestPagerDutyEvents(t *testing.T) {
	f := newFar(t)
	f.status = http.StatusAccepted
	p := pager.New(pager.Config{Trusted: []string{f.host()}, PagerDuty: f.URL})
	for purpose, action := range map[cordon.Purpose]string{cordon.PurposePage: "trigger", cordon.PurposePageUpdate: "acknowledge", cordon.PurposeAllClear: "resolve"} {
		if out := p.Send(t.Context(), about(purpose, cordon.ChannelPagerDuty, strings.Repeat("a", 32))); out.State != cordon.OutgoingDelivered {
			t.Fatalf("%s: %+v", purpose, out)
		}
		g := f.last(t)
		var event struct {
			Routing string `json:"routing_key"`
			Dedup   string `json:"dedup_key"`
			Action  string `json:"event_action"`
			Payload *struct {
				Summary, Source, Severity, Timestamp string
				Details                              map[string]string `json:"custom_details"`
			}
		}
		if err := json.Unmarshal([]byte(g.body), &event); err != nil || g.path != "/v2/enqueue" {
			t.Fatalf("%s %s: %v", g.path, g.body, err)
		}
		if event.Action != action || event.Dedup != "cordon-pag_1" || event.Routing == "" || (event.Payload != nil) != (action == "trigger") {
			t.Errorf("event %s", g.body)
		}
		if event.Payload != nil && (event.Payload.Severity != "critical" || event.Payload.Summary != "Copies <leave>" || event.Payload.Details["ack_url"] != "") {
			t.Errorf("payload %+v", event.Payload)
		}
	}
}

func TestAlertmanagerShapes(t *testing.T) {
	f := newFar(t)
	p := pager.New(pager.Config{Trusted: []string{f.host()}})
	var hook struct {
		Version, Status string
		Alerts          []struct {
			Status, StartsAt, EndsAt, Fingerprint string
			Labels                                map[string]string
		}
	}
	prints := map[string]bool{}
	for purpose, status := range map[cordon.Purpose]string{cordon.PurposePage: "firing", cordon.PurposeAllClear: "resolved"} {
		p.Send(t.Context(), about(purpose, cordon.ChannelAlertmanager, f.URL+"/bridge"))
		if err := json.Unmarshal([]byte(f.last(t).body), &hook); err != nil || hook.Version != "4" || hook.Status != status || len(hook.Alerts) != 1 || hook.Alerts[0].Status != status || hook.Alerts[0].Labels["page"] != "pag_1" {
			t.Errorf("%s: %s, %v", purpose, f.last(t).body, err)
		}
		prints[hook.Alerts[0].Fingerprint] = true
	}
	if len(prints) != 1 {
		t.Errorf("one page has the fingerprints %v", prints)
	}
	p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelAlertmanager, f.URL+"/api/v2/alerts"))
	var list []map[string]any
	if err := json.Unmarshal([]byte(f.last(t).body), &list); err != nil || len(list) != 1 || list[0]["labels"] == nil || list[0]["fingerprint"] != nil || list[0]["status"] != nil {
		t.Errorf("posted %s, %v", f.last(t).body, err)
	}
}

func TestSlackAndText(t *testing.T) {
	f := newFar(t)
	p := pager.New(pager.Config{Trusted: []string{f.host()}, SMS: pager.SMS{URL: f.URL + "/sms?to={{to}}", Body: `{"text":"{{text}}","key":"{{secret}}"}`, Header: map[string]string{"Authorization": "Bearer {{secret}}"}, Secret: `qu"ote`}})
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelSlack, f.URL+"/hooks"))
	var text struct{ Text string }
	if err := json.Unmarshal([]byte(f.last(t).body), &text); err != nil || !strings.HasPrefix(text.Text, "*SEV-1 INC-3: Copies &lt;leave&gt;*\n") {
		t.Errorf("posted %s, %v", f.last(t).body, err)
	}
	o := about(cordon.PurposePage, cordon.ChannelSMS, "+4712345678")
	o.Content.Text = "{{secret}} \"and\"\nmore"
	if out := p.Send(t.Context(), o); out.State != cordon.OutgoingSent {
		t.Errorf("a gateway's yes is %s", out.State)
	}
	g := f.last(t)
	var sms map[string]string
	if err := json.Unmarshal([]byte(g.body), &sms); err != nil || sms["text"] != o.Content.Text || sms["key"] != `qu"ote` || g.path != "/sms?to=%2B4712345678" || g.header.Get("Authorization") != `Bearer qu"ote` {
		t.Errorf("posted %s to %s, %v", g.body, g.path, err)
	}
	basic := pager.New(pager.Config{Trusted: []string{f.host()}, SMS: pager.SMS{URL: f.URL, ContentType: "application/x-www-form-urlencoded", Body: "To={{to}}&Body={{text}}", Username: "user", Secret: "word"}})
	basic.Send(t.Context(), o)
	if g := f.last(t); g.body != "To=%2B4712345678&Body=%7B%7Bsecret%7D%7D+%22and%22%0Amore" || g.header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("user:word")) {
		t.Errorf("posted %s", g.body)
	}
	for _, bad := range []pager.SMS{{URL: "http://gateway.example", Body: "{{to}}{{text}}"}, {URL: f.URL, Body: `{"to":{{to}}`}, {URL: f.URL, Body: `{"text":"{{text}}"}`}, {URL: f.URL, Method: "DELETE", Body: `{"to":"{{to}}","text":"{{text}}"}`}} {
		if pager.New(pager.Config{Trusted: []string{f.host()}, SMS: bad}).Validate() == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
}

func TestMailIsTheSameAtEveryTry(t *testing.T) {
	m := &fakeMail{outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}}
	p := pager.New(pager.Config{Mail: m, Sender: sender})
	o := about(cordon.PurposePage, cordon.ChannelMail, "duty@house.example")
	for range 2 {
		if out := p.Send(t.Context(), o); out.State != cordon.OutgoingSent || out.Reply != "250 2.0.0" {
			t.Fatalf("%+v", out)
		}
	}
	if string(m.sent[0].Data) != string(m.sent[1].Data) {
		t.Error("two tries differ")
	}
	read, err := mail.ReadMessage(strings.NewReader(string(m.sent[0].Data)))
	if err != nil || read.Header.Get("Message-Id") != "<out_0123@house.example>" || read.Header.Get("Auto-Submitted") != "auto-generated" || m.sent[0].From != "pages@house.example" {
		t.Errorf("%v, %v", read.Header, err)
	}
	for state, want := range map[cordon.DeliveryState]cordon.OutgoingState{cordon.Bounced: cordon.OutgoingFailed, cordon.Deferred: cordon.OutgoingPending, cordon.Queued: cordon.OutgoingPending, cordon.Uncertain: cordon.OutgoingPending} {
		m.outcome.State = state
		if out := p.Send(t.Context(), o); out.State != want {
			t.Errorf("%s becomes %s", state, out.State)
		}
	}
	nobody := pager.New(pager.Config{Mail: m, Sender: func(context.Context, cordon.OutboxLane) (pager.Sender, error) {
		return pager.Sender{}, cordon.Errorf(cordon.Unavailable, "none")
	}})
	if out := nobody.Send(t.Context(), o); out.State != cordon.OutgoingFailed {
		t.Errorf("a page without a sender: %+v", out)
	}
	if out := nobody.Send(t.Context(), about(cordon.PurposeAnnouncement, cordon.ChannelMail, "a@b.example")); out.State != cordon.OutgoingPending {
		t.Errorf("a post without a sender: %+v", out)
	}
	if nobody.Ready(t.Context(), cordon.ChannelMail) == nil || pager.New(pager.Config{Sender: sender}).Ready(t.Context(), cordon.ChannelMail) == nil || pager.New(pager.Config{}).Ready(t.Context(), cordon.ChannelSMS) == nil {
		t.Error("said to be ready, and is not")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // DKIM has no such algorithm: it must not go out unsigned
	if err != nil {
		t.Fatal(err)
	}
	signed := pager.New(pager.Config{Mail: m, Signer: relay.NewSigner(1), Sender: func(context.Context, cordon.OutboxLane) (pager.Sender, error) {
		return pager.Sender{From: message.Mailbox{Address: "pages@house.example"}, Domain: "house.example", Selector: "c1", Key: key}, nil
	}})
	if out := signed.Send(t.Context(), o); out.State.Accepted() {
		t.Error("sent unsigned")
	}
}

func TestExercisesStayInTheHouse(t *testing.T) {
	f := newFar(t)
	real, sink := &fakeMail{outcome: cordon.Outcome{State: cordon.Delivered}}, &fakeMail{outcome: cordon.Outcome{State: cordon.Delivered}}
	var received []cordon.Outgoing
	p := pager.New(pager.Config{Mail: real, ExerciseMail: sink, Sender: sender, Trusted: []string{f.host()}, PagerDuty: f.URL, SMS: pager.SMS{URL: f.URL + "?{{to}}{{text}}"}, Received: func(o cordon.Outgoing) { received = append(received, o) }})
	for _, c := range []cordon.Channel{cordon.ChannelMail, cordon.ChannelSMS, cordon.ChannelWebhook, cordon.ChannelPagerDuty, cordon.ChannelAlertmanager, cordon.ChannelSlack} {
		o := about(cordon.PurposePage, c, "x@y.example")
		o.Exercise = true
		if out := p.Send(t.Context(), o); !out.State.Accepted() {
			t.Errorf("%s: %+v", c, out)
		}
	}
	if len(real.sent) != 0 || len(f.got) != 0 || len(sink.sent) != 1 || len(received) != 5 {
		t.Errorf("outside %d and %d, sink %d, received %d", len(real.sent), len(f.got), len(sink.sent), len(received))
	}
}

// A webhook must not reach what only this machine can.
func TestOnlyPublicAddresses(t *testing.T) {
	f := newFar(t)
	p := pager.New(pager.Config{})
	for _, to := range []string{f.URL + "/hook", "https://" + f.host() + "/hook", "https://169.254.169.254/latest", "https://10.0.0.1/", "https://[::1]/", "https://[fd00::1]/", "https://0.0.0.0/", "https://100.64.0.1/", "https://[::ffff:127.0.0.1]/"} {
		out := p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelWebhook, to))
		if out.State.Accepted() || out.Reply != "address not allowed" && out.Reply != "URL not allowed" {
			t.Errorf("%s: %+v", to, out)
		}
	}
	if len(f.got) != 0 {
		t.Error("something came")
	}
	for _, bad := range []string{"", "hook", "ftp://a.example/", "http://a.example/", "https://user:hidden@a.example/", "https:///x", "https://a.example/#x"} {
		if _, err := p.Check(cordon.ChannelWebhook, bad); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := p.Check(cordon.ChannelSlack, "https://hooks.example/services/T/B/x"); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{"+47 123 45 678": "+4712345678", "12345678": "", "+0123456789": "", "+47": ""} {
		if got, err := p.Check(cordon.ChannelSMS, text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := p.Check(cordon.ChannelPagerDuty, "short"); err == nil {
		t.Error("a short key was taken")
	}
}

type refuses struct{}

func (refuses) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("https://secret.example/token refused")}
}

func TestNothingOfTheTargetIsSaid(t *testing.T) {
	p := pager.New(pager.Config{Transport: refuses{}})
	out := p.Send(t.Context(), about(cordon.PurposePage, cordon.ChannelSlack, "https://secret.example/token"))
	if strings.Contains(out.Reply, "secret") {
		t.Errorf("reply %q", out.Reply)
	}
	if err := p.Ping(t.Context(), "GET", "https://secret.example/token"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("heartbeat: %v", err)
	}
}
