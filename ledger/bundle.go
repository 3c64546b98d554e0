package ledger

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// BundleFormat names the form of an evidence bundle; a verifier refuses others.
const BundleFormat = "cordon-bundle/1"

// The files of a bundle, besides copies/<tenant>.csv and documents/.
const (
	bundleManifest   = "manifest.json"
	bundleSeal       = "manifest.note" // the manifest's hash, signed by the ledger's key
	bundleCheckpoint = "checkpoint.txt"
	bundleEntries    = "entries.ndjson"
	bundleAssessment = "assessment.json"
	bundleReport     = "report.html"
	bundleReadme     = "README.txt"
	copiesFolder     = "copies/"
	documentsFolder  = "documents/"
)

// Manifest is the first file of a bundle: what it is and what it holds.
type Manifest struct {
	Format       string          `json:"format"`
	Installation string          `json:"installation"` // origin of the ledger
	Key          string          `json:"key"`          // that signs its checkpoints
	Incident     cordon.Incident `json:"incident"`
	Exercise     bool            `json:"exercise,omitempty"`
	MadeAt       time.Time       `json:"made_at"`
	MadeBy       string          `json:"made_by"`
	LedgerSize   int64           `json:"ledger_size"` // that the checkpoint signs
	Root         string          `json:"root"`
	Files        []BundleFile    `json:"files"`
}

// BundleFile is one file of a bundle, by its hash.
type BundleFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// BundledEntry is one line of entries.ndjson: an entry, and the proof that the
// checkpoint's root covers it (RFC 6962 2.1.1).
type BundledEntry struct {
	Entry cordon.Entry `json:"entry"`
	Proof []string     `json:"proof"` // base64, from the leaf up
}

var copiesHeader = []string{"dispatch", "seq", "number", "recipient", "external_ref", "state", "at"}

// Bundled is what a bundle came to.
type Bundled struct {
	Manifest
	Entries int64 `json:"entries"`
	Copies  int64 `json:"copies"`
}

const (
	bundleTries = 5 // while copies of the incident still move
	entryBatch  = 500
)

// Bundle writes the evidence of an incident as a zip file: what the ledger says of
// it, each entry with its proof, every copy with where it stands, the figures, the
// documents, and a report for people. cordon verify checks it with nothing but the
// file. It needs the right to read the whole ledger and to assess; no address is
// in it. While copies of the incident still move, it is Unavailable.
func (a *Auditor) Bundle(ctx context.Context, actor cordon.Actor, id cordon.IncidentID, out io.Writer) (Bundled, error) {
	if !actor.Can(cordon.ReadLedger, "") || !actor.Can(cordon.Assess, "") {
		return Bundled{}, mayNot("bundle the evidence of an incident")
	}
	incident, err := a.store.Incident(ctx, id)
	if err != nil {
		return Bundled{}, err
	}
	w := &bundleWriter{zip: zip.NewWriter(out), auditor: a}
	if err := w.gather(ctx, id); err != nil {
		return Bundled{}, err
	}
	entry := cordon.Entry{Kind: cordon.EntryBundled, Actor: actor.ID(), Subject: string(id)}
	if entry.Body, err = json.Marshal(map[string]any{"ledger_size": w.checkpoint.Size, "copies": w.copies}); err != nil {
		return Bundled{}, fmt.Errorf("bundle: %w", err)
	}
	if err := a.store.AppendEntry(ctx, entry); err != nil { // before a byte leaves
		return Bundled{}, fmt.Errorf("bundle: %w", err)
	}
	m := Manifest{
		Format: BundleFormat, Installation: a.origin, Key: a.key, Incident: incident, Exercise: incident.Exercise,
		MadeAt: a.now().UTC().Truncate(time.Second), MadeBy: actor.ID(), LedgerSize: w.checkpoint.Size, Root: w.checkpoint.Root,
	}
	return w.write(ctx, m)
}

// bundleWriter gathers what goes into a bundle and writes it.
type bundleWriter struct {
	zip     *zip.Writer
	auditor *Auditor
	files   []BundleFile

	checkpoint cordon.Checkpoint
	witnesses  []string // their lines
	damage     cordon.Assessment
	entries    []cordon.Entry
	lists      []copyList
	copies     int64
	documents  []cordon.Document
}

// copyList is the CSV file of one tenant.
type copyList struct {
	tenant string
	body   []byte
}

// gather reads everything at one size of the ledger: when an entry about the
// copies came between the looks, it looks again.
func (w *bundleWriter) gather(ctx context.Context, id cordon.IncidentID) error {
	store := w.auditor.store
	for range bundleTries {
		before, _, err := store.LedgerHead(ctx)
		if err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		if w.damage, err = store.IncidentDamage(ctx, id); err != nil {
			return err
		}
		if err := w.listCopies(ctx, id); err != nil {
			return err
		}
		if w.documents, err = store.BundleDocuments(ctx, id); err != nil {
			return err
		}
		if w.checkpoint, err = w.auditor.Checkpoint(ctx); err != nil {
			return err
		}
		_ = w.auditor.witness(ctx, w.checkpoint) // who is away now has signed an earlier one
		if err := w.readEntries(ctx, id); err != nil {
			return err
		}
		if !moved(w.entries, before) {
			return w.findWitnesses(ctx)
		}
	}
	return &cordon.Error{Code: cordon.Unavailable, Field: "incident", Message: "has copies that still move", Remedy: "contain it first, or try again in a moment"}
}

// moved says whether an entry about copies was written at or behind the number.
func moved(entries []cordon.Entry, from int64) bool {
	for _, e := range entries {
		switch e.Kind {
		case cordon.EntryAttempts, cordon.EntrySwept, cordon.EntryDispatchAccepted, cordon.EntryDispatchHeld:
			if e.Num >= from {
				return true
			}
		}
	}
	return false
}

func (w *bundleWriter) readEntries(ctx context.Context, id cordon.IncidentID) error {
	w.entries = nil
	for from := int64(0); ; {
		batch, err := w.auditor.store.BundleEntries(ctx, id, from, w.checkpoint.Size, entryBatch)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		w.entries = append(w.entries, batch...)
		from = batch[len(batch)-1].Num + 1
	}
}

// findWitnesses takes the lines of whoever signed this very checkpoint.
func (w *bundleWriter) findWitnesses(ctx context.Context) error {
	c, lines, err := w.auditor.store.WitnessedCheckpoint(ctx)
	switch {
	case cordon.CodeOf(err) == cordon.Missing:
		return nil
	case err != nil:
		return err
	case c.Size == w.checkpoint.Size:
		w.witnesses = lines
	}
	return nil
}

// listCopies makes the CSV file of each tenant.
func (w *bundleWriter) listCopies(ctx context.Context, id cordon.IncidentID) error {
	w.lists, w.copies = nil, 0
	var buf *csvBuffer
	var tenant cordon.TenantID
	end := func() {
		if buf != nil {
			w.lists = append(w.lists, copyList{buf.name, buf.bytes()})
		}
	}
	err := w.auditor.store.BundleCopies(ctx, id, func(c cordon.BundledCopy) error {
		if buf == nil || c.Tenant != tenant {
			end()
			tenant, buf = c.Tenant, newCSVBuffer(c.Handle)
			buf.row(copiesHeader...)
		}
		at := ""
		if !c.At.IsZero() {
			at = c.At.UTC().Format(time.RFC3339Nano)
		}
		w.copies++
		return buf.row(string(c.Dispatch), strconv.FormatInt(c.Seq, 10), strconv.FormatInt(c.Number, 10), string(c.Recipient), cell(c.ExternalRef), string(c.State), at)
	})
	end()
	return err
}

// write writes the files, the manifest last: it needs their hashes.
func (w *bundleWriter) write(ctx context.Context, m Manifest) (Bundled, error) {
	steps := []func() error{
		func() error { return w.put(bundleReadme, []byte(bundleWords)) },
		func() error {
			note := w.checkpoint.Note
			for _, line := range w.witnesses {
				note += line
			}
			return w.put(bundleCheckpoint, []byte(note))
		},
		func() error { return w.putJSON(bundleAssessment, w.damage) },
		func() error { return w.putEntries(ctx) },
		w.putLists,
		w.putDocuments,
		func() error {
			page, err := reportPage(m, w)
			if err != nil {
				return err
			}
			return w.put(bundleReport, page)
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Bundled{}, fmt.Errorf("bundle: %w", err)
		}
	}
	m.Files = w.files
	if err := w.putJSON(bundleManifest, m); err != nil {
		return Bundled{}, fmt.Errorf("bundle: %w", err)
	}
	seal, err := note.Sign(&note.Note{Text: sealText(w.files[len(w.files)-1].SHA256)}, w.auditor.signer)
	if err == nil {
		err = w.put(bundleSeal, seal)
	}
	if err != nil {
		return Bundled{}, fmt.Errorf("bundle: seal: %w", err)
	}
	if err := w.zip.Close(); err != nil {
		return Bundled{}, fmt.Errorf("bundle: %w", err)
	}
	return Bundled{Manifest: m, Entries: int64(len(w.entries)), Copies: w.copies}, nil
}

// sealText is what is signed about a manifest.
func sealText(sum string) string { return BundleFormat + "\n" + sum + "\n" }

func (w *bundleWriter) putEntries(ctx context.Context) error {
	return w.stream(bundleEntries, func(out io.Writer) error {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false) // a body is hashed as it is written
		hashes := w.auditor.store.LedgerHashes(ctx)
		for _, e := range w.entries {
			proof, err := tlog.ProveRecord(w.checkpoint.Size, e.Num, hashes)
			if err != nil {
				return fmt.Errorf("prove entry %d: %w", e.Num, err)
			}
			line := BundledEntry{Entry: e, Proof: make([]string, len(proof))}
			for i, h := range proof {
				line.Proof[i] = base64.StdEncoding.EncodeToString(h[:])
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *bundleWriter) putLists() error {
	for _, list := range w.lists {
		if err := w.put(copiesFolder+list.tenant+".csv", list.body); err != nil {
			return err
		}
	}
	return nil
}

func (w *bundleWriter) putDocuments() error {
	for _, d := range w.documents {
		if err := w.put(documentsFolder+d.Name, d.Body); err != nil {
			return err
		}
	}
	return nil
}

func (w *bundleWriter) putJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return w.put(name, append(raw, '\n'))
}

func (w *bundleWriter) put(name string, body []byte) error {
	return w.stream(name, func(out io.Writer) error {
		_, err := out.Write(body)
		return err
	})
}

// stream writes one file and notes its hash.
func (w *bundleWriter) stream(name string, fill func(io.Writer) error) error {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.auditor.now().UTC()})
	if err != nil {
		return err
	}
	sum := sha256.New()
	count := &counter{}
	if err := fill(io.MultiWriter(f, sum, count)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.files = append(w.files, BundleFile{Name: name, Size: count.n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// csvBuffer is one CSV file in memory.
type csvBuffer struct {
	name string
	buf  bytes.Buffer
	out  *csv.Writer
}

func newCSVBuffer(name string) *csvBuffer {
	b := &csvBuffer{name: name}
	b.out = csv.NewWriter(&b.buf)
	return b
}

func (b *csvBuffer) row(cells ...string) error { return b.out.Write(cells) }

func (b *csvBuffer) bytes() []byte {
	b.out.Flush() // into memory: cannot fail
	return b.buf.Bytes()
}

// cell keeps a tenant's text from being run as a formula when the list is opened
// in a spreadsheet.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
