package cordon_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestCodeNamesItsCopy(t *testing.T) {
	book := cordon.NewCodebook([]byte("key"))
	for _, ref := range []cordon.Ref{{Tenant: 1, Dispatch: 1, Seq: 1}, {Tenant: 1<<24 - 1, Dispatch: 1<<32 - 1, Seq: 1<<32 - 1}, {Tenant: 7, Dispatch: 70000, Seq: 840000}} {
		code := book.Code(ref)
		typed, err := cordon.ParseMessageCode(" " + strings.ToUpper(code.String()) + " ")
		if err != nil {
			t.Fatalf("%v: %v", ref, err)
		}
		if got, ok := book.Ref(typed); !ok || got != ref {
			t.Errorf("%v came back as %v, %v", ref, got, ok)
		}
		if _, ok := cordon.NewCodebook([]byte("another")).Ref(typed); ok {
			t.Error("another house read the code")
		}
	}
}

func TestNobodyMakesUpACode(t *testing.T) {
	book := cordon.NewCodebook([]byte("key"))
	good := string(book.Code(cordon.Ref{Tenant: 1, Dispatch: 2, Seq: 3}))
	for i := range good {
		other := "0"
		if good[i] == '0' {
			other = "1"
		}
		if ref, ok := book.Ref(cordon.MessageCode(good[:i] + other + good[i+1:])); ok {
			t.Errorf("a code with another character at %d names %v", i, ref)
		}
	}
	if book.Code(cordon.Ref{Tenant: 1 << 24, Dispatch: 1, Seq: 1}) != "" {
		t.Error("a place beyond the bounds has a code")
	}
}

func TestCodeAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"OIL00-00000-00000-00000-000000": "01100000000000000000000000", "0110000000000000000000000": "", "": "", "01100000000000000000000000 0": "", "u110000000000000000000000x!": "",
	} {
		got, err := cordon.ParseMessageCode(text)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func FuzzMessageCode(f *testing.F) {
	book := cordon.NewCodebook([]byte("key"))
	f.Add("OIL00-00000-00000-00000-000000")
	f.Add(book.Code(cordon.Ref{Tenant: 1, Dispatch: 2, Seq: 3}).String())
	f.Fuzz(func(t *testing.T, text string) {
		code, err := cordon.ParseMessageCode(text)
		if err != nil {
			return
		}
		if ref, ok := book.Ref(code); ok && book.Code(ref) != code {
			t.Errorf("%q reads as %v, whose code is another", code, ref)
		}
	})
}
