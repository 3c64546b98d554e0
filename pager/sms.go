package pager

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
)

// SMS is an HTTP gateway for text messages. {{to}}, {{text}} and {{secret}} are
// put into URL and Body in the form that the place asks for (a URL's query, JSON,
// a form), and into Header as they are.
type SMS struct {
	URL         string // "" = none
	Method      string // "" = POST
	ContentType string // application/json, or application/x-www-form-urlencoded
	Body        string
	Header      map[string]string
	Username    string // with it, the secret is the password of HTTP Basic
	Secret      cordon.Secret
}

const formType = "application/x-www-form-urlencoded"

func (s SMS) validate(p *Pager) error {
	if s.URL == "" {
		return nil
	}
	if _, err := p.safeURL("sms.url", s.fill(s.URL, "+10000000", "text", url.QueryEscape)); err != nil {
		return err
	}
	switch {
	case s.Method != "" && s.Method != http.MethodPost && s.Method != http.MethodPut && s.Method != http.MethodGet:
		return cordon.InvalidField("sms.method", "must be POST, PUT or GET", "")
	case s.ContentType != "" && s.ContentType != jsonType && s.ContentType != formType && !strings.HasPrefix(s.ContentType, "text/plain"):
		return cordon.InvalidField("sms.content_type", "must be application/json, application/x-www-form-urlencoded or text/plain", "")
	case !strings.Contains(s.URL+s.Body, "{{to}}") || !strings.Contains(s.URL+s.Body, "{{text}}"):
		return cordon.InvalidField("sms.body", "says neither {{to}} nor {{text}}, and sms.url does not either", "put both where the gateway wants them")
	case s.media() == jsonType && s.Body != "" && !json.Valid([]byte(s.fill(s.Body, "1", "2", jsonEscape))):
		return cordon.InvalidField("sms.body", "is not JSON", `write {"to":"{{to}}","text":"{{text}}"}`)
	}
	return nil
}

func (s SMS) media() string {
	if s.ContentType == "" {
		return jsonType
	}
	return s.ContentType
}

// fill puts the values in, each as the place asks for it.
func (s SMS) fill(template, to, text string, escape func(string) string) string {
	return strings.NewReplacer("{{to}}", escape(to), "{{text}}", escape(text), "{{secret}}", escape(s.Secret.Reveal())).Replace(template)
}

// jsonEscape is the text as it stands between the quotes of a JSON string.
func jsonEscape(s string) string {
	raw := mustJSON(s)
	return string(raw[1 : len(raw)-1])
}

func asIs(s string) string { return s }

// sms hands a text to the gateway. Its yes means that it took it, not that the
// telephone has it.
func (p *Pager) sms(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	s := p.cfg.SMS
	if s.URL == "" {
		return failed("no gateway is set")
	}
	escape := asIs
	switch s.media() {
	case jsonType:
		escape = jsonEscape
	case formType:
		escape = url.QueryEscape
	}
	text := o.Content.Text
	if text == "" {
		text = o.Content.Title
	}
	c := call{method: s.Method, url: s.fill(s.URL, o.To, text, url.QueryEscape), media: s.media(), body: []byte(s.fill(s.Body, o.To, text, escape)), header: map[string]string{}}
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.method == http.MethodGet {
		c.media, c.body = "", nil
	}
	for name, value := range s.Header {
		c.header[name] = strings.ReplaceAll(value, "{{secret}}", s.Secret.Reveal())
	}
	if s.Username != "" {
		c.header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(s.Username+":"+s.Secret.Reveal()))
	}
	c.header["Idempotency-Key"] = string(o.ID)
	return p.handOver(ctx, c, cordon.OutgoingSent)
}
