package scan

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestReadRspamd(t *testing.T) {
	for body, want := range map[string]finding{
		`{"score":5.9,"action":"no action","message-id":"a"}`:                 {decision: cordon.Pass},
		`{"score":5.9,"action":"add header","message-id":"a"}`:                {decision: cordon.Pass},
		`{"score":-3,"action":"greylist","message-id":"a"}`:                   {decision: cordon.Pass},
		`{"score":6,"action":"no action","message-id":"a"}`:                   {decision: cordon.Hold},
		`{"score":14.99,"action":"reject","message-id":"a"}`:                  {decision: cordon.Hold},
		`{"score":15,"action":"no action","message-id":"a"}`:                  {decision: cordon.Refuse},
		`{"score":15,"action":"reject","is_skipped":true}`:                    {decision: cordon.Refuse},
		`{"score":1,"action":"reject","message-id":"a"}`:                      {decision: cordon.Hold},
		`{"score":1,"action":"quarantine","message-id":"a"}`:                  {decision: cordon.Hold},
		`{"score":1,"action":"something new","message-id":"a"}`:               {decision: cordon.Hold},
		`{"score":1,"action":"soft reject","message-id":"a"}`:                 {trouble: postponing},
		`{"score":0,"action":"no action","symbols":{}}`:                       {trouble: unread},
		`{"score":0,"action":"no action","message-id":"a","is_skipped":true}`: {trouble: unread},
		`{"score":0,"message-id":"a"}`:                                        {trouble: garbled},
		`{"action":"no action","message-id":"a"}`:                             {trouble: garbled},
		`{"score":null,"action":"no action","message-id":"a"}`:                {trouble: garbled},
		`{"score":"0","action":"no action","message-id":"a"}`:                 {trouble: garbled},
		`{"score":1e999,"action":"no action","message-id":"a"}`:               {trouble: garbled},
		`{"score":nan,"action":"no action","message-id":"a"}`:                 {trouble: garbled},
		`{"score":0,"action":"no action","message-id":"a","symbols":[]}`:      {trouble: garbled},
		`[]`:                       {trouble: garbled},
		`null`:                     {trouble: garbled},
		`{"error":"something"}`:    {trouble: garbled},
		`{"score":0,"action":"no `: {trouble: garbled},
	} {
		got := readRspamd([]byte(body), 6, 15)
		if got.decision != want.decision || got.trouble != want.trouble {
			t.Errorf("%s: %v %q", body, got.decision, got.trouble)
		}
		if (got.words == "") != (got.trouble != "" || got.decision == cordon.Pass) {
			t.Errorf("%s: says %q", body, got.words)
		}
	}
}

// The heaviest symbols, in plain words where there are some, each once; never
// what they quote.
func TestTheWordsOfRspamd(t *testing.T) {
	f := readRspamd([]byte(`{"score":9.25,"action":"add header","message-id":"a","symbols":{
		"LIGHT":{"score":0.1},"GOOD":{"score":-4},"DBL_SPAM":{"score":3,"options":["secret.example"]},"URIBL_BLACK":{"score":2.5},
		"R_WHITE_ON_WHITE":{"score":2},"LOCAL_RULE":{"score":1.5},"someone@patients.example":{"score":9},"ZERO":{"score":0},"MORE":{"score":1}}}`), 6, 15)
	const want = "The spam filter (Rspamd) gives this 9.2 points: a link leads to a site known for spam; it hides text by its colour; LOCAL_RULE; MORE."
	if f.words != want {
		t.Errorf("says %q", f.words)
	}
}

func TestReadClamAV(t *testing.T) {
	for reply, want := range map[string]finding{
		"stream: OK":                         {decision: cordon.Pass},
		"stream: Win.Test.EICAR_HDB-1 FOUND": {decision: cordon.Refuse, words: "The virus scanner (ClamAV) found Win.Test.EICAR_HDB-1 in this."},
		"stream: Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e1278abb02f:68) FOUND": {decision: cordon.Refuse, words: "The virus scanner (ClamAV) found Win.Test.EICAR_HDB-1 in this."},
		"stream: a name <b>with</b> signs FOUND":                                  {decision: cordon.Refuse, words: "The virus scanner (ClamAV) found something harmful in this."},
		"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND":                    {trouble: unread},
		"stream: Heuristics.Encrypted.Zip FOUND":                                  {decision: cordon.Hold, words: "The virus scanner (ClamAV) cannot look into an attachment that is locked by a password."},
		"INSTREAM size limit exceeded. ERROR":                                     {trouble: unread},
		"stream: Can't allocate memory ERROR":                                     {trouble: failing},
		"stream: OK ":                                                             {trouble: garbled},
		" stream: OK":                                                             {trouble: garbled},
		"stream: OK\nstream: X FOUND\x00":                                         {trouble: garbled},
		"":                                                                        {trouble: garbled},
		"stream:  FOUND":                                                          {trouble: garbled},
	} {
		if got := readClamAV([]byte(reply)); got.decision != want.decision || got.trouble != want.trouble || got.words != want.words {
			t.Errorf("%q: %v %q %q", reply, got.decision, got.trouble, got.words)
		}
	}
}

// Nothing passes but what says so in every part, and no byte of an answer comes
// through that is not of a name.
func FuzzReadRspamd(f *testing.F) {
	f.Add([]byte(`{"is_skipped":false,"score":8.0,"required_score":15.0,"action":"add header","symbols":{"A":{"name":"A","score":8.0,"options":["x"]}},"message-id":"a"}`))
	f.Add([]byte(`{"score":-1e308,"action":"no action","message-id":"undef"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := readRspamd(body, 6, 15)
		sound(t, got)
		if got.trouble == "" && got.decision == cordon.Pass {
			var a answer
			if err := json.Unmarshal(body, &a); err != nil || a.Score == nil || !(*a.Score < 6) || a.Message == "" || a.Skipped {
				t.Errorf("passed %q", body)
			}
		}
	})
}

func FuzzReadClamAV(f *testing.F) {
	for _, s := range []string{"stream: OK", "stream: A.B-1 FOUND", "INSTREAM size limit exceeded. ERROR", "stream: Heuristics.Limits.Exceeded FOUND"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		got := readClamAV(reply)
		sound(t, got)
		if got.trouble == "" && got.decision == cordon.Pass && string(reply) != "stream: OK" {
			t.Errorf("passed %q", reply)
		}
	})
}

// sound holds for every finding.
func sound(t *testing.T, f finding) {
	t.Helper()
	v := f.verdict(&clamav{})
	if v.Decision != cordon.Pass && len(v.Reasons) != 1 {
		t.Errorf("%+v has no reason", f)
	}
	if f.trouble != "" && (v.Decision != cordon.Hold || v.Code != cordon.Unavailable) {
		t.Errorf("%+v became %+v", f, v)
	}
	for _, name := range f.names {
		if name == "" || plainName(name) != name {
			t.Errorf("the log would hold %q", name)
		}
	}
	if len(f.words) > 700 || strings.ContainsFunc(f.words, unprintable) || strings.ContainsAny(f.words, "<>@\"&") {
		t.Errorf("says %q", f.words)
	}
}

func TestTheZeroFindingHolds(t *testing.T) {
	if v := (finding{}).verdict(&clamav{}); v.Decision != cordon.Hold || v.Code != cordon.Unavailable {
		t.Errorf("%+v", v)
	}
}

// A name may resolve to anything at the moment it is dialled.
func TestPublicAddressesAreNotDialled(t *testing.T) {
	for at, want := range map[string]error{"127.0.0.1:1": nil, "[::1]:1": nil, "192.168.7.7:1": nil, "[fd00::7]:1": nil,
		"8.8.8.8:53": errFar, "[2001:db8::1]:53": errFar, "0.0.0.0:1": errFar, "[::ffff:8.8.8.8]:53": errFar, "nonsense": errFar} {
		if got := dialer().Control("tcp4", at, nil); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
	_, err := dialer().DialContext(context.Background(), "tcp", "192.0.2.1:9")
	if !errors.Is(err, errFar) || troubleOf(context.Background(), err) != faraway {
		t.Errorf("dialled a public address: %v", err)
	}
	ctx := context.Background()
	r := newRspamd(Config{Rspamd: "http://scanner.example:9"}.withDefaults())
	r.at.Host = "192.0.2.1:9" // what the name came to
	if f := r.scan(ctx, []byte("x"), ""); f.trouble != faraway {
		t.Errorf("Rspamd: %+v", f)
	}
	if r.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy would be asked")
	}
	c := newClamAV(Config{ClamAV: "tcp://scanner.example:9"})
	c.at.at = "192.0.2.1:9"
	if f := c.scan(ctx, []byte("x"), ""); f.trouble != faraway {
		t.Errorf("ClamAV: %+v", f)
	}
	if got := troubleOf(context.Background(), &net.OpError{Op: "dial", Err: io.EOF}); got != unreachable {
		t.Errorf("%q", got)
	}
	if got := troubleOf(context.Background(), io.ErrUnexpectedEOF); got != broke {
		t.Errorf("%q", got)
	}
}

func TestTheProbeIsAsDeepAsItSays(t *testing.T) {
	inner := nested()
	if len(inner) > 64<<10 {
		t.Errorf("the probe has %d bytes", len(inner))
	}
	depth := 0
	for bytes.HasPrefix(inner, []byte("PK")) {
		r, err := zip.NewReader(bytes.NewReader(inner), int64(len(inner)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := r.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		if inner, err = io.ReadAll(f); err != nil {
			t.Fatal(err)
		}
		depth++
	}
	if depth != probeDepth || string(inner) != "nothing" {
		t.Errorf("%d deep, with %q in it", depth, inner)
	}
}
