package catalog

import (
	"context"
	"fmt"
	"io"

	"github.com/cordonmail/cordon"
)

// MaxArrival is the largest mail that is taken in at a planted address, in bytes.
const MaxArrival = 1 << 20

const arrivalsShown = 100

// IsDecoyAddress says whether the address is planted, or was once. It is an
// oracle, so only who receives mail for the whole installation may ask.
func (c *Catalog) IsDecoyAddress(ctx context.Context, by cordon.Actor, a cordon.Address) (bool, error) {
	if !by.Can(cordon.ReportInbound, "") {
		return false, forbidden(cordon.ReportInbound)
	}
	found, err := c.store.FindDecoys(ctx, a)
	if err != nil {
		return false, fmt.Errorf("find decoy: %w", err)
	}
	return len(found) > 0, nil
}

// MailArrived counts a mail from outside that arrived at a planted address, reads
// it for its size and fingerprint, and keeps nothing of it. It stops nothing:
// anybody who has the address can write to it, and what a tenant sends has no
// part in that. Missing when the address was never planted; Invalid when the mail
// is larger than MaxArrival.
func (c *Catalog) MailArrived(ctx context.Context, by cordon.Actor, to cordon.Address, a cordon.Arrival, mail io.Reader) error {
	if !by.Can(cordon.ReportInbound, "") {
		return forbidden(cordon.ReportInbound)
	}
	found, err := c.store.FindDecoys(ctx, to)
	switch {
	case err != nil:
		return fmt.Errorf("mail arrived: %w", err)
	case len(found) == 0:
		return &cordon.Error{Code: cordon.Missing, Field: "to", Message: "is no planted address of this installation", Remedy: "report only mail at the decoy domain"}
	}
	if mail != nil {
		raw, err := io.ReadAll(io.LimitReader(mail, MaxArrival+1))
		if err != nil {
			return fmt.Errorf("read mail: %w", err)
		}
		if len(raw) > MaxArrival {
			return cordon.InvalidField("mail", "is larger than 1 MiB", "report less of it")
		}
		a.Size = int64(len(raw))
		if c.print != nil {
			a.Print = c.print(raw)
		}
	}
	if a.At.IsZero() {
		a.At = c.now()
	}
	for _, d := range found {
		if _, err := c.store.RecordArrival(ctx, by, d, a, arrivalSignal(d, a)); err != nil {
			return fmt.Errorf("mail arrived: %w", err)
		}
	}
	return nil
}

// arrivalSignal says what was proved. It names the directory, and neither the
// recipient nor the address: which they are is told to nobody.
func arrivalSignal(d cordon.Decoy, a cordon.Arrival) cordon.Signal {
	const day = "2006-01-02"
	text := "Mail from outside arrived at a planted address of this directory, which nobody was ever told: the directory has leaked."
	if a.Probe {
		text = "Somebody outside asked whether a planted address of this directory takes mail, which nobody was ever told: the directory has leaked."
	}
	text += " It was planted " + d.PlantedAt.UTC().Format(day)
	if !d.RetiredAt.IsZero() {
		text += " and retired " + d.RetiredAt.UTC().Format(day) + ": the leak is of a time between"
	}
	if d.Label != "" {
		text += " (" + d.Label + ")"
	}
	return cordon.Signal{Kind: cordon.SignalDecoyMail, Grade: cordon.GradeIncident, Tenant: d.Tenant, Message: text + "."}
}

// DecoyArrivals lists what arrived at planted addresses, the latest first. Only
// an actor of the whole installation is told.
func (c *Catalog) DecoyArrivals(ctx context.Context, by cordon.Actor) ([]cordon.DecoyArrival, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return nil, forbidden(cordon.ManageTenants)
	}
	return c.store.DecoyArrivals(ctx, arrivalsShown)
}

// touched looks whether an ID named outside an order is a decoy's. If so, it was
// stolen: the credential that named it is stopped, and the answer to it stays
// the one for everybody else, so that it learns nothing. The operator has drills
// to run and only leaves a signal.
func (c *Catalog) touched(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID) error {
	found, err := c.store.FindRecipients(ctx, tenant, []cordon.RecipientID{id})
	if err != nil {
		return err
	}
	if !found[id].Decoy {
		return nil
	}
	const why = "A planted recipient was opened: these IDs were not come by honestly."
	system := cordon.System()
	at := c.now()
	v := cordon.Verdict{Signals: []cordon.Signal{{
		Kind: cordon.SignalDecoy, Grade: cordon.GradeIncident, Tenant: tenant, Actor: by.ID(), Account: by.Account, Key: by.Key,
		Count: 1, Message: why, At: at,
	}}}
	scope := cordon.Scope{Key: by.Key}
	if by.Key == "" {
		scope = cordon.Scope{Account: by.Account}
	} else {
		v.SuspendKey = why
	}
	if !scope.Zero() {
		v.Stops = []cordon.Stop{{ID: cordon.NewStopID(), Scope: scope, Reason: why, PlacedBy: system.ID(), PlacedAt: at}}
	}
	return c.store.TouchDecoy(ctx, by, v)
}
