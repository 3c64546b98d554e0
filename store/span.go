package store

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// span is a run of sequence numbers of one dispatch, both ends included.
type span struct{ from, to int64 }

func (s span) size() int64 { return s.to - s.from + 1 }

// spans gathers ascending sequence numbers into runs.
type spans []span

func (s spans) add(seq int64) spans {
	if n := len(s); n > 0 && s[n-1].to+1 == seq {
		s[n-1].to = seq
		return s
	}
	return append(s, span{seq, seq})
}

func (s spans) size() int64 {
	var n int64
	for _, r := range s {
		n += r.size()
	}
	return n
}

// String is the form in ledger entries: "1-200,203".
func (s spans) String() string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(r.from, 10))
		if r.to > r.from {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(r.to, 10))
		}
	}
	return b.String()
}

// parseSpans reads the form of String.
func parseSpans(text string) (spans, error) {
	if text == "" {
		return nil, nil
	}
	var s spans
	for part := range strings.SplitSeq(text, ",") {
		low, high, ranged := strings.Cut(part, "-")
		from, err := strconv.ParseInt(low, 10, 64)
		to := from
		if err == nil && ranged {
			to, err = strconv.ParseInt(high, 10, 64)
		}
		if err != nil || from < 1 || to < from {
			return nil, fmt.Errorf("sequence range %q is not of the form 1-200,203", part)
		}
		s = append(s, span{from, to})
	}
	return s, nil
}

// seqs walks every sequence number.
func (s spans) seqs() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, r := range s {
			for seq := r.from; seq <= r.to; seq++ {
				if !yield(seq) {
					return
				}
			}
		}
	}
}

// jsonRows is the argument that {{rows}} turns into a table: one array a row.
func jsonRows[T any](rows []T, cells func(T) []any) string {
	table := make([][]any, len(rows))
	for i, r := range rows {
		table[i] = cells(r)
	}
	return jsonText(table)
}
