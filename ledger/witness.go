package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// maxWitnessRequest bounds what a log may send: 63 hashes and a note.
const maxWitnessRequest = 64 << 10

// maxProofLines is the most that a request may hold (C2SP tlog-witness).
const maxProofLines = 63

// WitnessStore is what witnessing asks of storage.
type WitnessStore interface {
	// WitnessedLog answers the last checkpoint of a log that was cosigned; a zero
	// size when none was.
	WitnessedLog(ctx context.Context, origin string) (cordon.Checkpoint, error)
	// AdvanceWitnessed keeps a newer one, only if the last is still of that size.
	AdvanceWitnessed(ctx context.Context, origin string, from int64, to cordon.Checkpoint) (advanced bool, err error)
	// RecordFork keeps two checkpoints that contradict each other, both signed by
	// the log, and raises a signal, once for each pair.
	RecordFork(ctx context.Context, origin string, first, second string, g cordon.Signal) error
}

// WitnessConfig is what a Witness is made of.
type WitnessConfig struct {
	Store WitnessStore
	Name  string   // of the witness, as its cosignatures say it
	Seed  []byte   // 32 bytes; serves no other end
	Logs  []string // verifier keys of the logs it witnesses
	Now   func() time.Time
	Log   *slog.Logger
}

// Witness cosigns the checkpoints of other installations' ledgers (C2SP
// tlog-witness): it remembers the last of each and signs only what continues it,
// so that no ledger can show two pasts to two people.
type Witness struct {
	store  WitnessStore
	signer *cosigner
	logs   map[string]note.Verifier // by origin, which is the key's name
	now    func() time.Time
	log    *slog.Logger
}

// NewWitness makes a Witness; the error names the key that cannot be read.
func NewWitness(c WitnessConfig) (*Witness, error) {
	signer, err := newCosigner(c.Name, c.Seed)
	if err != nil {
		return nil, err
	}
	w := &Witness{store: c.Store, signer: signer, logs: map[string]note.Verifier{}, now: c.Now, log: c.Log}
	for i, key := range c.Logs {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, cordon.InvalidField(fmt.Sprintf("witness.logs[%d]", i), "is no verifier key", "copy the key that the other installation's cordon ledger head --json shows as verifier")
		}
		w.logs[v.Name()] = v
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	return w, nil
}

// VerifierKey is the public key by which others check its cosignatures.
func (w *Witness) VerifierKey() string { return w.signer.verifierKey() }

// WitnessAnswer is what a witness answers, in the terms of HTTP: the protocol is
// defined by its statuses.
type WitnessAnswer struct {
	Status int
	Size   int64  // of 409: the last size cosigned
	Line   string // of 200: the cosignature
}

// AddCheckpoint takes the request of a log. The error means that storage failed.
func (w *Witness) AddCheckpoint(ctx context.Context, body []byte) (WitnessAnswer, error) {
	old, proof, signed, err := parseAdd(body)
	if err != nil {
		return WitnessAnswer{Status: 400}, nil
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	verifier, known := w.logs[origin]
	if !known {
		return WitnessAnswer{Status: 404}, nil
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return WitnessAnswer{Status: 403}, nil
	}
	offered, err := parseCheckpoint(opened.Text)
	if err != nil || old > offered.tree.N {
		return WitnessAnswer{Status: 400}, nil
	}
	last, err := w.store.WitnessedLog(ctx, origin)
	if err != nil {
		return WitnessAnswer{}, fmt.Errorf("witness: %w", err)
	}
	if err := w.contradicts(ctx, origin, last, offered, signed); err != nil {
		return WitnessAnswer{}, err
	}
	if old != last.Size {
		return WitnessAnswer{Status: 409, Size: last.Size}, nil
	}
	if !follows(last, offered, proof) {
		return WitnessAnswer{Status: 422}, nil
	}
	at := w.now().UTC()
	kept := cordon.Checkpoint{Size: offered.tree.N, Root: offered.root, At: at, Note: string(signed)}
	advanced, err := w.store.AdvanceWitnessed(ctx, origin, last.Size, kept)
	switch {
	case err != nil:
		return WitnessAnswer{}, fmt.Errorf("witness: %w", err)
	case !advanced: // another request of the log came between
		if last, err = w.store.WitnessedLog(ctx, origin); err != nil {
			return WitnessAnswer{}, fmt.Errorf("witness: %w", err)
		}
		return WitnessAnswer{Status: 409, Size: last.Size}, nil
	}
	return WitnessAnswer{Status: 200, Line: w.signer.line(opened.Text, at)}, nil
}

// contradicts keeps the proof when a log has signed two roots for one size: no
// honest log can.
func (w *Witness) contradicts(ctx context.Context, origin string, last cordon.Checkpoint, offered checkpointText, signed []byte) error {
	if last.Size == 0 || offered.tree.N != last.Size || offered.root == last.Root {
		return nil
	}
	w.log.ErrorContext(ctx, "a log has signed two pasts", "size", last.Size)
	g := cordon.Signal{
		Kind: cordon.SignalWitness, Grade: cordon.GradeIncident, Actor: cordon.System().ID(), Count: 1, At: w.now().UTC(),
		Message: "A ledger that this house witnesses has signed two different roots for the same size: it shows two pasts. Both signed checkpoints are kept.",
	}
	if err := w.store.RecordFork(ctx, origin, last.Note, string(signed), g); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

// follows says whether the offered checkpoint continues the last.
func follows(last cordon.Checkpoint, offered checkpointText, proof tlog.TreeProof) bool {
	if offered.tree.N == 0 {
		empty, _ := tlog.TreeHash(0, nil) // reads nothing
		return offered.tree.Hash == empty && len(proof) == 0
	}
	if last.Size == 0 {
		return len(proof) == 0
	}
	root, err := tlog.ParseHash(last.Root)
	if err != nil {
		return false
	}
	if offered.tree.N == last.Size {
		return offered.tree.Hash == root && len(proof) == 0
	}
	return tlog.CheckTree(proof, offered.tree.N, offered.tree.Hash, last.Size, root) == nil
}

// parseAdd reads the body of add-checkpoint.
func parseAdd(body []byte) (old int64, proof tlog.TreeProof, signed []byte, err error) {
	if len(body) > maxWitnessRequest {
		return 0, nil, nil, fmt.Errorf("larger than %d bytes", maxWitnessRequest)
	}
	head, signed, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	if !found || !isOld || len(lines)-1 > maxProofLines {
		return 0, nil, nil, fmt.Errorf("malformed")
	}
	if old, err = strconv.ParseInt(size, 10, 64); err != nil || old < 0 || size != strconv.FormatInt(old, 10) {
		return 0, nil, nil, fmt.Errorf("malformed size")
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, fmt.Errorf("malformed proof")
		}
		proof = append(proof, h)
	}
	return old, proof, signed, nil
}

// addRequest writes the body of add-checkpoint.
func addRequest(old int64, proof tlog.TreeProof, signed string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", old)
	for _, h := range proof {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n" + signed)
	return b.Bytes()
}
