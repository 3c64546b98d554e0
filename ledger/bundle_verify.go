package ledger

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// Bounds of a bundle: a file from outside may be hostile.
const (
	maxBundleFiles = 20_000
	maxBundleFile  = 4 << 30  // bytes of one file, unpacked
	maxBundleText  = 64 << 20 // of one that is read whole
	maxBundleLine  = 16 << 20 // of one entry
	maxFaults      = 50
)

// Trust is what the verifier takes as known, from somewhere else than the bundle.
type Trust struct {
	Key       string   // that signs the ledger's checkpoints; "": whatever the bundle says
	Witnesses []string // verifier keys; each must have signed
}

// BundleVerdict is what verifying a bundle came to.
type BundleVerdict struct {
	OK           bool      `json:"ok"`
	Incident     string    `json:"incident,omitempty"` // INC-12
	Installation string    `json:"installation,omitempty"`
	Exercise     bool      `json:"exercise,omitempty"`
	Key          string    `json:"key,omitempty"`         // that signed the checkpoint
	KeyTrusted   bool      `json:"key_trusted"`           // it was given, not taken from the bundle
	Witnesses    []string  `json:"witnesses,omitempty"`   // that signed the checkpoint, and whose keys were given
	WitnessedAt  time.Time `json:"witnessed_at,omitzero"` // the latest of them
	LedgerSize   int64     `json:"ledger_size"`
	Root         string    `json:"root,omitempty"`
	Files        int       `json:"files"`
	Entries      int64     `json:"entries"`
	Copies       int64     `json:"copies"`
	Delivered    int64     `json:"delivered"` // computed anew from the entries
	Unknown      int64     `json:"unknown"`
	Faults       []string  `json:"faults,omitempty"` // at most 50
}

func (v *BundleVerdict) fault(format string, args ...any) {
	if len(v.Faults) < maxFaults {
		v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
	}
}

// VerifyBundle checks a bundle with nothing but the file: every file against the
// manifest, the manifest's checkpoint against its signatures, every entry against
// the checkpoint's root, every copy against the entries, and the figures against
// what the entries come to. What it cannot show is that entries were left out:
// of a ledger it sees only what is bundled. The error means that it is no bundle.
func VerifyBundle(file io.ReaderAt, size int64, trust Trust) (BundleVerdict, error) {
	var v BundleVerdict
	z, err := zip.NewReader(file, size)
	if err != nil || len(z.File) > maxBundleFiles {
		return v, cordon.InvalidField("bundle", "is no zip file, or has too many files", "give the file that cordon ledger bundle wrote")
	}
	b := &openBundle{verdict: &v, files: map[string]*zip.File{}, replay: replayed{dispatches: map[cordon.DispatchID]*replayedDispatch{}}}
	for _, f := range z.File {
		if b.files[f.Name] != nil || f.Name != path.Clean(f.Name) || strings.HasPrefix(f.Name, "..") || path.IsAbs(f.Name) {
			v.fault("%q: stands twice, or has a name that no bundle gives", f.Name)
			continue
		}
		b.files[f.Name] = f
	}
	if err := b.readManifest(); err != nil {
		return v, err
	}
	b.checkFiles()
	if b.checkCheckpoint(trust) {
		b.checkEntries()
		b.checkCopies()
		b.checkFigures()
	}
	v.OK = len(v.Faults) == 0
	return v, nil
}

// openBundle is a bundle being verified.
type openBundle struct {
	verdict  *BundleVerdict
	files    map[string]*zip.File
	manifest Manifest
	tree     tlog.Tree
	replay   replayed
}

func (b *openBundle) readManifest() error {
	raw, err := b.whole(bundleManifest)
	if err != nil {
		return cordon.InvalidField("bundle", "has no manifest", "give the file that cordon ledger bundle wrote")
	}
	if err := json.Unmarshal(raw, &b.manifest); err != nil || b.manifest.Format != BundleFormat {
		return cordon.InvalidField("bundle", "is not of the form "+BundleFormat, "verify it with the version of Cordon that it was made with, or a later one")
	}
	m, v := b.manifest, b.verdict
	v.Incident, v.Installation, v.Exercise = m.Incident.Name(), m.Installation, m.Exercise
	return nil
}

// checkFiles holds every file against the manifest: none changed, added or gone.
func (b *openBundle) checkFiles() {
	listed := map[string]bool{bundleManifest: true, bundleSeal: true}
	for _, f := range b.manifest.Files {
		if listed[f.Name] {
			b.verdict.fault("%s: the manifest lists it twice", f.Name)
		}
		listed[f.Name] = true
		sum, n, err := b.hash(f.Name)
		switch {
		case err != nil:
			b.verdict.fault("%s: %v", f.Name, err)
		case n != f.Size || sum != f.SHA256:
			b.verdict.fault("%s: was changed after the bundle was made", f.Name)
		}
		b.verdict.Files++
	}
	for name := range b.files {
		if !listed[name] {
			b.verdict.fault("%s: was added after the bundle was made", name)
		}
	}
	for _, name := range []string{bundleCheckpoint, bundleEntries, bundleAssessment} {
		if !listed[name] {
			b.verdict.fault("%s: is missing", name)
		}
	}
}

func (b *openBundle) hash(name string) (sum string, size int64, err error) {
	f, err := b.open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, maxBundleFile+1))
	if err == nil && n > maxBundleFile {
		err = errors.New("is larger than any bundle's file")
	}
	if err != nil {
		return "", 0, fmt.Errorf("cannot be read: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

func (b *openBundle) open(name string) (io.ReadCloser, error) {
	f := b.files[name]
	if f == nil {
		return nil, errors.New("is missing")
	}
	return f.Open()
}

func (b *openBundle) whole(name string) ([]byte, error) {
	f, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxBundleText+1))
	if err == nil && len(raw) > maxBundleText {
		err = errors.New("is too large")
	}
	return raw, err
}

// checkCheckpoint verifies the signatures; without a root nothing more can be said.
func (b *openBundle) checkCheckpoint(trust Trust) bool {
	v := b.verdict
	raw, err := b.whole(bundleCheckpoint)
	if err != nil {
		v.fault("%s: %v", bundleCheckpoint, err)
		return false
	}
	v.Key, v.KeyTrusted = trust.Key, trust.Key != ""
	if !v.KeyTrusted {
		v.Key = b.manifest.Key
	}
	signer, err := note.NewVerifier(v.Key)
	if err != nil {
		v.fault("the key that signs the ledger cannot be read")
		return false
	}
	b.checkSeal(signer)
	verifiers := []note.Verifier{signer}
	for _, key := range trust.Witnesses {
		w, err := NewWitnessVerifier(key)
		if err != nil {
			v.fault("witness: %v", err)
			continue
		}
		verifiers = append(verifiers, w)
	}
	opened, err := note.Open(raw, note.VerifierList(verifiers...))
	if err != nil {
		v.fault("%s: its signature does not verify", bundleCheckpoint)
		return false
	}
	b.noteWitnesses(opened, signer, verifiers[1:])
	said, err := parseCheckpoint(opened.Text)
	if err != nil || said.origin != b.manifest.Installation || said.tree.N != b.manifest.LedgerSize || said.root != b.manifest.Root {
		v.fault("%s: says something else than the manifest", bundleCheckpoint)
		return false
	}
	b.tree, v.LedgerSize, v.Root = said.tree, said.tree.N, said.root
	return true
}

// checkSeal: the manifest is the one that the ledger's key signed, and so is
// everything that it lists.
func (b *openBundle) checkSeal(signer note.Verifier) {
	raw, err := b.whole(bundleSeal)
	if err != nil {
		b.verdict.fault("%s: %v", bundleSeal, err)
		return
	}
	sum, _, err := b.hash(bundleManifest)
	opened, opening := note.Open(raw, note.VerifierList(signer))
	if err != nil || opening != nil || opened.Text != sealText(sum) {
		b.verdict.fault("%s: the ledger's key has not signed it", bundleManifest)
	}
}

func (b *openBundle) noteWitnesses(opened *note.Note, signer note.Verifier, wanted []note.Verifier) {
	v := b.verdict
	signed := map[string]bool{}
	for _, s := range opened.Sigs {
		if s.Name == signer.Name() && s.Hash == signer.KeyHash() {
			signed[""] = true
			continue
		}
		signed[s.Name] = true
		v.Witnesses = append(v.Witnesses, s.Name)
		if at, ok := CosignedAt(s); ok && at.After(v.WitnessedAt) {
			v.WitnessedAt = at
		}
	}
	if !signed[""] {
		v.fault("%s: the ledger itself has not signed it", bundleCheckpoint)
	}
	for _, w := range wanted {
		if !signed[w.Name()] {
			v.fault("%s: the witness %s has not signed it", bundleCheckpoint, w.Name())
		}
	}
}

// checkEntries proves each entry and plays it.
func (b *openBundle) checkEntries() {
	v := b.verdict
	f, err := b.open(bundleEntries)
	if err != nil {
		return // checkFiles has said so
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxBundleLine)
	last := int64(-1)
	for lines.Scan() {
		var line BundledEntry
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			v.fault("%s: a line cannot be read", bundleEntries)
			return
		}
		e := line.Entry
		if e.Num <= last || e.Num >= b.tree.N {
			v.fault("entry %d: stands in the wrong place", e.Num)
			return
		}
		last = e.Num
		if err := b.prove(line); err != nil {
			v.fault("entry %d: %v", e.Num, err)
			continue
		}
		v.Entries++
		if err := b.replay.take(e); err != nil {
			v.fault("%v", err)
		}
	}
	if lines.Err() != nil {
		v.fault("%s: cannot be read to its end", bundleEntries)
	}
}

func (b *openBundle) prove(line BundledEntry) error {
	proof := make(tlog.RecordProof, len(line.Proof))
	for i, text := range line.Proof {
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(raw) != tlog.HashSize {
			return errors.New("its proof cannot be read")
		}
		proof[i] = tlog.Hash(raw)
	}
	if tlog.CheckRecord(proof, b.tree.N, b.tree.Hash, line.Entry.Num, tlog.RecordHash(line.Entry.Leaf())) != nil {
		return errors.New("is not what the ledger holds: the root does not cover it")
	}
	return nil
}

// checkCopies holds every listed copy against the entries.
func (b *openBundle) checkCopies() {
	var lists []string
	for name := range b.files {
		if strings.HasPrefix(name, copiesFolder) {
			lists = append(lists, name)
		}
	}
	slices.Sort(lists)
	for _, name := range lists {
		if err := b.checkList(name); err != nil {
			b.verdict.fault("%s: %v", name, err)
		}
	}
	for _, fault := range b.replay.end() {
		b.verdict.fault("%s", fault)
	}
}

func (b *openBundle) checkList(name string) error {
	f, err := b.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.FieldsPerRecord, in.ReuseRecord = len(copiesHeader), true
	if header, err := in.Read(); err != nil || !slices.Equal(header, copiesHeader) {
		return errors.New("has another header")
	}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.New("cannot be read to its end")
		}
		seq, err := strconv.ParseInt(row[1], 10, 64)
		number, err2 := strconv.ParseInt(row[2], 10, 64)
		if err != nil || err2 != nil {
			return errors.New("a copy has no number")
		}
		b.verdict.Copies++
		if err := b.replay.hold(cordon.BundledCopy{Dispatch: cordon.DispatchID(row[0]), Seq: seq, Number: number, State: cordon.DeliveryState(row[5])}); err != nil {
			b.verdict.fault("%s: %v", name, err)
			if len(b.verdict.Faults) >= maxFaults {
				return nil
			}
		}
	}
}

// checkFigures compares the assessment with what the entries come to.
func (b *openBundle) checkFigures() {
	v := b.verdict
	var dispatches int64
	v.Delivered, v.Unknown, dispatches = b.replay.counts()
	raw, err := b.whole(bundleAssessment)
	if err != nil {
		return // checkFiles has said so
	}
	var said cordon.Assessment
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&said); err != nil {
		v.fault("%s: cannot be read", bundleAssessment)
		return
	}
	for _, c := range []struct {
		what      string
		said, are int64
	}{{"delivered", said.Delivered, v.Delivered}, {"perhaps delivered", said.Unknown, v.Unknown}, {"dispatches", said.Dispatches, dispatches}} {
		if c.said != c.are {
			v.fault("%s: says %d %s; the entries come to %d", bundleAssessment, c.said, c.what, c.are)
		}
	}
}
