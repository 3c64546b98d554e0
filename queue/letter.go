package queue

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/message"
)

// letter opens one person's data and makes the message. It is the only place
// where personal data is in the clear. A refusal says why there is no letter.
func (r *Runner) letter(ctx context.Context, c cordon.Claim, d *dossier) (message.Envelope, refusal) {
	none := message.Envelope{}
	person, err := r.cfg.Store.Unseal(c.Delivery.Tenant, c.Delivery.Recipient, c.Sealed)
	if err != nil {
		return none, sealed(err, "a recipient's data could not be opened")
	}
	var values map[string]string
	if len(c.Values) > 0 {
		if values, err = r.cfg.Store.UnsealValues(c); err != nil {
			return none, sealed(err, "an order's values could not be opened")
		}
	}
	merge := compose.Merge{Person: person, Values: values}
	text, err := d.letter.Render(merge)
	if err != nil || text.Invented {
		return none, refusal{reason: "does-not-fit"}
	}
	if why := r.screened(ctx, d, merge, text); !why.zero() {
		return none, why
	}
	content := d.facts.Version.Content
	code := r.cfg.Codes.Code(c.Ref)
	id, err := message.MessageID(string(code), content.FromAddress.Domain())
	if err != nil {
		return none, refusal{reason: "message"}
	}
	parts := message.Parts{
		From:    message.Mailbox{Name: content.FromName, Address: content.FromAddress},
		To:      message.Mailbox{Name: person.Name, Address: person.Address},
		Subject: text.Subject, Text: r.footText(text.Text, code), HTML: r.footHTML(text.HTML, code),
		Date: r.cfg.Now(), MessageID: id, Headers: r.headers(c.Delivery, d, code),
	}
	if content.ReplyTo != "" {
		parts.ReplyTo = message.Mailbox{Address: content.ReplyTo}
	}
	raw, err := message.Build(parts)
	if err != nil {
		return none, refusal{reason: "message"}
	}
	if message.Wire(raw) != nil {
		return none, refusal{reason: "wire"}
	}
	env := message.Envelope{Tenant: c.Delivery.Tenant, From: r.returnPath(code, content.FromAddress), To: person.Address, Data: raw}
	if r.cfg.Signer == nil {
		return env, refusal{}
	}
	return r.sign(ctx, env, d)
}

// sealed tells what cannot be opened now from what can never be opened.
func sealed(err error, words string) refusal {
	switch cordon.CodeOf(err) {
	case cordon.Unavailable:
		return refusal{reason: "unavailable", back: true}
	case cordon.Missing: // the tenant's key was dropped: erased
		return refusal{reason: "erased"}
	}
	return unreadable(words)
}

func (r *Runner) sign(ctx context.Context, env message.Envelope, d *dossier) (message.Envelope, refusal) {
	if d.key == nil {
		return message.Envelope{}, refusal{reason: "no-signing-key", back: true}
	}
	raw, err := r.cfg.Signer.Sign(ctx, d.facts.Domain.Name, d.facts.Domain.Selector, d.key, env.Data)
	if err != nil {
		return message.Envelope{}, refusal{reason: "sign", back: true}
	}
	if message.Wire(raw) != nil {
		return message.Envelope{}, refusal{reason: "wire"}
	}
	r.count.signed.Add(1)
	env.Data = raw
	return env, refusal{}
}

func (r *Runner) headers(d cordon.Delivery, dos *dossier, code cordon.MessageCode) []message.Header {
	h := make([]message.Header, 0, 6)
	h = append(h,
		message.Header{Name: "Auto-Submitted", Value: "auto-generated"}, // RFC 3834 5.2: no holiday replies
		message.Header{Name: "Feedback-ID", Value: dos.feedback})
	if r.cfg.Feedback != "" { // RFC 9477 3.1 and 3.3
		h = append(h,
			message.Header{Name: "CFBL-Address", Value: string(r.cfg.Feedback) + "; report=arf"},
			message.Header{Name: "CFBL-Feedback-ID", Value: string(code)})
	}
	if r.cfg.Unsubscribe != nil {
		if url := r.cfg.Unsubscribe(d); url != "" {
			h = append(h,
				message.Header{Name: "List-Unsubscribe", Value: "<" + url + ">"},                   // RFC 2369 3.2
				message.Header{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}) // RFC 8058 3.1
		}
	}
	return h
}

// returnPath is unique to the copy where a domain for bounces is set up, so
// that a bounce names it without quoting anybody's address.
func (r *Runner) returnPath(code cordon.MessageCode, from cordon.Address) cordon.Address {
	if r.cfg.BounceDomain == "" {
		return from
	}
	return cordon.Address("b-" + string(code) + "@" + r.cfg.BounceDomain)
}

// tokens makes the opaque words that name a dispatch and its tenant to a feedback
// loop, telling nothing to whoever lacks the key.
type tokens struct{ key []byte }

func newTokens(provenance []byte) tokens {
	mac := hmac.New(sha256.New, provenance)
	mac.Write([]byte("cordon/queue/tokens/1"))
	return tokens{mac.Sum(nil)}
}

var tokenText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func (t tokens) of(what string, parts ...string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(what))
	for _, p := range parts {
		mac.Write([]byte{0})
		mac.Write([]byte(p))
	}
	var sum [sha256.Size]byte
	return tokenText.EncodeToString(mac.Sum(sum[:0])[:16])
}

// feedback names dispatch and tenant to a feedback loop.
func (t tokens) feedback(d cordon.Dispatch) string {
	return fmt.Sprintf("%s:%s:%s:cordon", t.of("dispatch", string(d.ID)), t.of("tenant", string(d.Tenant)), d.Kind)
}
