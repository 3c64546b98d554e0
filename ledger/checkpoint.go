package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// lastTime bounds the checkpoint made while shutting down.
const lastTime = 5 * time.Second

// Checkpoint signs the log's size and root (C2SP tlog-checkpoint) and keeps the
// note; when the log has not grown, it answers the last one. It refuses to sign
// a log that does not continue the one it signed last.
func (a *Auditor) Checkpoint(ctx context.Context) (cordon.Checkpoint, error) {
	if a.keyErr != nil {
		return cordon.Checkpoint{}, a.keyErr
	}
	size, root, err := a.store.LedgerHead(ctx)
	if err != nil {
		return cordon.Checkpoint{}, fmt.Errorf("read head: %w", err)
	}
	last, some, err := a.store.LatestCheckpoint(ctx)
	if err != nil {
		return cordon.Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	if some {
		signed, err := a.open(last)
		if err != nil {
			return cordon.Checkpoint{}, fmt.Errorf("last checkpoint: %w", err)
		}
		if err := a.continues(ctx, signed, size, tlog.Hash(root)); err != nil {
			return cordon.Checkpoint{}, err
		}
		if signed.N == size {
			return last, nil
		}
	}
	return a.sign(ctx, size, tlog.Hash(root))
}

// Head is how the log stands, and the last checkpoint signed over it; it signs
// nothing.
type Head struct {
	Size       int64
	Root       string // base64
	Checkpoint *cordon.Checkpoint
}

// Head reads the log's head. Everybody who may look at the ledger may see it: it
// says nothing of what the entries hold.
func (a *Auditor) Head(ctx context.Context) (Head, error) {
	size, root, err := a.store.LedgerHead(ctx)
	if err != nil {
		return Head{}, fmt.Errorf("read head: %w", err)
	}
	h := Head{Size: size, Root: base64.StdEncoding.EncodeToString(root[:])}
	last, some, err := a.store.LatestCheckpoint(ctx)
	if err != nil {
		return Head{}, fmt.Errorf("read checkpoint: %w", err)
	}
	if some {
		h.Checkpoint = &last
	}
	return h, nil
}

// continues proves that the log of this size and root holds the one signed
// before, unchanged (RFC 6962 2.1.2).
func (a *Auditor) continues(ctx context.Context, signed tlog.Tree, size int64, root tlog.Hash) error {
	if size < signed.N {
		return fmt.Errorf("the log has %d entries, fewer than the %d signed", size, signed.N)
	}
	if size == signed.N {
		if root != signed.Hash {
			return fmt.Errorf("the log of %d entries has another root than the one signed", size)
		}
		return nil
	}
	if signed.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(size, signed.N, a.store.LedgerHashes(ctx))
	if err != nil {
		return fmt.Errorf("prove growth: %w", err)
	}
	if err := tlog.CheckTree(proof, size, root, signed.N, signed.Hash); err != nil {
		return fmt.Errorf("the log does not continue the one signed at %d entries: %w", signed.N, err)
	}
	return nil
}

func (a *Auditor) sign(ctx context.Context, size int64, root tlog.Hash) (cordon.Checkpoint, error) {
	encoded := base64.StdEncoding.EncodeToString(root[:])
	// C2SP tlog-checkpoint: origin, size in decimal, root in base64.
	text := a.origin + "\n" + strconv.FormatInt(size, 10) + "\n" + encoded + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, a.signer)
	if err != nil {
		return cordon.Checkpoint{}, fmt.Errorf("sign checkpoint: %w", err)
	}
	c := cordon.Checkpoint{Size: size, Root: encoded, At: a.now().UTC().Truncate(time.Microsecond), Note: string(signed)}
	if err := a.store.SaveCheckpoint(ctx, c); err != nil {
		return cordon.Checkpoint{}, fmt.Errorf("save checkpoint: %w", err)
	}
	return c, nil
}

// open verifies a checkpoint's signature and answers what it signed; the fields
// beside the note must say the same.
func (a *Auditor) open(c cordon.Checkpoint) (tlog.Tree, error) {
	if a.keyErr != nil {
		return tlog.Tree{}, a.keyErr
	}
	opened, err := note.Open([]byte(c.Note), note.VerifierList(a.verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("signature: %w", err)
	}
	said, err := parseCheckpoint(opened.Text)
	switch {
	case err != nil:
		return tlog.Tree{}, err
	case said.origin != a.origin:
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	case c.Size != said.tree.N || c.Root != said.root:
		return tlog.Tree{}, errors.New("its row says something else than its note")
	}
	return said.tree, nil
}

// Step signs a checkpoint when the log has grown, shows it to the witnesses, and
// verifies the ledger when that is due.
func (a *Auditor) Step(ctx context.Context) error {
	c, err := a.Checkpoint(ctx)
	if err != nil {
		return err
	}
	err = a.witness(ctx, c)
	due, dueErr := a.verifyDue(ctx)
	if due {
		_, dueErr = a.VerifyOnSchedule(ctx)
	}
	return errors.Join(err, dueErr)
}

// Run signs a checkpoint whenever the log has grown, and one at the end.
func (a *Auditor) Run(ctx context.Context) error {
	tick := time.NewTicker(a.interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
			defer cancel()
			if _, err := a.Checkpoint(last); err != nil {
				return fmt.Errorf("last checkpoint: %w", err)
			}
			return nil
		case <-tick.C:
			if err := a.Step(ctx); err != nil && ctx.Err() == nil {
				a.log.ErrorContext(ctx, "checkpoint failed", "error", err)
			}
		}
	}
}
