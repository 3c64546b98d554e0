package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// VerifyOnSchedule verifies the whole ledger now, as Cordon itself, writes down
// what it came to, and raises an incident-grade signal when the stored data does
// not give the root: somebody has changed what was written.
func (a *Auditor) VerifyOnSchedule(ctx context.Context) (Report, error) {
	began := a.now()
	system := cordon.System()
	reader := system
	reader.Permissions = []cordon.Permission{cordon.ReadLedger}
	report, err := a.Verify(ctx, reader, nil)
	if err != nil {
		return report, err
	}
	body, err := json.Marshal(map[string]any{"ok": report.OK, "entries": report.Entries, "root": report.Root, "first_bad": report.FirstBad, "took_ms": a.now().Sub(began).Milliseconds()})
	if err != nil {
		return report, fmt.Errorf("verified: %w", err)
	}
	if err := a.store.AppendEntry(ctx, cordon.Entry{Kind: cordon.EntryLedgerVerified, Actor: system.ID(), Body: body}); err != nil {
		return report, fmt.Errorf("verified: %w", err)
	}
	if report.OK {
		return report, nil
	}
	g := cordon.Signal{
		Kind: cordon.SignalLedgerBroken, Grade: cordon.GradeIncident, Actor: system.ID(), Count: 1, At: a.now().UTC().Truncate(time.Microsecond),
		Message: "The stored data does not give the ledger's root: " + report.Why + ".",
	}
	return report, a.store.RecordSignals(ctx, system, []cordon.Signal{g})
}

// due says whether it is time to verify, by what the ledger itself says of the
// last time: of several nodes the next to look does it.
func (a *Auditor) verifyDue(ctx context.Context) (bool, error) {
	if a.every <= 0 {
		return false, nil
	}
	last, err := a.store.LastVerified(ctx)
	if err != nil {
		return false, err
	}
	if last.IsZero() { // not at the very first start: then from its beginning
		last = a.started
	}
	return a.now().Sub(last) >= a.every, nil
}
