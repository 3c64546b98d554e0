package api

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

const maxValueRow = 64 << 10 // bytes of one row of values

// csvRows reads an order's values: a header that begins with "recipient", then
// a row a recipient. One row is in memory at a time.
func csvRows(from io.Reader) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		budget := &rowBudget{from: skipBOM(from), left: maxValueRow}
		r := csv.NewReader(budget)
		r.ReuseRecord = true
		header, err := valuesHeader(r)
		if err != nil {
			yield(cordon.Row{}, err)
			return
		}
		for {
			budget.left = maxValueRow
			record, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(cordon.Row{}, rowError(err))
				return
			}
			line, _ := r.FieldPos(0)
			row := cordon.Row{Line: line, Recipient: cordon.RecipientID(record[0]), Values: make(map[string]string, len(header)-1)}
			for i, name := range header[1:] {
				if !utf8.ValidString(record[i+1]) {
					yield(cordon.Row{}, &cordon.Error{Code: cordon.Invalid, Field: fmt.Sprintf("line %d: %s", line, name), Message: "is not valid UTF-8", Remedy: "save the file as UTF-8"})
					return
				}
				if record[i+1] != "" {
					row.Values[name] = record[i+1]
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func valuesHeader(r *csv.Reader) ([]string, error) {
	record, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, cordon.InvalidField("values", "is empty", "begin with the header recipient,<field>,…")
	}
	if err != nil {
		return nil, rowError(err)
	}
	header := append([]string(nil), record...)
	if header[0] != "recipient" {
		return nil, cordon.InvalidField("line 1", "the first column is not recipient", "begin with the header recipient,<field>,…")
	}
	seen := map[string]bool{}
	for _, name := range header[1:] {
		if !cordon.ValidFieldName(name) || seen[name] {
			return nil, cordon.InvalidField("line 1", "a column is not a field name, or named twice", "name each column like the template's order field: a-z, 0-9 and _")
		}
		seen[name] = true
	}
	return header, nil
}

// rowError says what is wrong with a row without repeating it.
func rowError(err error) error {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p) && errors.Is(p.Err, csv.ErrFieldCount):
		return cordon.InvalidField(fmt.Sprintf("line %d", p.Line), "has another number of columns than the header", "give every column, empty where there is no value")
	case errors.As(err, &p) && (errors.Is(p.Err, csv.ErrQuote) || errors.Is(p.Err, csv.ErrBareQuote)):
		return cordon.InvalidField(fmt.Sprintf("line %d", p.Line), "has a quote in the wrong place", "quote the whole value and double each quote inside")
	}
	var e *cordon.Error
	var problem *Problem
	if errors.As(err, &e) || errors.As(err, &problem) {
		return err
	}
	return fmt.Errorf("read values: %w", err)
}

// rowBudget bounds one row: a quote that never closes must not fill the memory.
type rowBudget struct {
	from io.Reader
	left int
}

func (b *rowBudget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, cordon.InvalidField("values", fmt.Sprintf("a row is longer than %d bytes", maxValueRow), "close every quote, and shorten the values")
	}
	n, err := b.from.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// skipBOM drops a byte order mark, as spreadsheets write it.
func skipBOM(from io.Reader) io.Reader {
	var head [3]byte
	n, err := io.ReadFull(from, head[:])
	rest := bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return io.MultiReader(bytes.NewReader(rest), failing{err})
	}
	return io.MultiReader(bytes.NewReader(rest), from)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
