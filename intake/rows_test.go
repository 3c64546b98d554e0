package intake

import (
	"bufio"
	"bytes"
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cordonmail/cordon"
)

func given(rows []cordon.Row) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func drawRows(t *rapid.T) []cordon.Row {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cordon.Row {
		return cordon.Row{
			Line:      rapid.IntRange(0, 1<<30).Draw(t, "line"),
			Recipient: cordon.RecipientID(rapid.String().Draw(t, "recipient")),
			Values:    rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "values"),
		}
	}), 0, 20).Draw(t, "rows")
}

func TestRowsComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRows(t)
		r, err := readRows(cordon.Order{Rows: given(want)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // as often as asked
			var got []cordon.Row
			for row, err := range r.all() {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, row)
			}
			if !slices.EqualFunc(got, want, func(a, b cordon.Row) bool {
				return a.Line == b.Line && a.Recipient == b.Recipient && maps.Equal(a.Values, b.Values)
			}) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		}
	})
}

func TestADigestIsOfWhatIsOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t)
		digest := func(rows []cordon.Row) []byte {
			r, err := readRows(cordon.Order{Rows: given(rows)})
			if err != nil {
				t.Fatal(err)
			}
			return r.digest
		}
		moved := slices.Clone(rows)
		for i := range moved {
			moved[i].Line += 7 // blank lines in a file are no other order
		}
		if !bytes.Equal(digest(rows), digest(moved)) {
			t.Fatal("lines make another order")
		}
		if len(rows) == 0 {
			return
		}
		at := rapid.IntRange(0, len(rows)-1).Draw(t, "at")
		changed := slices.Clone(rows)
		changed[at].Values = maps.Clone(rows[at].Values)
		changed[at].Values["one more"] = "x"
		if _, there := rows[at].Values["one more"]; !there && bytes.Equal(digest(rows), digest(changed)) {
			t.Fatal("another value is the same order")
		}
		if bytes.Equal(digest(rows), digest(rows[1:])) {
			t.Fatal("a row less is the same order")
		}
	})
}

func TestTooMuchIsNotKept(t *testing.T) {
	long := cordon.Row{Line: 3, Recipient: "rcp", Values: map[string]string{"note": string(make([]byte, maxRowBytes))}}
	if _, err := readRows(cordon.Order{Rows: given([]cordon.Row{long})}); cordon.CodeOf(err) != cordon.Invalid {
		t.Fatalf("answer %v", err)
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add(append([]byte{2, 9}, encodeRow(nil, cordon.Row{Recipient: "rcp_1", Values: map[string]string{"a": "b"}})...))
	f.Add([]byte{0, 1, 255})
	f.Add([]byte{0, 4, 0, 255, 255, 127})
	f.Fuzz(func(t *testing.T, raw []byte) {
		row, err := decodeRow(bufio.NewReader(bytes.NewReader(raw)))
		if err == nil && len(row.Values) > len(raw) {
			t.Fatalf("%d values out of %d bytes", len(row.Values), len(raw))
		}
	})
}
