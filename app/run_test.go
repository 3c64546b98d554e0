package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
)

// What a house starts, it ends: no test of this package leaves a goroutine.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a house on a folder of its own, and how to reach it.
type running struct {
	*app.House
	url    string
	client *http.Client
	cancel context.CancelFunc
	done   chan error
}

func config(t *testing.T) app.Config {
	t.Helper()
	dir, err := os.MkdirTemp("", "cordon-app-") // short: a socket's path is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := app.DefaultConfig()
	c.Data, c.Listen = dir, "127.0.0.1:0"
	return c
}

func openHouse(t *testing.T, c app.Config) *app.House {
	t.Helper()
	house, err := app.Open(t.Context(), c, app.Options{Log: app.NewLog(io.Discard, c.Log)})
	if err != nil {
		t.Fatal(err)
	}
	return house
}

func run(t *testing.T, c app.Config) *running {
	t.Helper()
	return runWith(t, c, app.Options{Log: app.NewLog(io.Discard, c.Log)})
}

func runWith(t *testing.T, c app.Config, o app.Options) *running {
	t.Helper()
	house, err := app.Open(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{House: house, client: &http.Client{Transport: &http.Transport{}}, cancel: cancel, done: make(chan error, 1)}
	ready := make(chan string, 1)
	go func() { r.done <- r.House.Run(ctx, func(address string) { ready <- address }) }()
	select {
	case address := <-ready:
		r.url = "http://" + address
	case err := <-r.done:
		t.Fatalf("the house does not run: %v", err)
	}
	return r
}

// end is what SIGTERM does.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.client.CloseIdleConnections()
	r.cancel()
	if err := errors.Join(<-r.done, r.Close()); err != nil {
		t.Errorf("the house ended with %v", err)
	}
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	response, err := r.client.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestAHouseAnswersAndEnds(t *testing.T) {
	h := run(t, config(t))
	defer h.end(t)
	if _, err := h.Catalog.CreateTenant(t.Context(), h.Registry.Operator(), "northclinic", "North Clinic"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/openapi.json": `"openapi"`} {
		if status, body := h.get(t, path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d %.80s", path, status, body)
		}
	}
	status, metrics := h.get(t, "/metrics")
	for _, name := range []string{`cordon_deliveries{state="delivered"} 0`, "cordon_stops_active 0", "cordon_ledger_entries", "cordon_in_flight 0", "cordon_backlog 0", "go_goroutines"} {
		if status != http.StatusOK || !strings.Contains(metrics, name) {
			t.Errorf("/metrics (%d) lacks %s", status, name)
		}
	}
	for _, word := range []string{"northclinic", "North Clinic", "ten_"} {
		if strings.Contains(metrics, word) {
			t.Errorf("/metrics names %s", word)
		}
	}
	if status, _ := h.get(t, "/v1/tenants"); status != http.StatusUnauthorized {
		t.Errorf("without a key the network is answered %d", status)
	}
}

func TestTheOperatorsDoorIsTheOwnersAlone(t *testing.T) {
	c := config(t)
	h := run(t, c)
	defer h.end(t)
	path := filepath.Join(c.Data, app.SocketName)
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 || info.Mode().Perm() != 0o600 {
		t.Fatalf("the socket is %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"master.key", "lock", "node"} {
		if info, err := os.Stat(filepath.Join(c.Data, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	dialer := net.Dialer{}
	local := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", path)
	}}}
	response, err := local.Get("http://local/v1/tenants")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the operator is answered %d", response.StatusCode)
	}
}

func TestOneProcessAFolder(t *testing.T) {
	c := config(t)
	first := run(t, c)
	second := openHouse(t, c)
	err := second.Run(t.Context(), nil)
	if cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), "another cordon is running") {
		t.Errorf("the second process: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if status, _ := first.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("the first was disturbed: %d", status)
	}
	first.end(t)
	run(t, c).end(t) // the folder is free again
}

func TestRunSaysWhatCannotBeOpened(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cases := map[string]struct {
		change func(*app.Config)
		says   string
	}{
		"port taken":     {func(c *app.Config) { c.Listen = taken.Addr().String() }, "--listen"},
		"no certificate": {func(c *app.Config) { c.TLS.Certificate, c.TLS.Key = "none.pem", "none.key" }, "PEM"},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			k.change(&c)
			h := openHouse(t, c)
			defer h.Close()
			if err := h.Run(t.Context(), nil); cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), k.says) {
				t.Errorf("answered %v", err)
			}
		})
	}
	c := config(t)
	c.Relay.PasswordFile = filepath.Join(c.Data, "none")
	if _, err := app.Open(t.Context(), c, app.Options{}); cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), "relay.password_file") {
		t.Errorf("no password file: %v", err)
	}
	c = config(t)
	c.Data = filepath.Join(c.Data, "file")
	if err := os.WriteFile(c.Data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Open(t.Context(), c, app.Options{}); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a file for a folder: %v", err)
	}
}

// A socket that a killed process left does not keep the next one from running.
func TestALeftSocketIsReplaced(t *testing.T) {
	c := config(t)
	if err := os.WriteFile(filepath.Join(c.Data, app.SocketName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, c).end(t)
}
