package catalog

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spoolChunk is the plain size of one sealed piece.
const spoolChunk = 64 << 10

// spool is a temporary file that nobody else can read: sealed in pieces under a
// key that exists in this process's memory alone, and unlinked as soon as it is
// open. Write it, then read it as often as needed, then Close it; a crash leaves
// nothing but unreadable blocks without a name.
type spool struct {
	file   *os.File
	path   string
	aead   cipher.AEAD
	plain  []byte // the piece being filled
	sealed []byte
	chunks uint64 // pieces written
	size   int64  // plain bytes written
	done   bool
}

var errSpoolDone = errors.New("spool: written after it was finished")

func newSpool(dir string) (*spool, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails (crypto/rand, Go 1.24)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	file, err := os.CreateTemp(dir, "import-*.spool") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	_ = os.Remove(file.Name()) // where an open file cannot be removed, Close does it
	return &spool{file: file, path: file.Name(), aead: aead, plain: make([]byte, 0, spoolChunk)}, nil
}

// Write adds bytes to the spool.
func (s *spool) Write(p []byte) (int, error) {
	if s.done {
		return 0, errSpoolDone
	}
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), spoolChunk-len(s.plain))
		s.plain = append(s.plain, p[:take]...)
		p = p[take:]
		if len(s.plain) == spoolChunk {
			if err := s.flush(); err != nil {
				return 0, err
			}
		}
	}
	s.size += int64(n)
	return n, nil
}

func (s *spool) flush() error {
	if len(s.plain) == 0 {
		return nil
	}
	s.sealed = s.aead.Seal(s.sealed[:0], nonce(s.chunks), s.plain, nil)
	if _, err := s.file.Write(s.sealed); err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	s.chunks++
	s.plain = s.plain[:0]
	return nil
}

// finish ends the writing.
func (s *spool) finish() error {
	if s.done {
		return nil
	}
	s.done = true
	err := s.flush()
	s.plain, s.sealed = nil, nil
	return err
}

// reader reads the spool from its beginning; it finishes the writing first.
// Several readers may follow each other.
func (s *spool) reader() (io.Reader, error) {
	if err := s.finish(); err != nil {
		return nil, err
	}
	return &spoolReader{spool: s}, nil
}

// Close forgets the spool. It may be called twice.
func (s *spool) Close() {
	_ = s.file.Close()
	_ = os.Remove(s.path)
}

// nonce is the piece's number: the key is used for one spool, so no nonce ever
// repeats, and pieces out of order do not open.
func nonce(chunk uint64) []byte {
	var n [12]byte
	binary.BigEndian.PutUint64(n[4:], chunk)
	return n[:]
}

type spoolReader struct {
	spool *spool
	chunk uint64
	buf   []byte // sealed, then opened in place
	rest  []byte
}

func (r *spoolReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *spoolReader) next() error {
	if r.chunk == r.spool.chunks {
		return io.EOF
	}
	overhead := r.spool.aead.Overhead()
	size := min(int64(spoolChunk), r.spool.size-int64(r.chunk)*spoolChunk) + int64(overhead)
	if r.buf == nil {
		r.buf = make([]byte, spoolChunk+overhead)
	}
	at := int64(r.chunk) * int64(spoolChunk+overhead)
	if _, err := r.spool.file.ReadAt(r.buf[:size], at); err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	plain, err := r.spool.aead.Open(r.buf[:0], nonce(r.chunk), r.buf[:size], nil)
	if err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	r.chunk++
	r.rest = plain
	return nil
}
