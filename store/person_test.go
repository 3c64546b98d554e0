package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	"github.com/cordonmail/cordon"
)

var somebody = cordon.Person{Name: "Zoë Quist", Address: "zoe@patients.example", Fields: map[string]string{"city": "Eastwick", "first_name": "Zoë", "doctor": ""}}

func TestAPersonIsReadBackAsWritten(t *testing.T) {
	for _, p := range []cordon.Person{{}, {Address: "a@b.example"}, {Fields: map[string]string{"": "x"}}, somebody} {
		got, err := decodePerson(encodePerson(p))
		if err != nil || got.Name != p.Name || got.Address != p.Address || !maps.Equal(got.Fields, p.Fields) {
			t.Errorf("read back otherwise: %v", err)
		}
	}
}

// What is opened was sealed by the store itself; a fault of it must still give
// an error and never another person.
func FuzzAPersonHasOneForm(f *testing.F) {
	f.Add(encodePerson(somebody))
	f.Add(encodePerson(cordon.Person{}))
	f.Add([]byte{personForm, 0x80, 0, 0, 0})
	f.Add([]byte{personForm, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := decodePerson(raw)
		if err == nil && !bytes.Equal(encodePerson(p), raw) {
			t.Fatal("two forms of one person")
		}
	})
}

func BenchmarkOpenPerson(b *testing.B) {
	raw := encodePerson(somebody)
	b.Run("form", func(b *testing.B) {
		for b.Loop() {
			if _, err := decodePerson(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	asJSON, err := json.Marshal(somebody)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			var p cordon.Person
			if err := json.Unmarshal(asJSON, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
