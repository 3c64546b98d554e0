package pager

import (
	"context"
	"crypto"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Mail hands one message to a mail server. look is asked before it leaves.
type Mail interface {
	Send(ctx context.Context, env message.Envelope, look func() bool) cordon.Outcome
}

// Signer puts the DKIM signature on a message.
type Signer interface {
	Sign(ctx context.Context, domain, selector string, key crypto.Signer, raw []byte) ([]byte, error)
}

// Sender is by whom mail is sent. Without a Key nothing is signed here.
type Sender struct {
	From             message.Mailbox
	Domain, Selector string
	Key              crypto.Signer
}

// Config is what a Pager is made of.
type Config struct {
	Mail         Mail
	ExerciseMail Mail // nil: mail of exercises is handed to Received, like the rest
	// Sender says by whom mail is sent, or why there is none.
	Sender func(ctx context.Context, lane cordon.OutboxLane) (Sender, error)
	Signer Signer // nil: the relay signs
	// BounceDomain receives what comes back: the return path is unique to the
	// message. "" = the sender's address.
	BounceDomain string

	SMS           SMS
	WebhookSecret []byte // signs Standard Webhooks
	PagerDuty     string // base URL; "" = https://events.pagerduty.com
	// Trusted are hosts (host:port) of a private network or this machine that may
	// be posted to, also in the clear.
	Trusted []string
	// Received takes the messages of exercises that are no mail.
	Received func(cordon.Outgoing)

	Now func() time.Time
	// Transport replaces the network for tests.
	Transport http.RoundTripper
}

const pagerDutyBase = "https://events.pagerduty.com"

// Pager hands messages over. It is safe for use by many goroutines.
type Pager struct {
	cfg     Config
	http    *http.Client
	trusted map[string]bool
}

// New makes a Pager. What is wrong with the configuration is said by Validate.
func New(c Config) *Pager {
	if c.PagerDuty == "" {
		c.PagerDuty = pagerDutyBase
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &Pager{cfg: c, trusted: map[string]bool{}}
	for _, host := range c.Trusted {
		p.trusted[strings.ToLower(strings.TrimSpace(host))] = true
	}
	transport := c.Transport
	if transport == nil {
		transport = p.transport()
	}
	p.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p
}

// Validate says what of the configuration cannot work.
func (p *Pager) Validate() error {
	if _, err := p.safeURL("pager.pagerduty", p.cfg.PagerDuty); err != nil {
		return err
	}
	return p.cfg.SMS.validate(p)
}

// Close drops idle connections.
func (p *Pager) Close() { p.http.CloseIdleConnections() }

// Send hands the message over once and says what came of it. ctx bounds the try.
func (p *Pager) Send(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	if o.To == "" {
		return failed("no receiver")
	}
	if o.Exercise && (o.Channel != cordon.ChannelMail || p.cfg.ExerciseMail == nil) {
		if p.cfg.Received != nil {
			p.cfg.Received(o)
		}
		return cordon.OutgoingOutcome{State: cordon.OutgoingDelivered, Reply: "exercise"}
	}
	switch o.Channel {
	case cordon.ChannelMail:
		return p.mail(ctx, o)
	case cordon.ChannelWebhook:
		return p.webhook(ctx, o)
	case cordon.ChannelPagerDuty:
		return p.pagerDuty(ctx, o)
	case cordon.ChannelAlertmanager:
		return p.alertmanager(ctx, o)
	case cordon.ChannelSlack:
		return p.slack(ctx, o)
	case cordon.ChannelSMS:
		return p.sms(ctx, o)
	}
	return failed("no such channel")
}

func failed(why string) cordon.OutgoingOutcome {
	return cordon.OutgoingOutcome{State: cordon.OutgoingFailed, Reply: why}
}

func again(why string) cordon.OutgoingOutcome {
	return cordon.OutgoingOutcome{State: cordon.OutgoingPending, Reply: why}
}

// Ready says why the channel cannot be used as the house is set up.
func (p *Pager) Ready(ctx context.Context, c cordon.Channel) error {
	switch c {
	case cordon.ChannelMail:
		if p.cfg.Mail == nil {
			return &cordon.Error{Code: cordon.Unavailable, Field: "relay.address", Message: "is not set, so no mail can leave", Remedy: "name a smarthost in [relay]"}
		}
		_, err := p.cfg.Sender(ctx, cordon.LaneWake)
		return err
	case cordon.ChannelSMS:
		if p.cfg.SMS.URL == "" {
			return &cordon.Error{Code: cordon.Unavailable, Field: "sms.url", Message: "is not set, so no text message can leave", Remedy: "name a gateway in [sms]"}
		}
	}
	return nil
}

// Check says whether the target is one that the channel can be used for, and
// answers it in its normal form. The error never repeats it.
func (p *Pager) Check(c cordon.Channel, target string) (string, error) {
	switch c {
	case cordon.ChannelMail:
		a, err := cordon.ParseAddress(target)
		return string(a), err
	case cordon.ChannelSMS:
		return phoneNumber(target)
	case cordon.ChannelPagerDuty:
		if len(target) != 32 || strings.Trim(strings.ToLower(target), "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
			return "", cordon.InvalidField("target", "is not an integration key of PagerDuty", "copy the 32 letters and digits of an Events API v2 integration")
		}
		return target, nil
	case cordon.ChannelWebhook, cordon.ChannelAlertmanager, cordon.ChannelSlack:
		u, err := p.safeURL("target", target)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	return "", cordon.InvalidField("channel", "is not one there is", "use mail, sms, webhook, pagerduty, alertmanager or slack")
}

// phoneNumber reads an international number (E.164): + and 7 to 15 digits.
func phoneNumber(text string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()./", r) {
			return -1
		}
		return r
	}, text)
	rest, plus := strings.CutPrefix(digits, "+")
	if !plus || len(rest) < 7 || len(rest) > 15 || strings.Trim(rest, "0123456789") != "" || rest[0] == '0' {
		return "", cordon.InvalidField("target", "is not an international telephone number", "write it with + and the country code")
	}
	return digits, nil
}

// safeURL checks a URL to be posted to: https, or a host that was named as
// trusted; no user information, no fragment.
func (p *Pager) safeURL(field, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, cordon.InvalidField(field, "is not a URL", "write it like https://hooks.example.org/…")
	case u.User != nil || u.Fragment != "":
		return nil, cordon.InvalidField(field, "holds a user, a password or a fragment", "leave them out")
	case u.Scheme == "https", u.Scheme == "http" && p.trusted[hostPort(u)]:
		return u, nil
	}
	return nil, cordon.InvalidField(field, "is not https", "use https; a host of your own network can be named in [pager] trust")
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
