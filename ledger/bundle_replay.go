package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// replayed is what the entries of a bundle say of its dispatches: made anew from
// them alone, by code that shares nothing with the store's.
type replayed struct {
	dispatches map[cordon.DispatchID]*replayedDispatch
	copies     int64
}

type replayedDispatch struct {
	tenant cordon.TenantID
	kind   cordon.Kind
	digest string
	states []uint8 // index of cordon.DeliveryStates, at seq - 1

	sum  hash.Hash // over the numbers of the list, as they are read
	rows int64
}

// accepted and moved bodies, as far as a replay needs them.
type (
	acceptedWords struct {
		Kind       cordon.Kind          `json:"kind"`
		Recipients int                  `json:"recipients"`
		Digest     string               `json:"digest"`
		State      cordon.DispatchState `json:"state"`
	}
	movedWords struct {
		Outcome cordon.DeliveryState `json:"outcome"`
		Remains cordon.DeliveryState `json:"remains"`
		Copies  int64                `json:"copies"`
		Seqs    string               `json:"seqs"`
	}
)

// maxReplayed bounds what a bundle may claim, in copies: a byte of memory each.
const maxReplayed = 100_000_000

// stateIndex is the place of a state among all; false for what is none.
func stateIndex(s cordon.DeliveryState) (uint8, bool) {
	i := slices.Index(cordon.DeliveryStates(), s)
	return uint8(max(i, 0)), i >= 0
}

// take plays one entry; entries come in the order of their numbers.
func (r *replayed) take(e cordon.Entry) error {
	switch e.Kind {
	case cordon.EntryDispatchAccepted, cordon.EntryDispatchHeld:
		return r.accept(e)
	case cordon.EntryAttempts, cordon.EntrySwept:
		return r.move(e)
	}
	return nil
}

func (r *replayed) accept(e cordon.Entry) error {
	var body acceptedWords
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("entry %d: its body cannot be read", e.Num)
	}
	id := cordon.DispatchID(e.Subject)
	if r.dispatches[id] != nil {
		return fmt.Errorf("entry %d: %s was accepted before", e.Num, id)
	}
	if body.Recipients < 1 || int64(body.Recipients) > maxReplayed-r.copies {
		return fmt.Errorf("entry %d: %d recipients cannot be", e.Num, body.Recipients)
	}
	r.copies += int64(body.Recipients)
	d := &replayedDispatch{tenant: e.Tenant, kind: body.Kind, digest: body.Digest, sum: sha256.New(), states: make([]uint8, body.Recipients)}
	begin, _ := stateIndex(cordon.Queued)
	if e.Kind == cordon.EntryDispatchHeld {
		begin, _ = stateIndex(cordon.HeldState)
	}
	for i := range d.states {
		d.states[i] = begin
	}
	r.dispatches[id] = d
	return nil
}

func (r *replayed) move(e cordon.Entry) error {
	d := r.dispatches[cordon.DispatchID(e.Subject)]
	if d == nil {
		return fmt.Errorf("entry %d: %s was never accepted here", e.Num, e.Subject)
	}
	var body movedWords
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("entry %d: its body cannot be read", e.Num)
	}
	to := body.Outcome
	if body.Remains != "" {
		to = body.Remains
	}
	index, known := stateIndex(to)
	if !known {
		return fmt.Errorf("entry %d: %q is no state of a copy", e.Num, to)
	}
	perhaps, _ := stateIndex(cordon.Uncertain)
	var named int64
	for part := range strings.SplitSeq(body.Seqs, ",") {
		from, until, err := span(part)
		if err != nil || from < 1 || until < from || until > int64(len(d.states)) {
			return fmt.Errorf("entry %d: speaks of copies that were never accepted", e.Num)
		}
		for seq := from; seq <= until; seq++ {
			if d.states[seq-1] == perhaps && to != cordon.Uncertain && to != cordon.Delivered {
				return fmt.Errorf("entry %d: forgets that copy %d was perhaps delivered", e.Num, seq)
			}
			d.states[seq-1] = index
		}
		named += until - from + 1
	}
	if named != body.Copies {
		return fmt.Errorf("entry %d: names %d copies and counts %d", e.Num, named, body.Copies)
	}
	return nil
}

// span reads "7" or "7-12".
func span(text string) (from, to int64, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if from, err = strconv.ParseInt(first, 10, 64); err != nil || !isRange {
		return from, from, err
	}
	to, err = strconv.ParseInt(last, 10, 64)
	return from, to, err
}

// hold compares one row of a list with what the entries come to. Rows of a
// dispatch come in the order of their sequence numbers. Where nothing final is
// known of a copy, an open state of another name is none of the ledger's business:
// a claim leaves no entry.
func (r *replayed) hold(c cordon.BundledCopy) error {
	d := r.dispatches[c.Dispatch]
	if d == nil {
		return fmt.Errorf("%s: no entry says that it was accepted", c.Dispatch)
	}
	if c.Seq != d.rows+1 || c.Seq > int64(len(d.states)) {
		return fmt.Errorf("%s: copy %d stands where copy %d should", c.Dispatch, c.Seq, d.rows+1)
	}
	if d.rows > 0 {
		d.sum.Write([]byte{','})
	}
	d.sum.Write(strconv.AppendInt(nil, c.Number, 10))
	d.rows++
	said := cordon.DeliveryStates()[d.states[c.Seq-1]]
	if c.State != said && (settledState(c.State) || settledState(said)) {
		return fmt.Errorf("%s: copy %d is listed as %s; the ledger says %s", c.Dispatch, c.Seq, c.State, said)
	}
	return nil
}

// settledState says whether a state is one that only an entry brings about.
func settledState(s cordon.DeliveryState) bool {
	return s.Final() || s == cordon.Uncertain
}

// end says what is missing when all rows were held.
func (r *replayed) end() []string {
	var faults []string
	for id, d := range r.dispatches {
		if d.kind == cordon.Notice {
			continue // told, not harmed: its copies are in no list
		}
		switch {
		case d.rows != int64(len(d.states)):
			faults = append(faults, fmt.Sprintf("%s: %d of its %d copies are listed", id, d.rows, len(d.states)))
		case hex.EncodeToString(d.sum.Sum(nil)) != d.digest:
			faults = append(faults, fmt.Sprintf("%s: its copies are not for the recipients it was accepted for", id))
		}
	}
	return faults
}

// counts adds up what was delivered, and what perhaps was, without notices.
func (r *replayed) counts() (delivered, unknown, dispatches int64) {
	states := cordon.DeliveryStates()
	for _, d := range r.dispatches {
		if d.kind == cordon.Notice {
			continue
		}
		dispatches++
		for _, s := range d.states {
			switch states[s] {
			case cordon.Delivered:
				delivered++
			case cordon.Uncertain:
				unknown++
			}
		}
	}
	return delivered, unknown, dispatches
}
