package pager

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const jsonType = "application/json"

// webhook posts as Standard Webhooks have it: webhook-id is the same at every
// try, webhook-signature is over "id.timestamp.body".
func (p *Pager) webhook(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	body := o.Content.JSON
	if len(body) == 0 {
		body = mustJSON(map[string]any{"type": eventType(o.Purpose), "timestamp": o.CreatedAt.UTC().Format(time.RFC3339), "data": eventData(o)})
	}
	stamp := strconv.FormatInt(p.cfg.Now().Unix(), 10)
	header := map[string]string{"webhook-id": string(o.ID), "webhook-timestamp": stamp, "webhook-signature": Signature(p.cfg.WebhookSecret, string(o.ID), stamp, body)}
	for name, value := range o.Content.HTTP {
		if _, ours := header[strings.ToLower(name)]; !ours {
			header[name] = value
		}
	}
	return p.handOver(ctx, call{http.MethodPost, o.To, jsonType, body, header}, cordon.OutgoingDelivered)
}

// Signature is the value of webhook-signature (Standard Webhooks, "Signature
// scheme"): v1, and the base64 of HMAC-SHA256.
func Signature(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SecretText is a webhook secret as receivers take it.
func SecretText(secret []byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(secret)
}

// ParseSecret reads a webhook secret: "whsec_" and base64, 24 to 64 bytes.
func ParseSecret(text string) ([]byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "whsec_")
	raw, err := base64.StdEncoding.DecodeString(rest)
	if !ok || err != nil || len(raw) < 24 || len(raw) > 64 {
		return nil, cordon.InvalidField("pager.webhook_secret_file", "does not hold a secret of Standard Webhooks", "whsec_ and the base64 of 24 to 64 bytes")
	}
	return raw, nil
}

func eventType(p cordon.Purpose) string {
	switch p {
	case cordon.PurposePage:
		return "page.triggered"
	case cordon.PurposePageUpdate:
		return "page.acknowledged"
	case cordon.PurposeAllClear:
		return "page.resolved"
	case cordon.PurposeVerify:
		return "contact.verify"
	}
	return string(p)
}

func eventData(o cordon.Outgoing) map[string]string {
	data := map[string]string{"title": o.Content.Title, "text": o.Content.Text}
	for name, value := range o.Content.Facts {
		if name != "title" {
			data[name] = value
		}
	}
	if o.Exercise {
		data["exercise"] = "true"
	}
	return data
}

// slack posts what Slack's incoming webhooks take, and what is like them
// (Mattermost, Rocket.Chat): a text, with <, > and & escaped.
func (p *Pager) slack(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	text := "*" + escape.Replace(o.Content.Title) + "*\n" + escape.Replace(o.Content.Text)
	return p.handOver(ctx, call{http.MethodPost, o.To, jsonType, mustJSON(map[string]string{"text": text}), nil}, cordon.OutgoingDelivered)
}

func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for what cannot be in such a message: channels, functions, NaN
	}
	return raw
}
