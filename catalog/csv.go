package catalog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// csvReader reads RFC 4180 and the dirt around it, at memory bounded whatever
// the file holds: fields beyond maxKept bytes and records beyond maxFields
// fields are counted on, not kept. Its record belongs to the caller until the
// next call.
//
// Beyond the RFC it takes: any one-byte delimiter; line ends CRLF, LF, and CR in
// a file whose header ends in CR; spaces around a quoted field. It does not
// guess at ragged quotes: such a record is returned with its trouble, and
// reading goes on at the next line.
type csvReader struct {
	in    *bufio.Reader
	delim byte
	oldCR bool // the header ended in CR alone, so CR ends lines
	line  int  // physical line of the next byte, 1-based
	ended bool // the last record was ended by a line end, not by the end of input

	rec record
	buf []byte
	end []int // end of each kept field in buf
}

const (
	maxKept   = 4096 // bytes kept of one field; longer ones are refused anyway
	maxFields = 1024 // fields kept of one record
)

// record is one line of a file, as read.
type record struct {
	line    int // where it begins
	last    int // where it ends: another line when a quoted field has line ends
	fields  [][]byte
	count   int // of fields, kept or not
	long    int // 1-based number of the first field that was too long to keep
	trouble trouble
}

// blank says whether the line holds nothing at all.
func (r *record) blank() bool {
	for _, f := range r.fields {
		if len(bytes.TrimSpace(f)) > 0 {
			return false
		}
	}
	return r.trouble == fine
}

// trouble is what is wrong with a record's form.
type trouble int

const (
	fine trouble = iota
	strayQuote
	textAfterQuote
	neverClosed // the input ended inside quotes: nothing behind it can be trusted
)

func newCSVReader(in io.Reader) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(in, 64<<10), delim: ',', line: 1}
}

// begin skips a byte order mark and Excel's "sep=" line, and finds the delimiter
// and the kind of line end from the header, without consuming it.
func (r *csvReader) begin() error {
	if b, err := r.in.Peek(3); err == nil && bytes.Equal(b, []byte{0xEF, 0xBB, 0xBF}) {
		_, _ = r.in.Discard(3)
	}
	head, err := r.in.Peek(r.in.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	if said, rest, ok := sepLine(head); ok {
		_, _ = r.in.Discard(rest)
		r.delim, r.line = said, 2
		head = head[rest:]
		_, r.oldCR = sniffHeader(head)
		return nil
	}
	r.delim, r.oldCR = sniffHeader(head)
	return nil
}

// sepLine reads a first line "sep=;" as spreadsheets write it.
func sepLine(head []byte) (delim byte, size int, ok bool) {
	if len(head) < 6 || !bytes.EqualFold(head[:4], []byte("sep=")) {
		return 0, 0, false
	}
	switch head[4] {
	case ',', ';', '\t', '|':
	default:
		return 0, 0, false
	}
	switch {
	case bytes.HasPrefix(head[5:], []byte("\r\n")):
		return head[4], 7, true
	case head[5] == '\n' || head[5] == '\r':
		return head[4], 6, true
	}
	return 0, 0, false
}

// sniffHeader counts the delimiters of the first line outside quotes.
func sniffHeader(head []byte) (delim byte, oldCR bool) {
	var count [256]int
	quoted, text := false, false
scan:
	for i, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
			text = true
		case quoted:
		case b == '\n' || b == '\r':
			if !text {
				continue // empty lines before the header
			}
			oldCR = b == '\r' && (i+1 >= len(head) || head[i+1] != '\n')
			break scan
		default:
			text = true
			count[b]++
		}
	}
	delim = ','
	for _, d := range []byte{';', '\t', '|'} {
		if count[d] > count[delim] {
			delim = d
		}
	}
	return delim, oldCR
}

// next reads one record; io.EOF when there is none left.
func (r *csvReader) next() (*record, error) {
	r.buf, r.end = r.buf[:0], r.end[:0]
	r.rec = record{line: r.line, fields: r.rec.fields[:0]}
	r.ended = false
	for started := false; ; started = true {
		if !started {
			if _, err := r.in.Peek(1); err != nil {
				return nil, err
			}
		}
		more, err := r.field()
		if err != nil {
			return nil, err
		}
		r.rec.count++
		if len(r.end) < maxFields {
			r.end = append(r.end, len(r.buf))
		} else {
			r.buf = r.buf[:r.end[len(r.end)-1]]
		}
		if !more {
			break
		}
	}
	r.rec.last = r.line
	if r.ended {
		r.rec.last--
	}
	start := 0
	for _, end := range r.end {
		r.rec.fields = append(r.rec.fields, r.buf[start:end])
		start = end
	}
	return &r.rec, nil
}

// field reads one field up to and with its delimiter or line end; more says
// whether another follows in the record.
func (r *csvReader) field() (more bool, err error) {
	start := len(r.buf)
	spaces := true // nothing but spaces so far
	for {
		// The fast way: everything up to the next byte that means something.
		if n := r.in.Buffered(); n > 0 {
			b, _ := r.in.Peek(n)
			i := 0
			for i < n && b[i] != r.delim && b[i] != '\n' && b[i] != '\r' && b[i] != '"' {
				if b[i] != ' ' && b[i] != '\t' {
					spaces = false
				}
				i++
			}
			if i > 0 {
				r.keep(start, b[:i])
				_, _ = r.in.Discard(i)
				if i == n {
					continue
				}
			}
		}
		b, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case b == r.delim:
			return true, nil
		case b == '\n':
			r.newLine()
			return false, nil
		case b == '\r':
			end, err := r.carriageReturn()
			if err != nil {
				return false, err
			}
			if end {
				return false, nil
			}
			r.keep(start, []byte{'\r'})
			spaces = false
		case b == '"' && spaces:
			r.buf = r.buf[:start]
			return r.quoted(start)
		case b == '"':
			return false, r.giveUp(strayQuote)
		default:
			if b != ' ' && b != '\t' {
				spaces = false
			}
			r.keep(start, []byte{b})
		}
	}
}

// carriageReturn decides whether a CR just read ends the line, and takes the LF
// that belongs to it.
func (r *csvReader) carriageReturn() (end bool, err error) {
	b, err := r.in.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if len(b) == 1 && b[0] == '\n' {
		_, _ = r.in.Discard(1)
		r.newLine()
		return true, nil
	}
	// A lone CR at the very end ends the file's last line in any file.
	if r.oldCR || len(b) == 0 {
		r.newLine()
		return true, nil
	}
	return false, nil
}

func (r *csvReader) newLine() {
	r.line++
	r.ended = true
}

// quoted reads the inside of a quoted field, and what follows its closing quote.
func (r *csvReader) quoted(start int) (more bool, err error) {
	for {
		if n := r.in.Buffered(); n > 0 {
			b, _ := r.in.Peek(n)
			i := 0
			for i < n && b[i] != '"' && b[i] != '\n' && b[i] != '\r' {
				i++
			}
			if i > 0 {
				r.keep(start, b[:i])
				_, _ = r.in.Discard(i)
				if i == n {
					continue
				}
			}
		}
		b, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			r.rec.trouble = neverClosed
			return false, nil
		case err != nil:
			return false, err
		case b == '\n':
			r.line++
			r.keep(start, []byte{b})
		case b == '\r':
			r.keep(start, []byte{b})
			if next, _ := r.in.Peek(1); r.oldCR && (len(next) == 0 || next[0] != '\n') {
				r.line++
			}
		case b == '"':
			next, err := r.in.Peek(1)
			if err != nil && !errors.Is(err, io.EOF) {
				return false, err
			}
			if len(next) == 1 && next[0] == '"' {
				_, _ = r.in.Discard(1)
				r.keep(start, []byte{'"'})
				continue
			}
			return r.afterQuote()
		default:
			r.keep(start, []byte{b})
		}
	}
}

// afterQuote allows spaces between a closing quote and the delimiter or line end.
func (r *csvReader) afterQuote() (more bool, err error) {
	for {
		b, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case b == r.delim:
			return true, nil
		case b == '\n':
			r.newLine()
			return false, nil
		case b == '\r':
			end, err := r.carriageReturn()
			if err != nil {
				return false, err
			}
			if end {
				return false, nil
			}
			return false, r.giveUp(textAfterQuote)
		case b == ' ' || b == '\t':
		default:
			return false, r.giveUp(textAfterQuote)
		}
	}
}

// giveUp notes the trouble and skips to the next line, which is where a reader
// can be sure again.
func (r *csvReader) giveUp(t trouble) error {
	r.rec.trouble = t
	for {
		b, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case b == '\n':
			r.newLine()
			return nil
		case b == '\r':
			end, err := r.carriageReturn()
			if end || err != nil {
				return err
			}
		}
	}
}

// keep adds bytes to the field that began at start, up to maxKept.
func (r *csvReader) keep(start int, b []byte) {
	room := maxKept - (len(r.buf) - start)
	if len(b) > room {
		if r.rec.long == 0 {
			r.rec.long = r.rec.count + 1
		}
		b = b[:max(room, 0)]
	}
	r.buf = append(r.buf, b...)
}
