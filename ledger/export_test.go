package ledger

import (
	"crypto/sha256"
	"encoding/hex"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// ProveBundled checks one line of a bundle against a checkpoint.
func ProveBundled(line BundledEntry, c cordon.Checkpoint) error {
	root, err := tlog.ParseHash(c.Root)
	if err != nil {
		return err
	}
	return (&openBundle{tree: tlog.Tree{N: c.Size, Hash: root}}).prove(line)
}

// Replay plays entries and holds one row against them.
func Replay(entries []cordon.Entry, row cordon.BundledCopy) {
	r := replayed{dispatches: map[cordon.DispatchID]*replayedDispatch{}}
	for _, e := range entries {
		_ = r.take(e)
	}
	_ = r.hold(row)
	r.end()
	r.counts()
}

// HashOf is a file's hash as a manifest has it.
func HashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
