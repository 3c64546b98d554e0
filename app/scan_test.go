package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func TestTheScannersOfTheSettings(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	none, err := newScanner(DefaultConfig().Scan, log)
	if err != nil || none != nil {
		t.Errorf("without a setting: %v, %v", none, err)
	}
	said := make(chan string, 1)
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said <- r.Header.Get("Password")
		_, _ = io.WriteString(w, `{"score":4,"action":"no action","message-id":"a"}`)
	}))
	defer far.Close()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig().Scan
	c.Rspamd, c.PasswordFile, c.Hold, c.Timeout.Duration = far.URL, file, 3.5, time.Minute
	s, err := newScanner(c, log)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if v := s.Scan(context.Background(), []byte("Subject: x\r\n\r\n"), "a@clinic.example"); v.Decision != cordon.Hold || v.Code != "" {
		t.Errorf("4 points, held from 3.5: %+v", v)
	}
	if got := <-said; got != "open sesame" {
		t.Errorf("the password came as %q", got)
	}
	c.PasswordFile = filepath.Join(t.TempDir(), "none")
	if _, err := newScanner(c, log); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(file, []byte("two\nlines\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.PasswordFile = file
	if _, err := newScanner(c, log); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a password of two lines: %v", err)
	}
}
