package catalog

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
)

// repeats finds values that occur twice in a file of any length at bounded
// memory. Each value is noted in a spool as a keyed 16-byte hash; find then
// looks at one slice of all hashes at a time. The keys are drawn anew for every
// import, so nobody can prepare values that collide.
type repeats struct {
	notes *spool
	seeds [2]maphash.Seed
	count uint32
	buf   [noteSize]byte
}

const (
	noteSize = 16 + 4 + 8 + 1

	// repeatSlice is how many hashes are looked at together: about 16 MB.
	repeatSlice = 1 << 18
)

// note is one occurrence.
type note struct {
	ordinal uint32 // of the row among those that are good so far
	line    int
	marked  bool
}

func newRepeats(dir string) (*repeats, error) {
	s, err := newSpool(dir)
	if err != nil {
		return nil, err
	}
	return &repeats{notes: s, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}, nil
}

func (r *repeats) Close() { r.notes.Close() }

// add notes a value.
func (r *repeats) add(value []byte, n note) error {
	if r.count == math.MaxUint32 {
		return errors.New("import: too many rows")
	}
	binary.LittleEndian.PutUint64(r.buf[0:], maphash.Bytes(r.seeds[0], value))
	binary.LittleEndian.PutUint64(r.buf[8:], maphash.Bytes(r.seeds[1], value))
	binary.LittleEndian.PutUint32(r.buf[16:], n.ordinal)
	binary.LittleEndian.PutUint64(r.buf[20:], uint64(n.line))
	r.buf[28] = 0
	if n.marked {
		r.buf[28] = 1
	}
	r.count++
	_, err := r.notes.Write(r.buf[:])
	return err
}

// find calls twice for every note whose value occurred before, with the first
// occurrence.
func (r *repeats) find(ctx context.Context, twice func(first, again note)) error {
	slices := uint64(r.count)/repeatSlice + 1
	seen := make(map[[16]byte]note, min(int(r.count), repeatSlice))
	for slice := range slices {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(seen)
		in, err := r.notes.reader()
		if err != nil {
			return err
		}
		buffered := bufio.NewReaderSize(in, spoolChunk)
		for {
			var raw [noteSize]byte
			if _, err := io.ReadFull(buffered, raw[:]); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return fmt.Errorf("find repeats: %w", err)
			}
			if slices > 1 && binary.LittleEndian.Uint64(raw[:])%slices != slice {
				continue
			}
			key := [16]byte(raw[:16])
			n := note{
				ordinal: binary.LittleEndian.Uint32(raw[16:]),
				line:    int(binary.LittleEndian.Uint64(raw[20:])),
				marked:  raw[28] == 1,
			}
			if first, ok := seen[key]; ok {
				twice(first, n)
			} else {
				seen[key] = n
			}
		}
	}
	return nil
}

// ordinals is a set of row numbers: one bit a row.
type ordinals []uint64

func (o *ordinals) add(n uint32) (fresh bool) {
	at, bit := int(n/64), uint64(1)<<(n%64)
	if at >= len(*o) {
		*o = append(*o, make([]uint64, at+1-len(*o))...)
	}
	fresh = (*o)[at]&bit == 0
	(*o)[at] |= bit
	return fresh
}

func (o ordinals) has(n uint32) bool {
	at := int(n / 64)
	return at < len(o) && o[at]&(1<<(n%64)) != 0
}
