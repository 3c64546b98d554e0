package intake

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/gauge"
)

const (
	maxFaults   = 100      // named in one answer; the rest are counted
	maxRowBytes = 16 << 10 // of one recipient's values
	maxPacked   = 96 << 20 // of all values of an order, packed
)

// rows keeps an order's values between reading them (a sequence is read only
// once) and handing them to the store. They are packed: a date each for 840,000
// people is about 20 MB.
type rows struct {
	digest []byte // of the whole order, rows included
	packed bytes.Buffer
	count  int
	given  bool
	said   uint64   // fingerprint of the first row's long values
	marks  []uint64 // a hash of each row's recipient, to find one named twice
	seed   maphash.Seed
}

// readRows reads the order's values to the end.
func readRows(order cordon.Order) (*rows, error) {
	r := &rows{given: order.Rows != nil, seed: maphash.MakeSeed()}
	sum := sha256.New()
	sum.Write(head(order))
	if !r.given {
		r.digest = sum.Sum(nil)
		return r, nil
	}
	// BestSpeed: the packing must not be what accepting waits for.
	pack, err := flate.NewWriter(&r.packed, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("pack rows: %w", err)
	}
	var buffer []byte
	for row, err := range order.Rows {
		if err != nil {
			return nil, err
		}
		buffer = encodeRow(buffer[:0], row)
		if len(buffer) > maxRowBytes {
			return nil, &cordon.Error{Code: cordon.Invalid, Field: where(row), Message: "has more than 16 KiB of values", Remedy: "shorten them"}
		}
		sum.Write(binary.AppendUvarint(nil, uint64(len(buffer))))
		sum.Write(buffer)
		lengths := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(max(row.Line, 0))), uint64(len(buffer)))
		if _, err := pack.Write(append(lengths, buffer...)); err != nil {
			return nil, fmt.Errorf("pack rows: %w", err)
		}
		if r.packed.Len() > maxPacked {
			return nil, cordon.InvalidField("values", "are more than one order takes", "split the order")
		}
		if r.count == 0 {
			r.said = gauge.Fingerprint(slices.Sorted(maps.Values(row.Values))...)
		}
		r.marks = append(r.marks, maphash.String(r.seed, string(row.Recipient)))
		r.count++
	}
	if err := pack.Close(); err != nil {
		return nil, fmt.Errorf("pack rows: %w", err)
	}
	r.digest = sum.Sum(nil)
	return r, nil
}

// words is the fingerprint of the words that the order brings itself.
func (r *rows) words(order cordon.Order) uint64 {
	if order.Free != nil {
		return gauge.Fingerprint(order.Free.Subject, order.Free.Text, order.Free.HTML)
	}
	return r.said
}

// head is the canonical form of an order without its rows.
func head(o cordon.Order) []byte {
	free := ""
	if o.Free != nil {
		free = o.Free.Hash()
	}
	raw, _ := json.Marshal([]any{ // strings, ints and bools: cannot fail
		"cordon/order/1", o.Tenant, o.Kind, o.Template, o.Version, o.Audience, o.Recipients, o.Exercise, o.Rows != nil, free,
	})
	return raw
}

// all gives the rows again, as often as asked; nil when the order had none.
func (r *rows) all() iter.Seq2[cordon.Row, error] {
	if !r.given {
		return nil
	}
	return func(yield func(cordon.Row, error) bool) {
		in := bufio.NewReader(flate.NewReader(bytes.NewReader(r.packed.Bytes())))
		for range r.count {
			row, err := decodeRow(in)
			if err != nil {
				yield(cordon.Row{}, fmt.Errorf("unpack row: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// fit checks every row: its values against the text, its recipient against the
// order, and that nobody has two. All faults are counted, the first named.
func (r *rows) fit(letter *compose.Letter, order cordon.Order, needed []string) error {
	var f faults
	member := make(map[cordon.RecipientID]int, len(order.Recipients)) // index+1; negative once it has a row
	for i, id := range order.Recipients {
		member[id] = i + 1
	}
	twice := r.twice()
	if r.given {
		for row, err := range r.all() {
			if err != nil {
				return err
			}
			if order.Kind == cordon.Single {
				switch n := member[row.Recipient]; {
				case n == 0:
					f.add(row, cordon.Fault{Field: "recipient", Message: "is not among the order's recipients", Remedy: "leave the row out, or name the recipient"})
				case n > 0:
					member[row.Recipient] = -n
				}
			}
			if n, ok := twice[row.Recipient]; ok {
				if n > 0 {
					f.add(row, cordon.Fault{Field: "recipient", Message: "has a second row", Remedy: "give each recipient one row"})
				}
				twice[row.Recipient] = n + 1
			}
			for _, fault := range letter.Fit(row.Values) {
				f.add(row, fault)
			}
		}
	}
	if len(needed) > 0 {
		for i, id := range order.Recipients {
			if member[id] > 0 {
				f.add(cordon.Row{}, cordon.Fault{
					Field: fmt.Sprintf("recipients[%d]", i), Message: "has no row of values; the template needs " + strings.Join(needed, ", "), Remedy: "give a row",
				})
			}
		}
		if order.Kind == cordon.Bulk && !r.given {
			return cordon.InvalidField("values", "are missing; the template needs "+strings.Join(needed, ", ")+" for everyone", "give a row for each recipient")
		}
	}
	return f.err()
}

// twice names the recipients with more than one row, each with the number 0.
// Hashes find the few that may be; comparing the IDs themselves decides.
func (r *rows) twice() map[cordon.RecipientID]int {
	slices.Sort(r.marks)
	suspect := make(map[uint64]bool)
	for i := 1; i < len(r.marks); i++ {
		if r.marks[i] == r.marks[i-1] {
			suspect[r.marks[i]] = true
		}
	}
	r.marks = nil
	found := make(map[cordon.RecipientID]int)
	if len(suspect) == 0 {
		return found
	}
	seen := make(map[cordon.RecipientID]bool)
	for row, err := range r.all() {
		if err != nil {
			break // fit reads the same rows next, and reports it
		}
		if !suspect[maphash.String(r.seed, string(row.Recipient))] {
			continue
		}
		if seen[row.Recipient] {
			found[row.Recipient] = 0
		}
		seen[row.Recipient] = true
	}
	return found
}

// faults collects what is wrong: the first hundred, and how many in all.
type faults struct {
	first []cordon.Fault
	total int
}

func (f *faults) add(row cordon.Row, fault cordon.Fault) {
	f.total++
	if len(f.first) < maxFaults {
		if fault.Line == 0 {
			fault.Line = row.Line
		}
		f.first = append(f.first, fault)
	}
}

func (f *faults) err() error {
	if f.total == 0 {
		return nil
	}
	e := &cordon.Error{
		Code: cordon.Invalid, Field: "values", Message: fmt.Sprintf("have %d faults; nothing was accepted", f.total),
		Remedy: "correct them and send the order again", Faults: f.first,
	}
	if f.total == 1 {
		e.Field, e.Message, e.Remedy = where(cordon.Row{Line: f.first[0].Line})+": "+f.first[0].Field, f.first[0].Message, f.first[0].Remedy
	}
	return e
}

func where(row cordon.Row) string {
	if row.Line > 0 {
		return fmt.Sprintf("line %d", row.Line)
	}
	return "values"
}

// encodeRow is the canonical form of a row, without its line: where a row stood
// in a file does not make it another order.
func encodeRow(to []byte, row cordon.Row) []byte {
	to = appendText(to, string(row.Recipient))
	to = binary.AppendUvarint(to, uint64(len(row.Values)))
	for _, name := range slices.Sorted(maps.Keys(row.Values)) {
		to = appendText(appendText(to, name), row.Values[name])
	}
	return to
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

func decodeRow(in *bufio.Reader) (cordon.Row, error) {
	line, err := binary.ReadUvarint(in)
	if err != nil {
		return cordon.Row{}, err
	}
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return cordon.Row{}, err
	}
	if size > maxRowBytes {
		return cordon.Row{}, errTorn
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(in, raw); err != nil {
		return cordon.Row{}, err
	}
	cut := cutter{rest: raw}
	row := cordon.Row{Line: int(line), Recipient: cordon.RecipientID(cut.text())}
	n := cut.number()
	row.Values = make(map[string]string, min(n, 64))
	for range n {
		name := cut.text()
		row.Values[name] = cut.text()
	}
	if cut.torn || len(cut.rest) > 0 {
		return cordon.Row{}, errTorn
	}
	return row, nil
}

var errTorn = errors.New("packed row is torn")

// cutter takes numbers and texts off the front of a packed row.
type cutter struct {
	rest []byte
	torn bool
}

func (c *cutter) number() uint64 {
	n, size := binary.Uvarint(c.rest)
	if size <= 0 {
		c.torn, c.rest = true, nil
		return 0
	}
	c.rest = c.rest[size:]
	return n
}

func (c *cutter) text() string {
	n := c.number()
	if n > uint64(len(c.rest)) {
		c.torn, c.rest = true, nil
		return ""
	}
	text := string(c.rest[:n])
	c.rest = c.rest[n:]
	return text
}
