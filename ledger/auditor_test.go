package ledger_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func contextWithCancel(w *world) (context.Context, context.CancelFunc) {
	return context.WithCancel(w.ctx)
}

func TestTheDamageIsCounted(t *testing.T) {
	each(t, func(w *world) {
		a, err := w.auditor.Assess(w.ctx, operator, cordon.Question{Dispatch: w.clinic.dispatch.ID})
		w.must(err)
		if a.Dispatches != 1 || a.Delivered != 20 || a.Bounced != 2 || a.Held != 8 || a.InFlight != 0 {
			w.Fatalf("assessment %+v", a)
		}
		if len(a.Tenants) != 1 || a.Tenants[0].Tenant != w.clinic.ID || a.Tenants[0].Delivered != 20 {
			w.Fatalf("by tenant %+v", a.Tenants)
		}
		if a.LedgerSize != size(w) {
			w.Fatalf("ledger size %d", a.LedgerSize)
		}
	})
}

func TestWhoMayAskWhat(t *testing.T) {
	w := one(t)
	viewer := as(w.clinic.ID, cordon.RoleViewer)
	for name, tc := range map[string]struct {
		actor cordon.Actor
		q     cordon.Question
		want  cordon.Code
	}{
		"nothing asked":      {operator, cordon.Question{}, cordon.Invalid},
		"nothing, by tenant": {viewer, cordon.Question{}, cordon.Invalid},
		"times reversed":     {operator, cordon.Question{From: start, Until: start.Add(-time.Hour)}, cordon.Invalid},
		"another tenant":     {viewer, cordon.Question{Tenant: w.other.ID}, cordon.Denied},
		"no permission":      {as(w.clinic.ID, cordon.RoleSender), cordon.Question{Tenant: w.clinic.ID}, cordon.Denied},
		"nobody":             {cordon.Actor{}, cordon.Question{Tenant: w.clinic.ID}, cordon.Denied},
		"its own":            {viewer, cordon.Question{Tenant: w.clinic.ID}, ""},
	} {
		if _, err := w.auditor.Assess(w.ctx, tc.actor, tc.q); cordon.CodeOf(err) != tc.want {
			t.Errorf("assess, %s: %v, want %q", name, err, tc.want)
		}
		var err error
		for _, e := range w.auditor.Affected(w.ctx, tc.actor, tc.q, false) {
			err = e
		}
		if cordon.CodeOf(err) != tc.want {
			t.Errorf("affected, %s: %v, want %q", name, err, tc.want)
		}
	}
	// A question that names no tenant is about one's own.
	a, err := w.auditor.Assess(w.ctx, viewer, cordon.Question{Dispatch: w.other.dispatch.ID})
	if err == nil && a.Delivered != 0 {
		t.Fatalf("a tenant was told of another's damage: %+v", a)
	}
	if _, _, err := w.auditor.Signals(w.ctx, viewer, w.clinic.ID, cordon.Page{}); cordon.CodeOf(err) != cordon.Denied {
		t.Fatalf("signals: %v", err)
	}
	if _, err := w.auditor.Entries(w.ctx, as(w.clinic.ID, cordon.RoleResponder), 0, 10); cordon.CodeOf(err) != cordon.Denied {
		t.Fatalf("the whole ledger: %v", err)
	}
	if _, err := w.auditor.Verify(w.ctx, viewer, nil); cordon.CodeOf(err) != cordon.Denied {
		t.Fatalf("verify: %v", err)
	}
	own, _, err := w.auditor.EntriesOf(w.ctx, as(w.clinic.ID, cordon.RoleResponder), w.clinic.ID, "", cordon.Page{Limit: 500})
	w.must(err)
	for _, e := range own {
		if e.Tenant != w.clinic.ID {
			t.Fatalf("an entry of %q among the clinic's", e.Tenant)
		}
	}
	totals, err := w.auditor.Totals(w.ctx, viewer)
	w.must(err)
	if len(totals) != 1 || totals[w.clinic.ID].Delivered != 20 {
		t.Fatalf("totals %+v", totals)
	}
	all, err := w.auditor.Totals(w.ctx, operator)
	w.must(err)
	if len(all) != 2 {
		t.Fatalf("totals %+v", all)
	}
}

func TestEveryCopyIsListed(t *testing.T) {
	each(t, func(w *world) {
		seen := map[cordon.RecipientID]bool{}
		delivered := 0
		for a, err := range w.auditor.Affected(w.ctx, operator, cordon.Question{Tenant: w.clinic.ID}, false) {
			w.must(err)
			if a.Address != "" || a.Tenant != w.clinic.ID || !strings.HasPrefix(a.ExternalRef, "clinic-") {
				w.Fatalf("copy %+v", a)
			}
			if a.State == cordon.Delivered {
				delivered++
			}
			seen[a.Recipient] = true
		}
		if len(seen) != 30 || delivered != 20 {
			w.Fatalf("%d people, %d delivered", len(seen), delivered)
		}
		for range w.auditor.Affected(w.ctx, operator, cordon.Question{Tenant: w.clinic.ID}, false) {
			break // a reader may stop early
		}
	})
}

func TestOpeningAnAddressIsAnEntry(t *testing.T) {
	w := one(t)
	responder := as(w.clinic.ID, cordon.RoleResponder)
	before := size(w)
	opened := 0
	for a, err := range w.auditor.Affected(w.ctx, responder, cordon.Question{Tenant: w.clinic.ID}, true) {
		w.must(err)
		if !strings.HasSuffix(string(a.Address), "@clinic.example") {
			t.Fatalf("address of %s was not opened", a.Recipient)
		}
		if opened++; size(w) < before+int64(opened) { // before it is handed out, not after
			t.Fatalf("%d addresses, %d entries", opened, size(w)-before)
		}
	}
	if opened != 30 {
		t.Fatalf("%d addresses", opened)
	}
	entries, err := w.store.Entries(w.ctx, before, 100)
	w.must(err)
	for _, e := range entries {
		if e.Kind != cordon.EntryPersonalDataRead || e.Actor != responder.ID() || e.Tenant != w.clinic.ID {
			t.Fatalf("entry %+v", e)
		}
	}
	before = size(w)
	viewer := as(w.clinic.ID, cordon.RoleViewer)
	for a, err := range w.auditor.Affected(w.ctx, viewer, cordon.Question{Tenant: w.clinic.ID}, true) {
		if cordon.CodeOf(err) != cordon.Denied || a.Address != "" {
			t.Fatalf("a viewer was shown %+v, %v", a, err)
		}
	}
	if size(w) != before {
		t.Fatal("a denied reveal opened something")
	}
}
