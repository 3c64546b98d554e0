package catalog

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestSpool(t *testing.T) {
	for _, size := range []int{0, 1, spoolChunk - 1, spoolChunk, spoolChunk + 1, 3*spoolChunk + 17} {
		want := make([]byte, size)
		rand.NewChaCha8([32]byte{1}).Read(want)
		s, err := newSpool(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 7001)
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		for range 2 { // it can be read again
			in, err := s.reader()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, want) {
				t.Errorf("size %d: read %d bytes, %v", size, len(got), err)
			}
		}
		if _, err := s.Write([]byte("x")); err == nil {
			t.Error("written after it was read")
		}
		s.Close()
		s.Close()
	}
}

// What an import spools can be found by nobody: no name in the folder, nothing
// in the clear in the file.
func TestSpoolHidesWhatItHolds(t *testing.T) {
	dir := t.TempDir()
	s, err := newSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	secret := []byte("ada.lovelace@example.org")
	if _, err := s.Write(bytes.Repeat(secret, 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("the folder shows %v", left)
	}
	raw := make([]byte, 200_000)
	n, err := s.file.ReadAt(raw, 0)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if bytes.Contains(raw[:n], secret[:8]) {
		t.Error("the file holds an address in the clear")
	}
}

func TestSpoolRefusesADamagedFile(t *testing.T) {
	s, err := newSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	in, err := s.reader()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.file.WriteAt([]byte{0xFF}, 500); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(in); err == nil {
		t.Error("a changed byte was read")
	}
}

func TestSpoolNeedsItsFolder(t *testing.T) {
	if _, err := newSpool(filepath.Join(t.TempDir(), "missing")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("got %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return err
		}
		err = inner.Unwrap()
	}
}
