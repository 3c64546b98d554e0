package queue

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// history is what an earlier process noted in its flight journal.
type history struct {
	notes map[place]note
	// whole says that every note up to the end is there: same boot of the
	// machine, no damaged line. Otherwise a missing note proves nothing.
	whole bool
}

type note struct {
	answered bool
	out      cordon.Outcome
	at       time.Time
}

// read takes in one segment. A torn end of the last one is what a kill in the
// middle of a write leaves: the body of that copy had not begun.
func (h *history) read(raw []byte, boot string, last bool) {
	first := true
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 0 {
			h.whole = h.whole && last && !first
			return
		}
		line, ok := checked(raw[:end])
		raw = raw[end+1:]
		switch {
		case !ok:
			h.whole = false
		case first:
			h.whole = h.whole && line == journalVersion+" "+bootWord(boot)
		case !h.line(line):
			h.whole = false
		}
		first = false
	}
	if first {
		h.whole = h.whole && last // made, and killed before its first line
	}
}

// checked takes the checksum off a line and says whether it is right.
func checked(line []byte) (string, bool) {
	at := len(line) - 9
	if at < 0 || line[at] != ' ' {
		return "", false
	}
	sum, err := strconv.ParseUint(string(line[at+1:]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[:at], crc32.MakeTable(crc32.Castagnoli)) {
		return "", false
	}
	return string(line[:at]), true
}

// line takes in one note.
func (h *history) line(s string) bool {
	words := strings.Split(s, " ")
	if len(words) < 4 {
		return false
	}
	var n [3]int64
	for i := range n {
		v, err := strconv.ParseInt(words[i+1], 10, 64)
		if err != nil {
			return false
		}
		n[i] = v
	}
	p := place{n[0], n[1], n[2]}
	switch {
	case words[0] == "R" && len(words) == 4:
		delete(h.notes, p)
		return true
	case words[0] == "L" && len(words) == 5:
		at, err := strconv.ParseInt(words[4], 10, 64)
		if err != nil {
			return false
		}
		h.notes[p] = note{at: time.UnixMicro(at).UTC()}
		return true
	case words[0] == "A" && len(words) == 8:
		at, err := strconv.ParseInt(words[4], 10, 64)
		state := cordon.DeliveryState(words[5])
		if err != nil || !cordon.Sending.CanBecome(state) {
			return false
		}
		out := cordon.Outcome{State: state, Relay: words[6] == "relay"}
		if words[7] != "-" {
			out.Reply = strings.ReplaceAll(words[7], "_", " ")
		}
		h.notes[p] = note{answered: true, out: out, at: time.UnixMicro(at).UTC()}
		return true
	}
	return false
}

// fate says what became of a copy that was being sent when its node died.
func (h *history) fate(ref cordon.Ref, now time.Time) cordon.Lost {
	n, noted := h.notes[placeOf(ref)]
	switch {
	case noted && n.answered:
		return cordon.Lost{Ref: ref, Outcome: n.out, At: n.at}
	case noted:
		return cordon.Lost{Ref: ref, Outcome: cordon.Outcome{State: cordon.Uncertain}, At: n.at}
	case h.whole:
		return cordon.Lost{Ref: ref, Outcome: cordon.Outcome{State: cordon.Queued, Relay: true}, At: now}
	}
	return cordon.Lost{Ref: ref, Outcome: cordon.Outcome{State: cordon.Uncertain}, At: now}
}

// recover settles what an earlier process of this node left in sending.
func (r *Runner) recover(ctx context.Context) error {
	h, err := r.journal.past()
	if err != nil {
		return err
	}
	refs, err := r.cfg.Store.SendingOf(ctx, r.cfg.Node)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	now := r.cfg.Now()
	for len(refs) > 0 {
		n := min(len(refs), groupMost)
		lost := make([]cordon.Lost, n)
		for i, ref := range refs[:n] {
			lost[i] = h.fate(ref, now)
			// How often it was tried is not known here, and does not end its tries.
			unknown := cordon.Claim{FirstAt: now, Delivery: cordon.Delivery{Attempt: unsureTries}}
			lost[i].Outcome, lost[i].NextDue = r.schedule.next(unknown, lost[i].Outcome, now, 0)
		}
		refs = refs[n:]
		if err := r.cfg.Store.SettleLost(ctx, r.cfg.Node, lost); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		r.cfg.Log.Warn("copies settled after a crash", "count", n)
	}
	return r.journal.begin()
}
