package catalog_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/store"
)

// house is a catalog over a real store, with a clock the test turns.
type house struct {
	*catalog.Catalog
	t     testing.TB
	store *store.Store
	dir   string
	at    time.Time
	log   bytes.Buffer
	op    cordon.Actor
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), dir: t.TempDir()}
	h.op = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	now := func() time.Time { return h.at }
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	s, err := store.Open(t.Context(), store.Options{DataDir: h.dir, Master: bytes.Repeat([]byte{7}, 32), Now: now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(h.dir, "import-*")); len(left) > 0 {
			t.Errorf("an import left %v", left)
		}
	})
	h.store = s
	h.Catalog = catalog.New(catalog.Config{Store: s, DataDir: h.dir, Now: now, Log: log})
	return h
}

func (h *house) tenant(handle string) cordon.TenantID {
	h.t.Helper()
	n, err := h.CreateTenant(h.t.Context(), h.op, handle, "The "+handle)
	if err != nil {
		h.t.Fatal(err)
	}
	return n.ID
}

// person is an account of the tenant with the role.
func (h *house) person(tenant cordon.TenantID, role cordon.Role) cordon.Actor {
	h.t.Helper()
	a := cordon.Account{ID: cordon.NewAccountID(), Tenant: tenant, Name: string(role), Role: role, CreatedAt: h.at}
	if err := h.store.CreateAccount(h.t.Context(), h.op, a); err != nil {
		h.t.Fatal(err)
	}
	return cordon.Actor{Kind: cordon.ActorAccount, Account: a.ID, Tenant: tenant, Permissions: role.Permissions()}
}

func (h *house) load(tenant cordon.TenantID, csv string, opts catalog.ImportOptions) catalog.ImportReport {
	h.t.Helper()
	report, err := h.Import(h.t.Context(), h.op, tenant, strings.NewReader(csv), opts)
	if err != nil {
		h.t.Fatalf("import: %v\n%+v", err, report.Faults)
	}
	return report
}

// open is the person behind a reference.
func (h *house) open(tenant cordon.TenantID, ref string) cordon.Person {
	h.t.Helper()
	r, err := h.RecipientByRef(h.t.Context(), h.op, tenant, ref)
	if err != nil {
		h.t.Fatalf("%s: %v", ref, err)
	}
	p, err := h.OpenPerson(h.t.Context(), h.op, tenant, r.ID, "test")
	if err != nil {
		h.t.Fatalf("%s: %v", ref, err)
	}
	return p
}

func (h *house) everyone(tenant cordon.TenantID) []cordon.Recipient {
	h.t.Helper()
	var all []cordon.Recipient
	for after := ""; ; {
		list, next, err := h.Recipients(h.t.Context(), h.op, tenant, cordon.Filter{Everyone: true}, cordon.Page{After: after, Limit: 500})
		if err != nil {
			h.t.Fatal(err)
		}
		if all = append(all, list...); next == "" {
			return all
		}
		after = next
	}
}

func wantCode(t testing.TB, err error, want cordon.Code) {
	t.Helper()
	if got := cordon.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func lines(t testing.TB, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n"), "\n")
}
