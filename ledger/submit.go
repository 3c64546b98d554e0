package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// Peer is a witness of this ledger, at another installation.
type Peer struct {
	URL string // submission prefix; /add-checkpoint is appended
	Key string // its verifier key
}

// Post carries a request to a witness: status and at most 64 KiB of the answer.
type Post func(ctx context.Context, url string, body []byte) (status int, answer []byte, err error)

// peer is a witness with what is known of it.
type peer struct {
	Peer
	verifier note.Verifier
	size     int64 // the last it cosigned, as far as is known
	failing  bool
}

// UseWitnesses names the witnesses that each new checkpoint is shown to. Call it
// before Run.
func (a *Auditor) UseWitnesses(post Post, peers ...Peer) error {
	for i, p := range peers {
		v, err := NewWitnessVerifier(p.Key)
		if err != nil {
			return fmt.Errorf("witness %d: %w", i+1, err)
		}
		a.peers = append(a.peers, &peer{Peer: p, verifier: v})
	}
	a.post = post
	return nil
}

// Witnessed is the greatest size of the ledger that somebody outside has seen, and
// whether anybody is asked at all.
func (a *Auditor) Witnessed(ctx context.Context) (size int64, any bool, err error) {
	size, err = a.store.WitnessedSize(ctx)
	return size, len(a.peers) > 0, err
}

// Witnessing is what witnesses have seen of the ledger.
type Witnessing struct {
	Asked  []string  `json:"asked" nullable:"false"`  // that each checkpoint is shown to, by name
	Size   int64     `json:"size"`                    // the greatest that one of them signed; 0: none yet
	At     time.Time `json:"at,omitzero"`             // when the checkpoint of that size was signed here
	Signed []string  `json:"signed" nullable:"false"` // who signed that size
}

// Witnesses says who is asked to witness the ledger, and what they have signed.
func (a *Auditor) Witnesses(ctx context.Context) (Witnessing, error) {
	w := Witnessing{Asked: []string{}, Signed: []string{}}
	for _, p := range a.peers {
		w.Asked = append(w.Asked, p.verifier.Name())
	}
	c, lines, err := a.store.WitnessedCheckpoint(ctx)
	if cordon.CodeOf(err) == cordon.Missing {
		return w, nil
	}
	if err != nil {
		return w, fmt.Errorf("read witnesses: %w", err)
	}
	w.Size, w.At = c.Size, c.At
	for _, line := range lines {
		if parts := strings.Fields(line); len(parts) > 1 { // "— name signature", as C2SP signed-note has it
			w.Signed = append(w.Signed, parts[1])
		}
	}
	return w, nil
}

// witness shows the checkpoint to every witness, and keeps what each signs.
func (a *Auditor) witness(ctx context.Context, c cordon.Checkpoint) error {
	var errs []error
	for _, p := range a.peers {
		err := a.cosignature(ctx, p, c)
		if err != nil {
			errs = append(errs, fmt.Errorf("witness %s: %w", p.verifier.Name(), err))
		}
		if (err != nil) != p.failing {
			p.failing = err != nil
			a.log.WarnContext(ctx, "witness", "name", p.verifier.Name(), "failing", p.failing)
		}
	}
	return errors.Join(errs...)
}

// cosignature asks one witness, a second time when it knows another size than we
// thought.
func (a *Auditor) cosignature(ctx context.Context, p *peer, c cordon.Checkpoint) error {
	for range 2 {
		if p.size > c.Size {
			return a.refused(ctx, p, fmt.Sprintf("it has seen %d entries, more than the %d there are", p.size, c.Size))
		}
		proof, err := a.growth(ctx, p.size, c.Size)
		if err != nil {
			return err
		}
		status, answer, err := a.post(ctx, strings.TrimSuffix(p.URL, "/")+"/add-checkpoint", addRequest(p.size, proof, c.Note))
		if err != nil {
			return err
		}
		switch status {
		case http.StatusOK:
			return a.keepCosignature(ctx, p, c, string(answer))
		case http.StatusConflict:
			size, err := strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64)
			if err != nil || size < 0 {
				return errors.New("it answered with no size")
			}
			p.size = size
			continue
		case http.StatusUnprocessableEntity:
			return a.refused(ctx, p, "it says that the ledger does not continue what it saw")
		default:
			return fmt.Errorf("it answered %d", status)
		}
	}
	return errors.New("it answers with another size each time")
}

func (a *Auditor) growth(ctx context.Context, from, to int64) (tlog.TreeProof, error) {
	if from == 0 || from == to {
		return nil, nil
	}
	proof, err := tlog.ProveTree(to, from, a.store.LedgerHashes(ctx))
	if err != nil {
		return nil, fmt.Errorf("prove growth: %w", err)
	}
	return proof, nil
}

// keepCosignature takes the line of the witness out of its answer, if it verifies.
func (a *Auditor) keepCosignature(ctx context.Context, p *peer, c cordon.Checkpoint, answer string) error {
	for line := range strings.SplitAfterSeq(answer, "\n") {
		if !strings.HasPrefix(line, "— ") || !strings.HasSuffix(line, "\n") {
			continue
		}
		opened, err := note.Open([]byte(c.Note+line), note.VerifierList(p.verifier))
		if err != nil || len(opened.Sigs) == 0 {
			continue
		}
		p.size = c.Size
		return a.store.SaveCosignature(ctx, c.Size, p.verifier.Name(), line)
	}
	return errors.New("it gave no cosignature that verifies")
}

// refused raises the signal: a witness that will not sign is either broken, or has
// seen another past than the one this ledger shows now.
func (a *Auditor) refused(ctx context.Context, p *peer, why string) error {
	if !p.failing {
		g := cordon.Signal{
			Kind: cordon.SignalWitness, Grade: cordon.GradeIncident, Actor: cordon.System().ID(), Count: 1, At: a.now().UTC().Truncate(time.Microsecond),
			Message: "The witness " + p.verifier.Name() + " refuses this ledger: " + why + ".",
		}
		if err := a.store.RecordSignals(ctx, cordon.System(), []cordon.Signal{g}); err != nil {
			return err
		}
	}
	return errors.New(why)
}
