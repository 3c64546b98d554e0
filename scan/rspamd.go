package scan

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// rspamd speaks HTTP as https://rspamd.com/doc/developers/protocol.html has it.
// It names no recipient: an invented one would earn every message the 2 points
// of FORGED_RECIPIENTS, and a real one is none of its business.
type rspamd struct {
	at           url.URL
	password     cordon.Secret
	hold, refuse float64
	client       *http.Client
}

func newRspamd(c Config) *rspamd {
	at, _ := rspamdURL(c.Rspamd) // Validate has read it
	at.Path = ""
	return &rspamd{at: *at, password: c.Password, hold: c.Hold, refuse: c.Refuse, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer().DialContext,
			MaxConnsPerHost:        c.Connections,
			MaxIdleConnsPerHost:    c.Connections,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}}
}

func (*rspamd) name() string { return "Rspamd" }
func (*rspamd) kind() string { return "spam filter" }
func (r *rspamd) close()     { r.client.CloseIdleConnections() }

func (r *rspamd) scan(ctx context.Context, raw []byte, envelopeFrom string) finding {
	if strings.ContainsFunc(envelopeFrom, unprintable) {
		return finding{trouble: unsendable}
	}
	if envelopeFrom == "" {
		envelopeFrom = "<>" // RFC 5321 4.5.5
	}
	req, err := r.request(ctx, http.MethodPost, "/checkv2", raw)
	if err != nil {
		return finding{trouble: failing}
	}
	req.Header.Set("From", envelopeFrom)
	req.Header.Set("User", "cordon") // our own outgoing mail, and a handle for the operator's settings there
	req.Header.Set("Pass", "all")    // every rule, not only until "reject" is reached
	if r.password != "" {
		req.Header.Set("Password", r.password.Reveal())
	}
	// Judging twice does no harm: a kept connection that has died meanwhile may
	// be replaced. The header itself is not sent.
	req.Header["Idempotency-Key"] = []string{}
	body, _, problem := r.do(ctx, req)
	if problem != "" {
		return finding{trouble: problem}
	}
	return readRspamd(body, r.hold, r.refuse)
}

func (r *rspamd) version(ctx context.Context) (string, trouble) {
	req, err := r.request(ctx, http.MethodGet, "/ping", nil)
	if err != nil {
		return "", failing
	}
	body, header, problem := r.do(ctx, req)
	if problem == "" && strings.TrimSpace(string(body)) != "pong" {
		problem = garbled
	}
	version := ""
	if name, number, ok := strings.Cut(header.Get("Server"), "/"); ok && plainName(name) != "" && plainName(number) != "" {
		version = name + " " + number
	}
	return version, problem
}

func (r *rspamd) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	at := r.at
	at.Path = path
	return http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
}

// do answers the body of a 200, whole and bounded.
func (r *rspamd) do(ctx context.Context, req *http.Request) ([]byte, http.Header, trouble) {
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, nil, troubleOf(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, resp.Header, garbled
	case err != nil:
		return nil, resp.Header, troubleOf(ctx, err)
	case resp.StatusCode == http.StatusRequestEntityTooLarge:
		return nil, resp.Header, unread
	case resp.StatusCode >= 300 && resp.StatusCode < 400, len(body) > maxAnswer:
		return nil, resp.Header, garbled
	case resp.StatusCode != http.StatusOK:
		return nil, resp.Header, failing
	}
	return body, resp.Header, ""
}

// answer is what is read of /checkv2's JSON. The symbols' options are not: they
// quote addresses and links.
type answer struct {
	Skipped bool     `json:"is_skipped"`
	Score   *float64 `json:"score"`
	Action  string   `json:"action"`
	Message string   `json:"message-id"` // missing when the message was not even parsed
	Symbols map[string]struct {
		Score float64 `json:"score"`
	} `json:"symbols"`
}

// readRspamd judges an answer. It passes only what has a score below hold, an
// action that lets mail through, and signs of having been looked at.
func readRspamd(body []byte, hold, refuse float64) finding {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || a.Score == nil || a.Action == "" {
		return finding{trouble: garbled}
	}
	names := heaviest(a)
	f := finding{names: names, words: spamWords(*a.Score, names)}
	switch {
	case *a.Score >= refuse:
		f.decision = cordon.Refuse
	case *a.Score >= hold:
		f.decision = cordon.Hold
	case a.Action == "soft reject":
		return finding{trouble: postponing}
	case a.Skipped || a.Message == "":
		return finding{trouble: unread} // RFC 5322 mail without Message-ID has "undef"
	case a.Action == "no action", a.Action == "greylist", a.Action == "add header", a.Action == "rewrite subject":
		f.decision, f.words = cordon.Pass, "" // what these say, the score says too
	default: // reject, discard, quarantine, one of the operator's own
		f.decision = cordon.Hold
		f.words = "A rule of the spam filter (Rspamd) asks not to let this through" + listed(names) + "."
	}
	return f
}

func spamWords(score float64, names []string) string {
	return fmt.Sprintf("The spam filter (Rspamd) gives this %.1f points%s.", min(score, mostPoints), listed(names))
}

// heaviest are the names of the symbols that weigh most, at most five.
func heaviest(a answer) []string {
	var names []string
	for name, symbol := range a.Symbols {
		if plainName(name) != "" && (symbol.Score > 0 || symbolWords[name] != "") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(a.Symbols[y].Score, a.Symbols[x].Score), cmp.Compare(x, y))
	})
	return names[:min(len(names), 5)]
}

func listed(names []string) string {
	if len(names) == 0 {
		return ""
	}
	var said []string
	for _, name := range names {
		words := cmp.Or(symbolWords[name], name)
		if !slices.Contains(said, words) {
			said = append(said, words)
		}
	}
	return ": " + strings.Join(said, "; ")
}
