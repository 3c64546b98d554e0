package ledger_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
)

// incident opens one about the clinic's dispatch.
func (w *world) incident() cordon.Incident {
	w.Helper()
	i, err := w.store.OpenIncident(w.ctx, operator, cordon.NewIncident{
		Kind: cordon.IncidentTemplate, Severity: 2, Title: "Wrong date column <b>", Tenant: w.clinic.ID,
		Scope: []cordon.Question{{Dispatch: w.clinic.dispatch.ID}},
	})
	w.must(err)
	return i
}

// bundle makes the evidence of the world's incident.
func (w *world) bundle() ([]byte, ledger.Bundled) {
	w.Helper()
	var out bytes.Buffer
	made, err := w.auditor.Bundle(w.ctx, operator, w.incident().ID, &out)
	w.must(err)
	return out.Bytes(), made
}

func verify(t testing.TB, raw []byte, trust ledger.Trust) ledger.BundleVerdict {
	t.Helper()
	v, err := ledger.VerifyBundle(bytes.NewReader(raw), int64(len(raw)), trust)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestABundleVerifiesWithTheFileAlone(t *testing.T) {
	each(t, func(w *world) {
		o := newOther(w.T, "other.example/w1", w.auditor.VerifierKey())
		w.must(w.auditor.UseWitnesses(o.post, o.peer()))
		raw, made := w.bundle()
		v := verify(t, raw, ledger.Trust{Key: w.auditor.VerifierKey(), Witnesses: []string{o.witness.VerifierKey()}})
		if !v.OK || v.Delivered != 20 || v.Unknown != 0 || v.Copies != 30 || v.Entries != made.Entries || !v.KeyTrusted || len(v.Witnesses) != 1 {
			t.Fatalf("verdict %+v", v)
		}
		if v.Entries < 6 {
			t.Errorf("only %d entries: of the acceptance, the tries, the stop, the sweep and the incident there are more", v.Entries)
		}
		page := string(read(t, raw, "report.html"))
		for _, want := range []string{"Wrong date column &lt;b&gt;", "A stop was placed", "wrong column", "<dd>20</dd>", "other.example/w1"} {
			if !strings.Contains(page, want) {
				t.Errorf("the report lacks %q", want)
			}
		}
		for name := range files(t, raw) {
			if strings.Contains(string(read(t, raw, name)), "@clinic.example") {
				t.Errorf("%s holds an address", name)
			}
		}
		for name, trust := range map[string]ledger.Trust{
			"another key":          {Key: ledger.New(ledger.Config{Seed: []byte("another Ed25519 seed of 32 bytes"), Installation: "test"}).VerifierKey()},
			"a witness who is not": {Witnesses: []string{newOther(w.T, "third.example/w").witness.VerifierKey()}},
			"no key at all":        {Key: "nonsense"},
		} {
			if v := verify(t, raw, trust); v.OK || len(v.Faults) == 0 {
				t.Errorf("%s: verifies", name)
			}
		}
	})
}

func TestWhoMayBundle(t *testing.T) {
	w := one(t)
	i := w.incident()
	for _, actor := range []cordon.Actor{as(w.clinic.ID, cordon.RoleOperator), as("", cordon.RoleViewer), {}} {
		if _, err := w.auditor.Bundle(w.ctx, actor, i.ID, io.Discard); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%v: %v", actor.Kind, err)
		}
	}
	if _, err := w.auditor.Bundle(w.ctx, operator, cordon.NewIncidentID(), io.Discard); cordon.CodeOf(err) != cordon.Missing {
		t.Errorf("of no incident: %v", err)
	}
}

// Whatever is changed in a bundle is found, also by who makes the hashes fit; only
// who has the ledger's key could sign another manifest, and then the entries speak.
func TestAChangedBundleDoesNotVerify(t *testing.T) {
	w := one(t)
	raw, _ := w.bundle()
	list := "copies/clinic.csv"
	for name, change := range map[string]func(map[string][]byte){
		"a state": func(f map[string][]byte) {
			f[list] = bytes.Replace(f[list], []byte(",delivered,"), []byte(",held,"), 1)
		},
		"one more": func(f map[string][]byte) {
			f[list] = bytes.Replace(f[list], []byte(",held,"), []byte(",delivered,"), 1)
		},
		"a copy left out":   func(f map[string][]byte) { f[list] = dropLine(f[list], 5) },
		"the last left out": func(f map[string][]byte) { f[list] = dropLine(f[list], 30) },
		"another recipient": func(f map[string][]byte) { f[list] = bytes.Replace(f[list], []byte(",7,7,"), []byte(",7,8,"), 1) },
		"a list left out":   func(f map[string][]byte) { delete(f, list) },
		"a figure": func(f map[string][]byte) {
			f["assessment.json"] = bytes.Replace(f["assessment.json"], []byte(`"delivered": 20`), []byte(`"delivered": 10`), 1)
		},
		"an entry's words": func(f map[string][]byte) {
			f["entries.ndjson"] = bytes.Replace(f["entries.ndjson"], []byte("wrong column"), []byte("right column"), 1)
		},
		"an attempt left out": func(f map[string][]byte) {
			f["entries.ndjson"] = dropLineWith(f["entries.ndjson"], `"kind":"attempts"`)
		},
		"entries twice": func(f map[string][]byte) { f["entries.ndjson"] = append(f["entries.ndjson"], f["entries.ndjson"]...) },
		"another root":  func(f map[string][]byte) { f["checkpoint.txt"] = append([]byte("x"), f["checkpoint.txt"]...) },
		"no checkpoint": func(f map[string][]byte) { delete(f, "checkpoint.txt") },
		"no entries":    func(f map[string][]byte) { delete(f, "entries.ndjson") },
		"no figures":    func(f map[string][]byte) { delete(f, "assessment.json") },
	} {
		for _, fit := range []bool{false, true} {
			all := files(t, raw)
			before := len(all)
			change(all)
			if fit {
				refit(t, all)
			}
			v := verify(t, pack(t, all), ledger.Trust{Key: w.auditor.VerifierKey()})
			unsealed := 0
			for _, fault := range v.Faults {
				if strings.HasPrefix(fault, "manifest.json: the ledger's key") {
					unsealed++
				}
			}
			if v.OK || fit && len(v.Faults) == unsealed {
				t.Errorf("%s (hashes made to fit: %v, %d files): faults %q", name, fit, before, v.Faults)
			}
		}
	}
	t.Run("a document that the ledger knows nothing of", func(t *testing.T) {
		all := files(t, raw)
		all["report.html"] = append(all["report.html"], "lies"...)
		refit(t, all)
		if v := verify(t, pack(t, all), ledger.Trust{}); v.OK {
			t.Error("verifies")
		}
	})
	t.Run("a file more", func(t *testing.T) {
		all := files(t, raw)
		all["copies/nobody.csv"] = []byte("x")
		if v := verify(t, pack(t, all), ledger.Trust{}); v.OK {
			t.Error("verifies")
		}
	})
}

// Each bit of each proof counts.
func TestEveryBitOfAProofCounts(t *testing.T) {
	w := one(t)
	raw, _ := w.bundle()
	all := files(t, raw)
	lines := strings.SplitAfter(strings.TrimSpace(string(all["entries.ndjson"]))+"\n", "\n")
	flipped := 0
	for i, text := range lines {
		if text == "" {
			continue
		}
		var line ledger.BundledEntry
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		for j, hash := range line.Proof {
			bits, err := base64.StdEncoding.DecodeString(hash)
			if err != nil {
				t.Fatal(err)
			}
			for bit := range len(bits) * 8 {
				bits[bit/8] ^= 1 << (bit % 8)
				line.Proof[j] = base64.StdEncoding.EncodeToString(bits)
				bits[bit/8] ^= 1 << (bit % 8)
				if ledger.ProveBundled(line, w.checkpoint()) == nil {
					t.Fatalf("line %d: bit %d of hash %d does not count", i, bit, j)
				}
				flipped++
			}
			line.Proof[j] = hash
		}
		if err := ledger.ProveBundled(line, w.checkpoint()); err != nil {
			t.Fatalf("line %d, unchanged: %v", i, err)
		}
	}
	if flipped < 256*10 {
		t.Fatalf("only %d bits flipped", flipped)
	}
}

func (w *world) checkpoint() cordon.Checkpoint {
	w.Helper()
	c, found, err := w.store.LatestCheckpoint(w.ctx)
	w.must(err)
	if !found {
		w.Fatal("no checkpoint")
	}
	return c
}

func dropLine(text []byte, n int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(append(append([][]byte{}, lines[:n]...), lines[n+1:]...), nil)
}

func dropLineWith(text []byte, word string) []byte {
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if bytes.Contains(line, []byte(word)) {
			return dropLine(text, i)
		}
	}
	return text
}

func files(t testing.TB, raw []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if all[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return all
}

func read(t testing.TB, raw []byte, name string) []byte {
	t.Helper()
	body, there := files(t, raw)[name]
	if !there {
		t.Fatalf("no %s", name)
	}
	return body
}

func pack(t testing.TB, all map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, body := range all {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// refit makes the manifest fit the files, as a forger would.
func refit(t testing.TB, all map[string][]byte) {
	t.Helper()
	var m ledger.Manifest
	if err := json.Unmarshal(all["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	m.Files = nil
	for name, body := range all {
		if name != "manifest.json" && name != "manifest.note" {
			m.Files = append(m.Files, ledger.BundleFile{Name: name, Size: int64(len(body)), SHA256: sum(body)})
		}
	}
	var err error
	if all["manifest.json"], err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
}

func sum(body []byte) string { return ledger.HashOf(body) }

func FuzzVerifyBundle(f *testing.F) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, body := range map[string]string{"manifest.json": `{"format":"cordon-bundle/1","key":"x"}`, "entries.ndjson": "{}\n", "copies/a.csv": "dispatch,seq\n"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = fmt.Fprint(w, body)
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if v, err := ledger.VerifyBundle(bytes.NewReader(raw), int64(len(raw)), ledger.Trust{}); err == nil && v.OK {
			t.Error("what nobody signed verifies")
		}
	})
}

// FuzzReplay gives a replay entries and rows that no house wrote.
func FuzzReplay(f *testing.F) {
	f.Add("dispatch.accepted", `{"kind":"bulk","recipients":3,"digest":"x"}`, "1-2,3", int64(3), int64(1))
	f.Add("attempts", `{"outcome":"delivered","copies":2,"seqs":"1-2"}`, "1", int64(1), int64(9))
	f.Fuzz(func(t *testing.T, kind, body, seqs string, recipients, seq int64) {
		ledger.Replay([]cordon.Entry{
			{Num: 0, Kind: cordon.EntryDispatchAccepted, Subject: "d", Body: fmt.Appendf(nil, `{"kind":"bulk","recipients":%d}`, recipients%1000)},
			{Num: 1, Kind: cordon.EntryAttempts, Subject: "d", Body: fmt.Appendf(nil, `{"outcome":"delivered","copies":1,"seqs":%q}`, seqs)},
			{Num: 2, Kind: cordon.EntryKind(kind), Subject: "d", Body: []byte(body)},
		}, cordon.BundledCopy{Dispatch: "d", Seq: seq})
	})
}
