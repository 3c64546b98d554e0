package scan_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/scan"
	"github.com/cordonmail/cordon/scan/scantest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sender = "practice@clinic.example"

// letter is a whole message with the text in it.
func letter(text string) []byte {
	return []byte("From: \"Clinic\" <" + sender + ">\r\nTo: someone@patients.example\r\nSubject: Your appointment\r\n" +
		"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <a1b2c3@clinic.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nDear patient,\r\n\r\n" + text + "\r\n")
}

// attached is a letter with the file attached.
func attached(file []byte) []byte {
	return []byte("From: <" + sender + ">\r\nTo: someone@patients.example\r\nSubject: Your report\r\n" +
		"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <d4e5f6@clinic.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour report.\r\n" +
		"--b\r\nContent-Type: application/octet-stream; name=report.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(file) + "\r\n--b--\r\n")
}

// patient is long enough for any answer on a busy machine: what is tested with
// it is not the time.
const patient = time.Minute

// scanner makes one that the test closes, with its log.
func scanner(t testing.TB, c scan.Config) (*scan.Scanner, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := scan.New(c)
	t.Cleanup(s.Close)
	return s, log
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func expect(t testing.TB, v cordon.Verdict, want cordon.Decision, code cordon.Code, words string) {
	t.Helper()
	if v.Decision != want || v.Code != code {
		t.Errorf("decided %v with code %q, not %v with %q: %+v", v.Decision, v.Code, want, code, v.Reasons)
	}
	said := ""
	for _, r := range v.Reasons {
		said += r.Message + "\n"
	}
	if !strings.Contains(said, words) || (words == "") != (said == "") {
		t.Errorf("the reasons are %q, without %q", said, words)
	}
	if want == cordon.Refuse && len(v.Faults) == 0 {
		t.Error("the caller is not told what was refused")
	}
}

// Rspamd takes a second to start, or several on a busy machine: these share one.
func TestRealScanners(t *testing.T) {
	r, c := scantest.Rspamd(t), scantest.ClamAV(t, true)
	t.Run("Rspamd judges", func(t *testing.T) { rspamdJudges(t, r) })
	t.Run("ClamAV judges", func(t *testing.T) { clamAVJudges(t, c) })
	t.Run("many scans at once", func(t *testing.T) { manyScansAtOnce(t, r, c) })
	t.Run("the stand-in decides alike", func(t *testing.T) { theStandInDecidesAlike(t, r, c) })
	t.Run("a scanner that is gone holds", func(t *testing.T) { aScannerThatIsGoneHolds(t, r, c) })
}

func rspamdJudges(t *testing.T, child *scantest.Child) {
	s, log := scanner(t, scan.Config{Rspamd: "http://" + child.Addr, Timeout: patient})
	ctx := context.Background()

	expect(t, s.Scan(ctx, letter("your appointment is on Monday at ten."), sender), cordon.Pass, "", "")
	expect(t, s.Scan(ctx, letter("a notice of the mail system."), ""), cordon.Pass, "", "")
	expect(t, s.Scan(ctx, letter(scantest.SpamText), sender), cordon.Hold, "", "gives this 8.0 points: CORDON_TEST.")
	expect(t, s.Scan(ctx, letter(scantest.RefusedText), sender), cordon.Refuse, cordon.Denied, "gives this 15.0 points: it is the test text for spam filters.")
	expect(t, s.Scan(ctx, letter(scantest.BanText), sender), cordon.Hold, "", "A rule of the spam filter (Rspamd) asks not to let this through")
	expect(t, s.Scan(ctx, letter(scantest.LaterText), sender), cordon.Hold, cordon.Unavailable, "asked to try again later")
	// Rspamd closes the connection on the first, and answers 0 points and "no
	// action" to the second.
	expect(t, s.Scan(ctx, letter(strings.Repeat("long ", scantest.MaxRead/5)), sender), cordon.Hold, cordon.Unavailable, "larger than it takes")
	expect(t, s.Scan(ctx, nil, sender), cordon.Hold, cordon.Unavailable, "did not read the whole message")
	expect(t, s.Scan(ctx, letter("a"), "someone@clinic.example\r\nSettings-ID: lax"), cordon.Hold, cordon.Unavailable, "cannot be told")
	private(t, log)

	strict, _ := scanner(t, scan.Config{Rspamd: "http://" + child.Addr, Timeout: patient, Hold: 2, Refuse: 8})
	expect(t, strict.Scan(ctx, letter(scantest.SpamText), sender), cordon.Refuse, cordon.Denied, "8.0 points")

	status := s.Status(ctx)
	if len(status) != 1 || status[0].Scanner != "Rspamd" || !strings.HasPrefix(status[0].Version, "rspamd 3") || status[0].Problem != "" {
		t.Errorf("status %+v", status)
	}
	if err := s.Check(ctx); err != nil {
		t.Errorf("check: %v", err)
	}
}

func clamAVJudges(t *testing.T, child *scantest.Child) {
	ctx := context.Background()
	for _, at := range []string{"tcp://" + child.Addr, "unix:" + child.Socket()} {
		s, log := scanner(t, scan.Config{ClamAV: at, Timeout: patient})
		expect(t, s.Scan(ctx, letter("your appointment is on Monday at ten."), sender), cordon.Pass, "", "")
		expect(t, s.Scan(ctx, nil, sender), cordon.Pass, "", "")
		expect(t, s.Scan(ctx, letter(scantest.VirusText), sender), cordon.Refuse, cordon.Denied, "found Cordon.Test.Text")
		expect(t, s.Scan(ctx, attached(scantest.Eicar()), sender), cordon.Refuse, cordon.Denied, "found Cordon.Test.Eicar")
		expect(t, s.Scan(ctx, attached(lockedArchive(t)), sender), cordon.Hold, "", "locked by a password")
		// Over clamd's limit of a file, then of a stream.
		expect(t, s.Scan(ctx, letter(strings.Repeat("long ", 40_000)+scantest.VirusText), sender), cordon.Hold, cordon.Unavailable, "did not read the whole message")
		expect(t, s.Scan(ctx, letter(strings.Repeat("long ", 2*scantest.MaxRead/5)), sender), cordon.Hold, cordon.Unavailable, "larger than it takes")
		private(t, log)

		status := s.Status(ctx)
		if len(status) != 1 || !strings.HasPrefix(status[0].Version, "ClamAV 1.") || status[0].Problem != "" {
			t.Errorf("status %+v", status)
		}
	}
}

// A clamd as it is installed says OK to what it did not read. Nothing that it
// calls clean may pass.
func TestALenientClamAVPassesNothing(t *testing.T) {
	child := scantest.ClamAV(t, false)
	ctx := context.Background()
	s, _ := scanner(t, scan.Config{ClamAV: "tcp://" + child.Addr, Timeout: patient})
	for _, raw := range [][]byte{letter("short"), letter(strings.Repeat("long ", 40_000) + scantest.VirusText)} {
		expect(t, s.Scan(ctx, raw, sender), cordon.Hold, cordon.Unavailable, "AlertExceedsMax")
	}
	if err := s.Check(ctx); cordon.CodeOf(err) != cordon.Unavailable || !strings.Contains(err.Error(), "AlertExceedsMax") {
		t.Errorf("check: %v", err)
	}
}

// Both at once; then each goes away and comes back.
func aScannerThatIsGoneHolds(t *testing.T, r, c *scantest.Child) {
	s, log := scanner(t, scan.Config{Rspamd: "http://" + r.Addr, ClamAV: "tcp://" + c.Addr, Timeout: patient})
	ctx := context.Background()
	good := letter("your appointment is on Monday at ten.")

	expect(t, s.Scan(ctx, good, sender), cordon.Pass, "", "")
	r.Stop()
	expect(t, s.Scan(ctx, good, sender), cordon.Hold, cordon.Unavailable, "The spam filter (Rspamd) could not be reached, so this waits for a person.")
	expect(t, s.Scan(ctx, letter(scantest.VirusText), sender), cordon.Refuse, cordon.Denied, "found Cordon.Test.Text")
	if err := s.Check(ctx); cordon.CodeOf(err) != cordon.Unavailable || err.Error() != "scan: Rspamd could not be reached (mail is held until it is mended)" {
		t.Errorf("check: %v", err)
	}
	r.Start(t)
	expect(t, s.Scan(ctx, good, sender), cordon.Pass, "", "")

	c.Stop()
	expect(t, s.Scan(ctx, good, sender), cordon.Hold, cordon.Unavailable, "The virus scanner (ClamAV) could not be reached")
	expect(t, s.Scan(ctx, letter(scantest.SpamText), sender), cordon.Hold, "", "8.0 points") // meant: it is not to be tried again
	c.Start(t)
	expect(t, s.Scan(ctx, good, sender), cordon.Pass, "", "")
	private(t, log)
}

func manyScansAtOnce(t *testing.T, r, c *scantest.Child) {
	s, _ := scanner(t, scan.Config{Rspamd: "http://" + r.Addr, ClamAV: "unix:" + c.Socket(), Timeout: patient})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			text, want, code := fmt.Sprintf("your appointment is number %d.", i), cordon.Pass, cordon.Code("")
			switch i % 4 {
			case 1:
				text, want = scantest.SpamText, cordon.Hold
			case 2:
				text, want, code = scantest.VirusText, cordon.Refuse, cordon.Denied
			}
			if v := s.Scan(context.Background(), letter(text), sender); v.Decision != want || v.Code != code {
				t.Errorf("scan %d: %v %q %+v", i, v.Decision, v.Code, v.Reasons)
			}
		})
	}
	all.Wait()
}

// What stands in for a scanner elsewhere decides as the real ones do.
func theStandInDecidesAlike(t *testing.T, r, c *scantest.Child) {
	s, _ := scanner(t, scan.Config{Rspamd: "http://" + r.Addr, ClamAV: "tcp://" + c.Addr, Timeout: patient})
	var fake scantest.Fake
	ctx := context.Background()
	same := func(text string) {
		t.Helper()
		is, stand := s.Scan(ctx, letter(text), sender), fake.Scan(ctx, letter(text), sender)
		if is.Decision != stand.Decision || is.Code != stand.Code || (len(is.Reasons) == 0) != (len(stand.Reasons) == 0) || len(is.Faults) != len(stand.Faults) {
			t.Errorf("%q: the scanners say %+v, the stand-in %+v", text, is, stand)
		}
	}
	for _, text := range []string{"nothing of note", scantest.SpamText, scantest.RefusedText, scantest.VirusText} {
		same(text)
	}
	gone, end := context.WithCancel(ctx)
	end()
	ctx = gone
	same("nothing of note")
	ctx = context.Background()
	fake.Down(true)
	if v := fake.Scan(ctx, letter("nothing of note"), sender); v.Decision != cordon.Hold || v.Code != cordon.Unavailable {
		t.Errorf("the stand-in is down and says %+v", v)
	}
	if fake.Scanned() != 6 {
		t.Errorf("the stand-in counted %d", fake.Scanned())
	}
}

// private fails when the log holds something of the letter.
func private(t *testing.T, log *lockedBuffer) {
	t.Helper()
	text := log.String()
	if !strings.Contains(text, "bytes=") || !strings.Contains(text, "took=") {
		t.Errorf("the log tells neither size nor time: %s", text)
	}
	for _, word := range []string{"clinic.example", "patients.example", "appointment", "a1b2c3", "Dear"} {
		if strings.Contains(text, word) {
			t.Errorf("the log holds %q: %s", word, text)
		}
	}
}

func BenchmarkScan5KB(b *testing.B) {
	r, c := scantest.Rspamd(b), scantest.ClamAV(b, true)
	raw := letter(strings.Repeat("Your appointment is on Monday at ten, in the second room to the left.\r\n", 66))
	for _, one := range []struct {
		name string
		scan.Config
	}{
		{"rspamd", scan.Config{Rspamd: "http://" + r.Addr}},
		{"clamav-tcp", scan.Config{ClamAV: "tcp://" + c.Addr}},
		{"clamav-unix", scan.Config{ClamAV: "unix:" + c.Socket()}},
		{"both", scan.Config{Rspamd: "http://" + r.Addr, ClamAV: "unix:" + c.Socket()}},
	} {
		one.Timeout = patient
		s, _ := scanner(b, one.Config)
		b.Run(one.name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if v := s.Scan(context.Background(), raw, sender); v.Decision != cordon.Pass {
					b.Fatalf("%+v", v)
				}
			}
		})
	}
}

// lockedArchive is a zip whose one file is marked as encrypted.
func lockedArchive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	content := bytes.Repeat([]byte{0x5a, 0xc3, 0x17}, 20)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "report.doc", Flags: 1, Method: zip.Store, CRC32: 1, CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content) - 12)})
	if err == nil {
		_, err = f.Write(content)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
