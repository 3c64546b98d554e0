package catalog

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cordonmail/cordon"
)

// stage keeps the good rows between the pass that checks and the pass that
// writes, in a spool: lengths and bytes, in a form only this file knows.
type stage struct {
	rows *spool
	cols columns
	buf  []byte
}

func newStage(dir string, cols columns) (*stage, error) {
	s, err := newSpool(dir)
	if err != nil {
		return nil, err
	}
	return &stage{rows: s, cols: cols}, nil
}

func (s *stage) Close() { s.rows.Close() }

// put adds a row with the values of its columns.
func (s *stage) put(r row, values [][]byte) error {
	b := s.buf[:0]
	b = appendText(b, r.ref)
	b = appendText(b, r.name)
	b = appendText(b, r.address)
	b = binary.AppendUvarint(b, uint64(len(r.tags)))
	for _, t := range r.tags {
		b = appendText(b, t)
	}
	for i := range s.cols.all {
		if s.cols.all[i].meaning == meansField {
			b = appendText(b, values[i])
		}
	}
	s.buf = b
	_, err := s.rows.Write(b)
	return err
}

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// stageReader reads the rows back in their order.
type stageReader struct {
	in   *bufio.Reader
	cols columns
	buf  []byte
	err  error
}

func (s *stage) reader() (*stageReader, error) {
	in, err := s.rows.reader()
	if err != nil {
		return nil, err
	}
	return &stageReader{in: bufio.NewReaderSize(in, spoolChunk), cols: s.cols}, nil
}

// next answers the next row; io.EOF behind the last one.
func (s *stageReader) next() (cordon.RecipientRow, error) {
	if _, err := s.in.Peek(1); errors.Is(err, io.EOF) {
		return cordon.RecipientRow{}, io.EOF
	}
	row := cordon.RecipientRow{ExternalRef: s.text()}
	row.Person.Name = s.text()
	row.Person.Address = cordon.Address(s.text())
	tags := s.number()
	if s.cols.hasTags {
		row.Tags = make([]string, 0, tags)
	}
	for range tags {
		row.Tags = append(row.Tags, s.text())
	}
	for i := range s.cols.all {
		if s.cols.all[i].meaning != meansField {
			continue
		}
		if v := s.text(); v != "" {
			if row.Person.Fields == nil {
				row.Person.Fields = make(map[string]string, 4)
			}
			row.Person.Fields[s.cols.all[i].name] = v
		}
	}
	if s.err != nil {
		return cordon.RecipientRow{}, fmt.Errorf("read stage: %w", s.err)
	}
	return row, nil
}

func (s *stageReader) number() uint64 {
	if s.err != nil {
		return 0
	}
	var n uint64
	n, s.err = binary.ReadUvarint(s.in)
	if s.err == nil && n > 1<<20 {
		n, s.err = 0, errors.New("a length is out of range")
	}
	return n
}

func (s *stageReader) text() string {
	n := s.number()
	if n == 0 || s.err != nil {
		return ""
	}
	if uint64(cap(s.buf)) < n {
		s.buf = make([]byte, n)
	}
	_, s.err = io.ReadFull(s.in, s.buf[:n])
	return string(s.buf[:n])
}
