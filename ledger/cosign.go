package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// A cosignature says that somebody else saw a log at a size, and that it only
// ever grew (C2SP tlog-cosignature, Ed25519, "cosignature/v1"). It is a line of the
// note beside the log's own.

const (
	cosignatureType = 0x04
	cosignatureSize = 8 + ed25519.SignatureSize // time, signature
)

// cosigner makes cosignatures.
type cosigner struct {
	name string
	key  ed25519.PrivateKey
}

func newCosigner(name string, seed []byte) (*cosigner, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("witness key: a seed of %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	if name == "" || strings.ContainsAny(name, "+ \t\n") {
		return nil, errors.New("witness key: its name is empty, or has a space or a plus")
	}
	return &cosigner{name, ed25519.NewKeyFromSeed(seed)}, nil
}

// verifierKey is the public key as others configure it: name+hash+key.
func (c *cosigner) verifierKey() string {
	public := c.key.Public().(ed25519.PublicKey)
	return fmt.Sprintf("%s+%08x+%s", c.name, cosignerID(c.name, public), base64.StdEncoding.EncodeToString(append([]byte{cosignatureType}, public...)))
}

// line signs the text of a checkpoint as it was seen at the time.
func (c *cosigner) line(text string, at time.Time) string {
	seconds := uint64(max(at.Unix(), 1))
	signature := ed25519.Sign(c.key, cosigned(text, seconds))
	raw := binary.BigEndian.AppendUint32(nil, cosignerID(c.name, c.key.Public().(ed25519.PublicKey)))
	raw = binary.BigEndian.AppendUint64(raw, seconds)
	return "— " + c.name + " " + base64.StdEncoding.EncodeToString(append(raw, signature...)) + "\n"
}

// cosigned is what is signed: C2SP tlog-cosignature, Ed25519 signed message.
func cosigned(text string, seconds uint64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(seconds, 10) + "\n" + text)
}

func cosignerID(name string, public ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{cosignatureType}, public...)...))
	return binary.BigEndian.Uint32(sum[:4])
}

// cosignatureVerifier checks cosignatures of one witness; it is a note.Verifier.
type cosignatureVerifier struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func (v cosignatureVerifier) Name() string    { return v.name }
func (v cosignatureVerifier) KeyHash() uint32 { return v.hash }

func (v cosignatureVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig)
	return seconds != 0 && seconds < 1<<63 && ed25519.Verify(v.public, cosigned(string(msg), seconds), sig[8:])
}

// NewWitnessVerifier reads a witness's public key, name+hash+key.
func NewWitnessVerifier(key string) (note.Verifier, error) {
	fault := func(what string) error {
		return cordon.InvalidField("witness key", what, "copy it as the witness shows it: name+hash+key")
	}
	parts := strings.SplitN(strings.TrimSpace(key), "+", 3)
	if len(parts) != 3 || parts[0] == "" {
		return nil, fault("is not name+hash+key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignatureType {
		return nil, fault("is no Ed25519 key for cosignatures")
	}
	v := cosignatureVerifier{name: parts[0], public: ed25519.PublicKey(raw[1:])}
	v.hash = cosignerID(v.name, v.public)
	if parts[1] != fmt.Sprintf("%08x", v.hash) {
		return nil, fault("does not fit its own hash")
	}
	return v, nil
}

// CosignedAt is when a cosignature says that it was made; false for what is none.
func CosignedAt(s note.Signature) (time.Time, bool) {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(raw) != 4+cosignatureSize {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:12])), 0).UTC(), true
}

// checkpointText is the body of a checkpoint's note (C2SP tlog-checkpoint).
type checkpointText struct {
	origin string
	tree   tlog.Tree
	root   string // base64
}

// parseCheckpoint reads the body of a note.
func parseCheckpoint(text string) (checkpointText, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return checkpointText{}, errors.New("a checkpoint has a line each for origin, size and root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return checkpointText{}, errors.New("a checkpoint's size is a whole number")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpointText{}, errors.New("a checkpoint's root is a hash in base64")
	}
	return checkpointText{lines[0], tlog.Tree{N: size, Hash: root}, lines[2]}, nil
}
