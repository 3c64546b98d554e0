package catalog

import (
	_ "embed"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cordonmail/cordon"
)

//go:embed data/names.tsv
var namesTSV string

// inventor makes people who do not exist, in the shape the tenant's real ones
// have, so that somebody who reads a stolen list cannot tell them apart.
type inventor struct {
	domains   []string
	forenames [][]string // by country
	surnames  [][]string
	fields    []string
	shapes    []refShape // of the tenant's references; none when few of its people have one
}

func newInventor(domains, fields, refs []string) *inventor {
	v := &inventor{domains: domains, fields: fields, shapes: refShapes(refs)}
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

// refsOffered is how many references a planting brings along: when all of them
// are somebody's, it has none.
const refsOffered = 20

// planting invents a decoy.
func (v *inventor) planting(label string) cordon.Planting {
	p := cordon.Planting{Person: v.person(), Kind: cordon.DecoyEnumeration, Label: label, Refs: v.refs(refsOffered)}
	if receives(p.Person.Address.Domain()) {
		p.Kind = cordon.DecoyMailbox
	}
	return p
}

// receives says whether mail can ever come to the domain: none can to one that
// resolves nowhere (RFC 2606 2).
func receives(domain string) bool {
	return domain != "invalid" && !strings.HasSuffix(domain, ".invalid")
}

// person draws one. The choice of a name is no secret (the recipient's ID and
// the tail of the address are, and they come from crypto/rand), so math/rand,
// seeded by the system, does.
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

// tailChars of cordon.RandomText are 80 bits: nobody guesses such an address, so
// whoever writes to it has read it somewhere.
const tailChars = 16

// address makes a local part as the services that mask people's addresses hand
// them out: a name and a random tail. Real directories are full of these, and a
// thief who leaves them out leaves real people out.
func (v *inventor) address(first, last string) cordon.Address {
	f, l := plain(first), plain(last)
	tail := cordon.RandomText(tailChars)
	var local string
	switch rand.IntN(4) {
	case 0:
		local = f + "." + l + "." + tail
	case 1:
		local = f[:1] + l + "." + tail
	case 2:
		local = f + "_" + tail
	default:
		local = tail + "." + l
	}
	return cordon.Address(local + "@" + v.domains[rand.IntN(len(v.domains))])
}

// refShape is what references of one length have in common: a fixed character,
// or the kind of characters that stand in a place.
type refShape struct {
	places []refPlace
	weight int // how many of the sample have it
}

type refPlace struct {
	fixed rune   // the same in all; 0 when they differ
	from  []rune // what stood there
}

// refShapes reads the shapes off a sample of the tenant's references, "" for
// people without one. Where fewer than half have one, decoys have none either.
func refShapes(sample []string) []refShape {
	byLength := map[int][][]rune{}
	with := 0
	for _, ref := range sample {
		if ref != "" {
			with++
			runes := []rune(ref)
			byLength[len(runes)] = append(byLength[len(runes)], runes)
		}
	}
	if with == 0 || 2*with < len(sample) {
		return nil
	}
	var shapes []refShape
	for length, refs := range byLength {
		shape := refShape{weight: len(refs)}
		for i := range length {
			place := refPlace{fixed: refs[0][i]}
			for _, ref := range refs {
				place.from = append(place.from, ref[i])
				if ref[i] != place.fixed {
					place.fixed = 0
				}
			}
			shape.places = append(shape.places, place)
		}
		shapes = append(shapes, shape)
	}
	slices.SortFunc(shapes, func(a, b refShape) int { return b.weight - a.weight })
	return shapes
}

// refs invents references of the tenant's shapes, each shape as often as its
// people have it.
func (v *inventor) refs(n int) []string {
	total := 0
	for _, s := range v.shapes {
		total += s.weight
	}
	if total == 0 {
		return nil
	}
	refs := make([]string, n)
	for i := range refs {
		pick := rand.IntN(total)
		for _, s := range v.shapes {
			if pick -= s.weight; pick < 0 {
				refs[i] = s.ref()
				break
			}
		}
	}
	return refs
}

// ref fills in the places: what varies is drawn from the kind of character that
// stood there, so that a new reference is not put together from real ones.
func (s refShape) ref() string {
	var b strings.Builder
	for _, p := range s.places {
		if p.fixed != 0 {
			b.WriteRune(p.fixed)
			continue
		}
		b.WriteRune(alike(p.from[rand.IntN(len(p.from))]))
	}
	return b.String()
}

func alike(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return '0' + rune(rand.IntN(10))
	case r >= 'a' && r <= 'f':
		return 'a' + rune(rand.IntN(6)) // hexadecimal stays hexadecimal
	case r >= 'A' && r <= 'F':
		return 'A' + rune(rand.IntN(6))
	case r >= 'a' && r <= 'z':
		return 'a' + rune(rand.IntN(26))
	case r >= 'A' && r <= 'Z':
		return 'A' + rune(rand.IntN(26))
	}
	return r
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
