package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/cordonmail/cordon"
)

// personForm is the first byte of a person's data before it is sealed: every
// copy that is sent opens one, and this form is read in a tenth of the time
// that JSON takes.
//
//	form | name | address | number of fields | field name, value, …
//
// Texts have their length in front; lengths and numbers are uvarints. Fields
// stand in the order of their names, so that a person has one form.
const personForm = 1

var errNoPerson = errors.New("not a person's data")

func encodePerson(p cordon.Person) []byte {
	size := 16 + len(p.Name) + len(p.Address)
	for name, value := range p.Fields {
		size += 4 + len(name) + len(value)
	}
	out := append(make([]byte, 0, size), personForm)
	out = appendText(appendText(out, p.Name), string(p.Address))
	out = binary.AppendUvarint(out, uint64(len(p.Fields)))
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		out = appendText(appendText(out, name), p.Fields[name])
	}
	return out
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// decodePerson reads what encodePerson wrote, and nothing else.
func decodePerson(raw []byte) (cordon.Person, error) {
	if len(raw) == 0 || raw[0] != personForm {
		return cordon.Person{}, errNoPerson
	}
	in := texts{rest: string(raw[1:])} // one allocation for all of them
	p := cordon.Person{Name: in.next(), Address: cordon.Address(in.next())}
	n := in.number()
	if n > uint64(len(in.rest))/2 { // a field takes two bytes at least
		return cordon.Person{}, errNoPerson
	}
	if n > 0 {
		p.Fields = make(map[string]string, n)
	}
	last := ""
	for i := range n {
		name := in.next()
		if i > 0 && name <= last {
			in.bad = true
		}
		p.Fields[name], last = in.next(), name
	}
	if in.bad || in.rest != "" {
		return cordon.Person{}, errNoPerson
	}
	return p, nil
}

// texts reads lengths and texts; what is not there makes it bad for good.
type texts struct {
	rest string
	bad  bool
}

func (t *texts) number() uint64 {
	var n uint64
	for i := 0; i < len(t.rest) && i < binary.MaxVarintLen32; i++ {
		b := t.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if i > 0 && b == 0 {
				break // longer than it need be
			}
			t.rest = t.rest[i+1:]
			return n
		}
	}
	t.bad, t.rest = true, ""
	return 0
}

func (t *texts) next() string {
	n := t.number()
	if n > uint64(len(t.rest)) {
		t.bad, t.rest = true, ""
		return ""
	}
	text := t.rest[:n]
	t.rest = t.rest[n:]
	return text
}
