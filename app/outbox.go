package app

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/outbox"
	"github.com/cordonmail/cordon/pager"
	"github.com/cordonmail/cordon/relay"
	"github.com/cordonmail/cordon/store"
)

// Told keeps what exercises would have sent outside, but for mail, which goes to
// the receiving server: the newest of it, in memory.
type Told struct {
	mu   sync.Mutex
	kept []cordon.Outgoing
}

const toldMost = 1000

func (t *Told) take(o cordon.Outgoing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, o)
	if over := len(t.kept) - toldMost; over > 0 {
		t.kept = slices.Delete(t.kept, 0, over)
	}
}

// All answers what was kept, the oldest first.
func (t *Told) All() []cordon.Outgoing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.kept)
}

// wirePaging makes the wire to people, who is on call, and the outbox.
func (h *House) wirePaging(c Config, o Options, seen Storage, master []byte, node string) error {
	h.Told = &Told{}
	secret := store.Derive(master, "webhooks")
	if c.Pager.WebhookSecretFile != "" {
		text, err := readSecret("pager.webhook_secret_file", c.Pager.WebhookSecretFile)
		if err == nil {
			secret, err = pager.ParseSecret(text)
		}
		if err != nil {
			return err
		}
	}
	sms, err := newSMS(c.SMS)
	if err != nil {
		return err
	}
	heartbeat, err := readSecret("pager.heartbeat_url_file", c.Pager.HeartbeatURLFile)
	if err != nil {
		return err
	}
	from, err := pagerFrom(c.Pager.From)
	if err != nil {
		return err
	}
	var mail pager.Mail
	switch {
	case o.Demo: // nothing leaves the machine: whoever is on call has his mailbox in the house
		mail = h.exercises.far
	case o.Relay != nil:
		mail = o.Relay
	case c.Relay.Address != "": // connections of its own: bulk mail fills the others
		few := c.Relay
		few.Connections, few.MessagesPerSecond = 2, 0
		if h.pageRelay, err = newRelay(few); err != nil {
			return err
		}
		mail = h.pageRelay
	}
	senders := &senders{store: h.Store, from: from, sign: c.Sign.DKIM, now: o.Now, kept: map[cordon.OutboxLane]keptSender{}}
	h.pager = pager.New(pager.Config{Mail: mail, ExerciseMail: h.exercises.far, Sender: senders.of, Signer: newSigner(c.Sign), SMS: sms, WebhookSecret: secret,
		PagerDuty: c.Pager.PagerDuty, Trusted: strings.Split(c.Pager.Trust, ","), Received: h.Told.take, BounceDomain: c.Queue.BounceDomain, Now: o.Now, Transport: o.Web})
	if err := h.pager.Validate(); err != nil {
		return err
	}
	h.WebhookSecret = cordon.Secret(pager.SecretText(secret))
	poll := 4 * c.Queue.Poll.Duration
	h.OnCall = oncall.New(oncall.Config{Store: seen, Wire: h.pager, LinkKey: store.Derive(master, "page links"), URL: consoleURL(c), WebhookSecret: h.WebhookSecret, Poll: 15 * poll, Now: o.Now, Log: o.Log})
	h.Outbox = outbox.New(outbox.Config{Store: seen, Wire: h.pager, Node: node, Poll: poll, Heartbeat: cordon.Secret(heartbeat), HeartbeatMethod: c.Pager.HeartbeatMethod,
		HeartbeatEvery: c.Pager.HeartbeatEvery.Duration, Now: o.Now, Log: o.Log})
	return nil
}

// readSecret is what the file holds; "" without a file.
func readSecret(field, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", cordon.InvalidField(field, "cannot be read", "name a file this user may read")
	}
	return strings.TrimSpace(string(raw)), nil
}

func newSMS(c SMSConfig) (pager.SMS, error) {
	secret, err := readSecret("sms.secret_file", c.SecretFile)
	s := pager.SMS{URL: c.URL, Method: c.Method, ContentType: c.ContentType, Body: c.Body, Username: c.Username, Secret: cordon.Secret(secret)}
	if c.Authorization != "" && c.Username == "" {
		s.Header = map[string]string{"Authorization": c.Authorization}
	}
	return s, err
}

func pagerFrom(text string) (cordon.Address, error) {
	if text == "" {
		return "", nil
	}
	a, err := cordon.ParseAddress(text)
	if err != nil {
		return "", cordon.InvalidField("pager.from", "is not a mail address", "give one address like cordon@example.org")
	}
	return a, nil
}

// consoleURL is how people reach the console, for links in messages.
func consoleURL(c Config) string {
	if c.URL != "" {
		return strings.TrimSuffix(c.URL, "/")
	}
	scheme := "http"
	if c.TLS.Certificate != "" {
		scheme = "https"
	}
	return scheme + "://" + c.Listen
}

// senders says by whom mail of the outbox is sent: what wakes people by the
// configured address, what informs them by the notice identity, and each by the
// other where there is only one.
type senders struct {
	store *store.Store
	from  cordon.Address
	sign  bool // with the domain's key; else the relay does
	now   func() time.Time

	mu   sync.Mutex
	kept map[cordon.OutboxLane]keptSender
}

type keptSender struct {
	pager.Sender
	at time.Time
}

// senderLasts is how old a sender may be: its address may be changed, and its key.
const senderLasts = 30 * time.Second

const senderName = "Cordon"

func (s *senders) of(ctx context.Context, lane cordon.OutboxLane) (pager.Sender, error) {
	s.mu.Lock()
	kept, ok := s.kept[lane]
	s.mu.Unlock()
	if ok && s.now().Sub(kept.at) < senderLasts {
		return kept.Sender, nil
	}
	made, err := s.make(ctx, lane)
	if err != nil {
		return made, err
	}
	s.mu.Lock()
	s.kept[lane] = keptSender{made, s.now()}
	s.mu.Unlock()
	return made, nil
}

func (s *senders) make(ctx context.Context, lane cordon.OutboxLane) (pager.Sender, error) {
	notice, err := s.store.NoticeIdentity(ctx)
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return pager.Sender{}, err
	}
	box := message.Mailbox{Name: senderName, Address: s.from}
	if notice.Address != "" && (s.from == "" || lane == cordon.LaneTell) {
		box = message.Mailbox{Name: notice.Name, Address: notice.Address}
	}
	if box.Address == "" {
		return pager.Sender{}, &cordon.Error{Code: cordon.Unavailable, Field: "pager.from", Message: "is not set, and no notice identity is either, so such mail has no sender",
			Remedy: "set from in [pager], or cordon notice identity set"}
	}
	made := pager.Sender{From: box}
	if notice.Tenant == "" || !s.sign {
		return made, nil
	}
	domain, pkcs8, err := s.store.DomainKey(ctx, notice.Tenant, box.Address.Domain())
	switch {
	case cordon.CodeOf(err) == cordon.Missing:
		return made, nil // another domain than the notice identity's: the relay signs, or nobody
	case err != nil:
		return pager.Sender{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return pager.Sender{}, errors.New("sender: the domain's key cannot be read")
	}
	made.Domain, made.Selector, made.Key = domain.Name, domain.Selector, signer
	return made, nil
}

// closePaging ends what the outbox holds open.
func (h *House) closePaging() error {
	h.pager.Close()
	if h.pageRelay != nil {
		return h.pageRelay.Close()
	}
	return nil
}

var _ pager.Mail = (*relay.Client)(nil)
