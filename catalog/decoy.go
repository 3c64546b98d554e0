package catalog

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cordonmail/cordon"
)

//go:embed data/names.tsv
var namesTSV string

// decoysACall bounds one transaction of planting.
const decoysACall = 1000

// PlantDecoys brings the tenant's decoys up to what its limits ask for and
// answers how many were planted.
func (c *Catalog) PlantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (int, error) {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return 0, forbidden(cordon.ManageRecipients)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return 0, err
	}
	return c.topUpDecoys(ctx, by, tenant)
}

// Decoys names the tenant's decoys. Only an actor of the whole installation is
// told: to anyone else a decoy is a person like the others.
func (c *Catalog) Decoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]cordon.RecipientID, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return nil, forbidden(cordon.ManageTenants)
	}
	return c.store.Decoys(ctx, tenant)
}

func (c *Catalog) topUpDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (int, error) {
	limits, err := c.store.Limits(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	active, decoys, err := c.store.CountRecipients(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	fields, err := c.store.FieldNames(ctx, tenant)
	if err != nil {
		return 0, fmt.Errorf("plant decoys: %w", err)
	}
	inventor := newInventor(c.decoyDomain, fields)
	planted := 0
	for want := limits.Decoys(active) - decoys; planted < want; {
		people := make([]cordon.Person, min(want-planted, decoysACall))
		for i := range people {
			people[i] = inventor.person()
		}
		if err := c.store.PlantDecoys(ctx, by, tenant, people); err != nil {
			return planted, fmt.Errorf("plant decoys: %w", err)
		}
		planted += len(people)
	}
	return planted, nil
}

// inventor makes people who do not exist, in the shape the tenant's real ones
// have, so that somebody who reads a stolen list cannot tell them apart.
type inventor struct {
	domain    string
	forenames [][]string // by country
	surnames  [][]string
	fields    []string
	seen      map[string]bool
}

func newInventor(domain string, fields []string) *inventor {
	v := &inventor{domain: domain, fields: fields, seen: map[string]bool{}}
	country := map[string]int{}
	for line := range strings.Lines(namesTSV) {
		code, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		part, name, ok := strings.Cut(rest, "\t")
		if !ok {
			continue
		}
		i, known := country[code]
		if !known {
			i = len(v.forenames)
			country[code] = i
			v.forenames, v.surnames = append(v.forenames, nil), append(v.surnames, nil)
		}
		if part == "forename" {
			v.forenames[i] = append(v.forenames[i], name)
		} else {
			v.surnames[i] = append(v.surnames[i], name)
		}
	}
	return v
}

// person draws one. The choice of a name is no secret (the recipient's ID is,
// and it comes from crypto/rand in the store), so math/rand, seeded by the
// system, does.
func (v *inventor) person() cordon.Person {
	country := rand.IntN(len(v.forenames))
	first := v.forenames[country][rand.IntN(len(v.forenames[country]))]
	last := v.surnames[country][rand.IntN(len(v.surnames[country]))]
	p := cordon.Person{Name: first + " " + last, Address: v.address(first, last)}
	for _, f := range v.fields {
		var value string
		switch f {
		case "first_name":
			value = first
		case "last_name":
			value = last
		default:
			continue // an invented diagnosis or number could mislead a person
		}
		if p.Fields == nil {
			p.Fields = map[string]string{}
		}
		p.Fields[f] = value
	}
	return p
}

// address makes a local part as people have them; the first free of a few
// shapes, so that no two decoys of one planting share an address.
func (v *inventor) address(first, last string) cordon.Address {
	f, l := plain(first), plain(last)
	for {
		var local string
		switch rand.IntN(4) {
		case 0:
			local = f + "." + l
		case 1:
			local = f[:1] + l
		case 2:
			local = fmt.Sprintf("%s.%s%02d", f, l, rand.IntN(100))
		default:
			local = fmt.Sprintf("%s%d", f, 1945+rand.IntN(60))
		}
		if v.seen[local] {
			local = fmt.Sprintf("%s%d", local, rand.IntN(1_000_000))
		}
		if !v.seen[local] {
			v.seen[local] = true
			return cordon.Address(local + "@" + v.domain)
		}
	}
}

// plain brings a name into a-z, as in an address.
func plain(s string) string {
	s = foldLatin(s)
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
	if s == "" {
		return "x"
	}
	return s
}

// latin has the letters that do not come apart into a base letter and a mark.
var latin = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ı", "i")

// foldLatin lowers the case and takes the marks off: "Größe" becomes "grosse".
func foldLatin(s string) string {
	s = norm.NFD.String(strings.ToLower(s))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	return latin.Replace(s)
}
