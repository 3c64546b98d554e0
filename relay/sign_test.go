package relay_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/relay"
)

// A signed letter verifies; one with a second From, another subject or another
// body does not.
func TestSignaturesHold(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(raw []byte) error {
		v, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			if name != "c1._domainkey.clinic.example" {
				t.Errorf("asked for %s", name)
			}
			return []string{"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(pub)}, nil
		}})
		if err != nil || len(v) != 1 {
			t.Fatalf("%d signatures, %v", len(v), err)
		}
		return v[0].Err
	}
	signed, err := relay.NewSigner(0).Sign(t.Context(), "clinic.example", "c1", key, []byte(letter))
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(signed); err != nil {
		t.Errorf("as signed: %v", err)
	}
	if err := message.Wire(signed); err != nil {
		t.Errorf("cannot leave: %v", err)
	}
	for name, forge := range map[string]*strings.Replacer{
		"second From":     strings.NewReplacer("From: a@", "From: x@evil.example\r\nFrom: a@"),
		"added Reply-To":  strings.NewReplacer("From: a@", "Reply-To: x@evil.example\r\nFrom: a@"),
		"another subject": strings.NewReplacer("hello", "prize"),
		"another body":    strings.NewReplacer("plain", "prize"),
	} {
		if verify([]byte(forge.Replace(string(signed)))) == nil {
			t.Errorf("%s: verifies", name)
		}
	}
}
