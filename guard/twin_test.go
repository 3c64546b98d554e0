package guard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// The same words from three organisations within minutes are held from the third
// on; not when the installation has approved them, and not when a tenant has been
// sending them for long.
func TestTheSameWordsUnderThreeNames(t *testing.T) {
	d := newDesk(t)
	note := "we are moving our records to another service this week, so please ring the line for records between nine and five"
	letters := make([]cordon.Version, 3)
	for i := range letters {
		tenant := d.tenant
		if i > 0 {
			tenant = cordon.NewTenantID()
			d.must(d.store.CreateTenant(t.Context(), operator, cordon.Tenant{ID: tenant, Handle: fmt.Sprint("t", i), Name: "T", State: cordon.TenantActive, CreatedAt: start}))
		}
		letters[i] = noteVersion(tenant, fmt.Sprintf("house number %d", i))
	}
	ask := func(i int, at time.Time) cordon.Verdict {
		d.clock = at
		order := cordon.Order{Tenant: letters[i].Tenant, Kind: cordon.Single, Template: letters[i].Template, Version: 1, Recipients: []cordon.RecipientID{d.people[0]}}
		order.Rows = func(yield func(cordon.Row, error) bool) {
			yield(cordon.Row{Recipient: d.people[0], Values: map[string]string{"note": note}}, nil)
		}
		return d.guard.Twins(t.Context(), cordon.Tenant{ID: letters[i].Tenant}, order, letters[i])
	}
	send := func(i int, at time.Time) cordon.Decision {
		v := ask(i, at)
		for _, print := range v.Sightings {
			d.must(d.store.RecordSighting(t.Context(), letters[i].Tenant, letters[i].Template, "", uint64(print), at))
		}
		return v.Decision
	}
	for i := range letters {
		if got, want := send(i, start.Add(time.Duration(i)*time.Minute)), i == 2; (got == cordon.Hold) != want {
			t.Fatalf("organisation %d: %v", i+1, got)
		}
	}
	// A day and more later each of them has been using the words: nothing new.
	for i := range letters {
		if got := send(i, start.Add(25*time.Hour).Add(time.Duration(i)*time.Minute)); got != cordon.Pass {
			t.Errorf("organisation %d, a day later: %v", i+1, got)
		}
	}
	// Words of nobody's yet, but approved as shared.
	note = "our rooms in the old town hall open on monday, and whoever has a visit in that week is asked to come to the side door"
	d.must(d.store.ApproveSharedText(t.Context(), operator, cordon.SharedText{Fingerprint: ask(0, d.clock).Sightings[0]}))
	for i := range letters {
		if got := send(i, start.Add(50*time.Hour)); got != cordon.Pass {
			t.Errorf("organisation %d, shared text: %v", i+1, got)
		}
	}
}

func noteVersion(tenant cordon.TenantID, line string) cordon.Version {
	content := cordon.Content{
		FromName: "T", FromAddress: "desk@t.example", Subject: "A note", Text: "Dear {{name}}, {{note}} " + line + ". " + line + " is where we are, and we look forward to seeing you there.",
		Fields: []cordon.Field{{Name: "name", Type: cordon.FieldText, Source: cordon.FromRecipient}, {Name: "note", Type: cordon.FieldText, Source: cordon.FromOrder}},
	}
	return cordon.Version{Tenant: tenant, Template: cordon.NewTemplateID(), Number: 1, Content: content, Hash: content.Hash(), State: cordon.VersionApproved}
}
