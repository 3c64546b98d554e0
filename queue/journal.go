package queue

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// The flight journal says, after the process was killed, which copies may have
// left. One write(2) an event and no fsync: what was written survives the
// process in the system's memory, and a restart of the machine is told by its
// boot ID. A copy is noted as looked before its body goes, as answered when the
// relay has answered, and as recorded when the store knows. An old segment goes
// when all its copies are recorded.
//
//	cordon-flight 1 <boot>                                         <crc>
//	L <tenant> <dispatch> <seq> <µs>                               <crc>
//	A <tenant> <dispatch> <seq> <µs> <state> <relay|-> <reply|->   <crc>
//	R <tenant> <dispatch> <seq>                                    <crc>
//
// No line holds personal data.

const (
	segmentPrefix  = "flight-"
	segmentSuffix  = ".log"
	maxSegment     = 4 << 20
	journalVersion = "cordon-flight 1"
)

// place is a Ref without its node.
type place struct{ tenant, dispatch, seq int64 }

func placeOf(r cordon.Ref) place { return place{r.Tenant, r.Dispatch, r.Seq} }

type journal struct {
	dir, boot string
	limit     int64 // of one segment

	mu      sync.Mutex
	lock    *os.File
	num     int
	current *segment
	flights map[place]*[2]*segment // where a copy not yet recorded was noted
	buf     []byte
}

type segment struct {
	file *os.File
	size int64
	open int // notes of copies not yet recorded
}

// openJournal takes the directory for this process; what an earlier one left is
// read by past and dropped by begin.
func openJournal(dir, boot string) (*journal, error) {
	if dir == "" {
		return nil, cordon.InvalidField("data_dir", "is missing", "the queue keeps its flight journal there")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("flight journal: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "flight.lock"))
	if err != nil {
		return nil, fmt.Errorf("flight journal: %w", err)
	}
	return &journal{dir: dir, boot: boot, limit: maxSegment, lock: lock, flights: make(map[place]*[2]*segment)}, nil
}

// segments lists the files of the journal in the order of writing.
func (j *journal) segments() ([]string, error) {
	names, err := filepath.Glob(filepath.Join(j.dir, segmentPrefix+"*"+segmentSuffix))
	slices.Sort(names)
	return names, err
}

// past reads what an earlier process noted.
func (j *journal) past() (history, error) {
	names, err := j.segments()
	if err != nil {
		return history{}, fmt.Errorf("flight journal: %w", err)
	}
	h := history{notes: make(map[place]note), whole: len(names) > 0 && j.boot != ""}
	for i, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return history{}, fmt.Errorf("flight journal: %w", err)
		}
		h.read(raw, j.boot, i == len(names)-1)
	}
	return h, nil
}

// begin drops what an earlier process noted, which is settled now, and starts
// a journal of our own.
func (j *journal) begin() error {
	names, err := j.segments()
	if err != nil {
		return fmt.Errorf("flight journal: %w", err)
	}
	for _, name := range names {
		j.num = max(j.num, segmentNumber(name))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.rotate(); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("flight journal: %w", err)
		}
	}
	return nil
}

func segmentNumber(name string) int {
	s := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), segmentPrefix), segmentSuffix)
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// looked notes that the copy has passed the last look: its body goes now.
// When this fails, it must not go.
func (j *journal) looked(ref cordon.Ref, at time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := placeOf(ref)
	b := appendPlace(append(j.buf[:0], 'L'), p)
	b = strconv.AppendInt(append(b, ' '), at.UnixMicro(), 10)
	if err := j.write(appendSum(b, 0)); err != nil {
		return err
	}
	f := j.flights[p]
	if f == nil {
		f = new([2]*segment)
		j.flights[p] = f
	}
	j.move(f, 0)
	return nil
}

// answered notes the relay's answer.
func (j *journal) answered(ref cordon.Ref, out cordon.Outcome, at time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := placeOf(ref)
	b := appendPlace(append(j.buf[:0], 'A'), p)
	b = strconv.AppendInt(append(b, ' '), at.UnixMicro(), 10)
	b = append(append(b, ' '), out.Settled()...)
	if out.Relay {
		b = append(b, " relay "...)
	} else {
		b = append(b, " - "...)
	}
	if reply := strings.ReplaceAll(out.Reply, " ", "_"); reply != "" {
		b = append(b, reply...)
	} else {
		b = append(b, '-')
	}
	if err := j.write(appendSum(b, 0)); err != nil {
		return err
	}
	if f := j.flights[p]; f != nil {
		j.move(f, 1)
	}
	return nil
}

// recorded notes, in one write, that the store knows what became of the copies.
func (j *journal) recorded(refs []cordon.Ref) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.buf[:0]
	for _, ref := range refs {
		p := placeOf(ref)
		f := j.flights[p]
		if f == nil {
			continue // it never passed the last look
		}
		delete(j.flights, p)
		for _, s := range f {
			j.drop(s)
		}
		from := len(b)
		b = appendSum(appendPlace(append(b, 'R'), p), from)
	}
	if len(b) == 0 {
		return nil
	}
	return j.write(b)
}

// move says that the current segment now holds the i-th note of a flight.
func (j *journal) move(f *[2]*segment, i int) {
	j.drop(f[i])
	f[i] = j.current
	j.current.open++
}

// drop takes one note off a segment; an old one without notes goes.
func (j *journal) drop(s *segment) {
	if s == nil {
		return
	}
	if s.open--; s.open == 0 && s != j.current {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

// write adds whole lines with one write(2); j.mu is held.
func (j *journal) write(b []byte) error {
	j.buf = b[:0]
	if j.current == nil {
		return errors.New("flight journal is closed")
	}
	if j.current.size > j.limit {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	n, err := j.current.file.Write(b)
	j.current.size += int64(n)
	if err != nil {
		// Half a line must not be glued to the next: go on in a new segment.
		j.current.size = j.limit + 1
		return fmt.Errorf("flight journal: %w", err)
	}
	return nil
}

func (j *journal) rotate() error {
	name := filepath.Join(j.dir, fmt.Sprintf("%s%09d%s", segmentPrefix, j.num+1, segmentSuffix))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("flight journal: %w", err)
	}
	head := appendSum([]byte(journalVersion+" "+bootWord(j.boot)), 0)
	if _, err := file.Write(head); err != nil {
		file.Close()
		return fmt.Errorf("flight journal: %w", err)
	}
	old := j.current
	j.num++
	j.current = &segment{file: file, size: int64(len(head))}
	if old != nil && old.open == 0 {
		old.file.Close()
		os.Remove(old.file.Name())
	}
	return nil
}

// close lets the directory go. The files stay: the next process reads them.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	open := map[*segment]bool{j.current: true}
	for _, f := range j.flights {
		open[f[0]], open[f[1]] = true, true
	}
	for s := range open {
		if s != nil {
			s.file.Close()
		}
	}
	j.current = nil
	j.lock.Close()
}

func appendPlace(b []byte, p place) []byte {
	b = strconv.AppendInt(append(b, ' '), p.tenant, 10)
	b = strconv.AppendInt(append(b, ' '), p.dispatch, 10)
	return strconv.AppendInt(append(b, ' '), p.seq, 10)
}

// appendSum ends the line that begins at from with its checksum.
func appendSum(b []byte, from int) []byte {
	sum := crc32.Checksum(b[from:], crc32.MakeTable(crc32.Castagnoli))
	b = append(b, ' ')
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[sum>>shift&15])
	}
	return append(b, '\n')
}

func bootWord(boot string) string {
	if boot == "" {
		return "-"
	}
	return boot
}

// bootID names this run of the machine, "" where the system does not tell.
func bootID() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(raw))
}
