package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/mailsink"
)

// book is what the store says was accepted and became of it, by person.
type book struct {
	dispatches []cordon.Dispatch
	copies     int
	unsure     int                    // copies recorded as uncertain, each time
	accepted   map[string]int         // copies for an address
	delivered  map[string]int         // of them
	maybe      map[string]int         // times a copy for an address was uncertain
	lines      map[string][][2]string // dispatch → its copies in order: address, state
}

// readBook reads every copy and every entry, and verifies the ledger.
func readBook(t testing.TB, house *app.House) book {
	t.Helper()
	ctx, operator := t.Context(), house.Registry.Operator()
	b := book{accepted: map[string]int{}, delivered: map[string]int{}, maybe: map[string]int{}, lines: map[string][][2]string{}}
	report, err := house.Auditor.Verify(ctx, operator, nil)
	if err != nil || !report.OK {
		t.Errorf("the ledger does not verify: %+v %v", report, err)
	}
	if b.dispatches, _, err = house.Store.Dispatches(ctx, "", cordon.Page{Limit: 500}); err != nil {
		t.Fatal(err)
	}
	tenant, err := house.Store.Tenant(ctx, b.dispatches[0].Tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range b.dispatches {
		for row, err := range house.Auditor.Affected(ctx, operator, cordon.Question{Dispatch: d.ID}, false) {
			if err != nil {
				t.Fatal(err)
			}
			b.line(d, row, tenant.Handle)
		}
		if got := len(b.lines[string(d.ID)]); got != d.Recipients || d.Counts.Total() != int64(got) {
			t.Errorf("dispatch of %d recipients has %d copies, counted %+v", d.Recipients, got, d.Counts)
		}
	}
	for from := int64(0); ; from += 1000 {
		entries, err := house.Store.Entries(ctx, from, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b.entry(t, e)
		}
		if len(entries) < 1000 {
			return b
		}
	}
}

// line takes in one copy; drill.WritePatients makes the address of the reference.
func (b *book) line(d cordon.Dispatch, row cordon.Affected, handle string) {
	address := fmt.Sprintf("patient%s@%s.patients.example", strings.TrimPrefix(row.ExternalRef, "P-"), handle)
	b.lines[string(d.ID)] = append(b.lines[string(d.ID)], [2]string{address, string(row.State)})
	b.copies++
	b.accepted[address]++
	if row.State == cordon.Delivered {
		b.delivered[address]++
	}
}

// entry counts what a ledger entry says became uncertain.
func (b *book) entry(t testing.TB, e cordon.Entry) {
	t.Helper()
	if e.Kind != cordon.EntryAttempts {
		return
	}
	var body struct {
		Outcome cordon.DeliveryState `json:"outcome"`
		Seqs    string               `json:"seqs"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		t.Fatal(err)
	}
	if body.Outcome != cordon.Uncertain {
		return
	}
	for span := range strings.SplitSeq(body.Seqs, ",") {
		first, last, many := strings.Cut(span, "-")
		from, err := strconv.Atoi(first)
		to := from
		if many && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil {
			t.Fatalf("spans %q: %v", body.Seqs, err)
		}
		for seq := from; seq <= to; seq++ {
			b.maybe[b.lines[e.Subject][seq-1][0]]++
			b.unsure++
		}
	}
}

// compare holds the book against what arrived, and answers how many arrived twice.
func (b *book) compare(t testing.TB, sink *mailsink.Sink) (doubles int) {
	t.Helper()
	copies, _ := sink.Copies(0)
	arrived := map[string]map[string]int{} // address → Message-ID → times
	for _, c := range copies {
		if arrived[c.To] == nil {
			arrived[c.To] = map[string]int{}
		}
		arrived[c.To][c.MessageID]++
	}
	var wrong []string
	for address, want := range b.accepted {
		ids, twice := arrived[address], 0
		for _, times := range ids {
			twice += times - 1
		}
		doubles += twice
		if len(ids) != want || b.delivered[address] != want {
			wrong = append(wrong, fmt.Sprintf("%s: %d copies accepted, %d arrived, %d recorded as delivered", address, want, len(ids), b.delivered[address]))
		}
		if twice > b.maybe[address] {
			wrong = append(wrong, fmt.Sprintf("%s: %d arrived once more, %d were uncertain", address, twice, b.maybe[address]))
		}
		delete(arrived, address)
	}
	if len(wrong) > 0 {
		t.Errorf("%d people got what is not recorded, or not what is; the first:\n%s", len(wrong), strings.Join(wrong[:min(5, len(wrong))], "\n"))
	}
	if len(arrived) > 0 {
		t.Errorf("mail arrived for %d who were sent none", len(arrived))
	}
	return doubles
}
