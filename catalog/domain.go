package catalog

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/cordonmail/cordon"
)

const (
	dkimBits      = 2048 // RFC 8301 3.2: at least 1024, 2048 recommended
	selectorChars = 6
)

// CreateDomain adds a sending domain and makes its DKIM key. The answer's Record
// is the TXT record to publish at <selector>._domainkey.<name>; it is longer
// than 255 bytes, so it goes into DNS as several strings (RFC 6376 3.6.2.2).
func (c *Catalog) CreateDomain(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, name string) (cordon.Domain, error) {
	if !by.Can(cordon.ManageTenants, tenant) {
		return cordon.Domain{}, forbidden(cordon.ManageTenants)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return cordon.Domain{}, err
	}
	name, err := domainName(name)
	if err != nil {
		return cordon.Domain{}, err
	}
	key, err := rsa.GenerateKey(rand.Reader, dkimBits)
	if err != nil {
		return cordon.Domain{}, fmt.Errorf("create domain: %w", err)
	}
	record, err := dkimRecord(&key.PublicKey)
	if err != nil {
		return cordon.Domain{}, fmt.Errorf("create domain: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return cordon.Domain{}, fmt.Errorf("create domain: %w", err)
	}
	d := cordon.Domain{
		Tenant: tenant, Name: name, Record: record, CreatedAt: c.now().UTC(),
		Selector: "cordon" + cordon.RandomText(selectorChars),
	}
	if err := c.store.CreateDomain(ctx, by, d, pkcs8); err != nil {
		return cordon.Domain{}, fmt.Errorf("create domain: %w", err)
	}
	return d, nil
}

// Domains lists the tenant's sending domains with the records to publish.
func (c *Catalog) Domains(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]cordon.Domain, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, forbidden(cordon.ReadCatalog)
	}
	return c.store.Domains(ctx, tenant)
}

// domainName checks a name and brings it into lower-case A-label form. A bare
// public suffix ("co.uk") is refused: whoever holds it would send for everyone
// below it.
func domainName(s string) (string, error) {
	bad := func(why string) (string, error) {
		return "", cordon.InvalidField("name", why, "give a domain of your own, like mail.example.org")
	}
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if s == "" {
		return bad("is missing")
	}
	name, err := idna.Lookup.ToASCII(s)
	if err != nil || len(name) > 253 { // RFC 1035 2.3.4
		return bad("is not a domain name")
	}
	name = strings.ToLower(name)
	labels := strings.Split(name, ".")
	if numeric(name) {
		return bad("is an IP address or not a domain name")
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return bad("is not a domain name")
		}
	}
	if len(labels) < 2 {
		return bad("is a single word or a top-level domain")
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(name); err != nil {
		return bad("is a public suffix, under which others register their domains")
	}
	return name, nil
}

// dkimRecord is the key record of RFC 6376 3.6.1; p= holds the public key as
// SubjectPublicKeyInfo in base64.
func dkimRecord(pub *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", err
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
}
