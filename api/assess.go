package api

import (
	"context"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
)

// Question is cordon.Question as it is asked for.
type Question struct {
	Tenant   string            `query:"tenant" maxLength:"64" doc:"Tenant, by ID or handle" example:"northside"`
	Template string            `query:"template" maxLength:"64" doc:"Template, by ID, or by handle together with tenant" example:"recall"`
	Dispatch cordon.DispatchID `query:"dispatch" maxLength:"64" doc:"One dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Account  cordon.AccountID  `query:"account" maxLength:"64" doc:"Everything this account and its keys sent" example:"acc_0123456789abcdefghjkmnpqrs"`
	Key      cordon.KeyID      `query:"key" maxLength:"64" doc:"Everything this key sent" example:"key_0123456789abcdefghjkmnpqrs"`
	From     time.Time         `query:"from" doc:"Only copies that changed at or after this time" example:"2026-11-22T00:00:00Z"`
	Until    time.Time         `query:"until" doc:"Only copies that changed before this time" example:"2026-11-23T00:00:00Z"`
}

func (a *API) questionOf(ctx context.Context, x *exchange, q Question) (cordon.Question, error) {
	out := cordon.Question{Dispatch: q.Dispatch, Account: q.Account, Key: q.Key, From: q.From, Until: q.Until}
	var err error
	if q.Tenant != "" {
		if out.Tenant, err = a.tenantOf(ctx, x.actor, q.Tenant); err != nil {
			return out, err
		}
	}
	in := out.Tenant
	if in == "" {
		in = x.actor.Tenant
	}
	if out.Template, err = a.templateOf(ctx, in, q.Template); err != nil {
		return out, err
	}
	if out.Zero() {
		return out, cordon.InvalidField("scope", "is missing", "give at least one of dispatch, key, account, template, tenant, from, until")
	}
	return out, nil
}

// damage is cordon.Assessment with its two times always there: null says that
// no copy left.
type damage struct {
	Scope             cordon.Question           `json:"scope" doc:"What was asked, with IDs for handles"`
	Dispatches        int64                     `json:"dispatches" doc:"Dispatches concerned" example:"1"`
	Delivered         int64                     `json:"delivered" doc:"Copies the relay took" example:"1240"`
	InFlight          int64                     `json:"in_flight" doc:"Copies on their way to the relay now" example:"0"`
	Held              int64                     `json:"held" doc:"Copies kept back" example:"3633"`
	Refused           int64                     `json:"refused" doc:"Copies the exit refused" example:"0"`
	Unknown           int64                     `json:"unknown" doc:"Copies whose fate is not known: perhaps delivered" example:"0"`
	Queued            int64                     `json:"queued" doc:"Copies that wait and may still leave" example:"0"`
	Deferred          int64                     `json:"deferred" doc:"Copies that wait for another try" example:"0"`
	Bounced           int64                     `json:"bounced" doc:"Copies the far side refused for good" example:"3"`
	Cut               int64                     `json:"cut" doc:"Copies a person discarded" example:"0"`
	OrdersRefused     int64                     `json:"orders_refused" doc:"Orders turned away at the door" example:"0"`
	FirstAt           *time.Time                `json:"first_at" doc:"When the first copy left; null when none did" example:"2026-11-22T04:58:00Z"`
	LastAt            *time.Time                `json:"last_at" doc:"When the last copy left; null when none did" example:"2026-11-22T04:59:10Z"`
	Tenants           []cordon.TenantAssessment `json:"tenants" nullable:"false" doc:"Each tenant's share"`
	PersonalDataReads int64                     `json:"personal_data_reads" doc:"How often personal data was opened by whom the question names" example:"0"`
	LedgerSize        int64                     `json:"ledger_size" doc:"Entries in the ledger these figures stand on" example:"1834"`
	Root              string                    `json:"root" doc:"Root hash of the ledger at that size" example:"y3T0a9c9mD1bQ6o1m0Z0p3nq5G2b0l8r2s4t6u8v0w0="`
	AsOf              time.Time                 `json:"as_of" doc:"When this was computed" example:"2026-11-22T05:00:00Z"`
}

func damageOf(v cordon.Assessment) damage {
	d := damage{
		Scope: v.Scope, Dispatches: v.Dispatches, Delivered: v.Delivered, InFlight: v.InFlight, Held: v.Held,
		Refused: v.Refused, Unknown: v.Unknown, Queued: v.Queued, Deferred: v.Deferred, Bounced: v.Bounced, Cut: v.Cut,
		OrdersRefused: v.OrdersRefused, FirstAt: orNull(v.FirstAt), LastAt: orNull(v.LastAt), Tenants: v.Tenants,
		PersonalDataReads: v.PersonalDataReads, LedgerSize: v.LedgerSize, Root: v.Root, AsOf: v.AsOf,
	}
	if d.Tenants == nil {
		d.Tenants = []cordon.TenantAssessment{}
	}
	return d
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *API) assess(ctx context.Context, x *exchange, in *Question) (*answer[damage], error) {
	q, err := a.questionOf(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	v, err := a.Auditor.Assess(ctx, x.actor, q)
	return answered(damageOf(v), err)
}

type affectedQuery struct {
	Question
	Reveal bool `query:"reveal" doc:"Open the addresses; needs the permission reveal, and is itself a ledger entry" example:"false"`
}

// assessCSV streams one row a copy.
func (a *API) assessCSV(ctx context.Context, x *exchange, in *affectedQuery) error {
	q, err := a.questionOf(ctx, x, in.Question)
	if err != nil {
		return err
	}
	if in.Reveal && !(need{cordon.Reveal}).metBy(x.actor, x.actor.Tenant) {
		return a.denied(need{cordon.Reveal}, x)
	}
	file := a.csvFile(x, "affected.csv", affectedHeader(in.Reveal)...)
	for row, err := range a.Auditor.Affected(ctx, x.actor, q, in.Reveal) {
		if err == nil {
			err = file.row(affectedRow(row, in.Reveal))
		}
		if err != nil {
			return file.end(err)
		}
	}
	return file.end(nil)
}

func affectedHeader(reveal bool) []string {
	header := []string{"tenant", "dispatch", "recipient", "external_ref", "state", "at"}
	if reveal {
		header = append(header, "address")
	}
	return header
}

func affectedRow(v cordon.Affected, reveal bool) []string {
	at := ""
	if !v.At.IsZero() {
		at = v.At.UTC().Format(time.RFC3339Nano)
	}
	row := []string{string(v.Tenant), string(v.Dispatch), string(v.Recipient), cell(v.ExternalRef), string(v.State), at}
	if reveal {
		row = append(row, cell(string(v.Address)))
	}
	return row
}

// cell keeps a tenant's text from being run as a formula when the list is
// opened in a spreadsheet: an apostrophe goes before what would start one.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

type entriesQuery struct {
	From  int64 `query:"from" minimum:"0" doc:"Number of the first entry wanted" example:"0"`
	Limit int   `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Entries to answer with, at most" example:"50"`
}

func (a *API) listEntries(ctx context.Context, x *exchange, in *entriesQuery) (*answer[list[cordon.Entry]], error) {
	entries, err := a.Auditor.Entries(ctx, x.actor, in.From, in.Limit)
	return listed(entries, "", err)
}

type tenantEntries struct {
	TenantPath
	PageQuery
	Subject string `query:"subject" maxLength:"64" doc:"Only entries about this ID" example:"dsp_0123456789abcdefghjkmnpqrs"`
}

func (a *API) listTenantEntries(ctx context.Context, x *exchange, in *tenantEntries) (*answer[list[cordon.Entry]], error) {
	return listed(a.Auditor.EntriesOf(ctx, x.actor, x.tenant, in.Subject, in.page()))
}

// head is the ledger's size and root, signed.
type head struct {
	cordon.Checkpoint
	Verifier  string            `json:"verifier" doc:"Key that checks the note (golang.org/x/mod/sumdb/note)" example:"cordon.local/ledger+5f1c…"`
	Witnesses ledger.Witnessing `json:"witnesses" doc:"What others have countersigned"`
}

func (a *API) ledgerHead(ctx context.Context, _ *exchange, _ *struct{}) (*answer[head], error) {
	c, err := a.Auditor.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := a.Auditor.Witnesses(ctx)
	return answered(head{c, a.Auditor.VerifierKey(), seen}, err)
}

// The lines of a verification's answer.
type (
	verifyProgressLine struct {
		Progress verifyProgress `json:"progress" doc:"How far the verification is"`
	}
	verifyProgress struct {
		Done  int64 `json:"done" doc:"Entries hashed again" example:"1000"`
		Total int64 `json:"total" doc:"Entries in all" example:"1834"`
	}
	verifyLine struct {
		Report verdict `json:"report" doc:"The last line: whether the ledger is what it was"`
	}
	verdict struct {
		OK       bool   `json:"ok" doc:"Whether every stored entry still hashes to the signed root" example:"true"`
		Entries  int64  `json:"entries" doc:"Entries checked" example:"1834"`
		Root     string `json:"root" doc:"Root hash, base64" example:"y3T0a9c9mD1bQ6o1m0Z0p3nq5G2b0l8r2s4t6u8v0w0="`
		FirstBad *int64 `json:"first_bad" doc:"Number of the first entry that does not; null when all do" example:"17"`
		Why      string `json:"why,omitempty" doc:"What is wrong with it" example:"the entry was changed after it was written"`
	}
)

func (a *API) verifyLedger(ctx context.Context, x *exchange, _ *struct{}) error {
	out := a.lines(x)
	report, err := a.Auditor.Verify(ctx, x.actor, func(done, total int64) {
		out.progress(verifyProgressLine{verifyProgress{done, total}})
	})
	if err != nil {
		return a.fail(ctx, out, err)
	}
	v := verdict{OK: report.OK, Entries: report.Entries, Root: report.Root, Why: report.Why}
	if report.FirstBad >= 0 {
		v.FirstBad = &report.FirstBad
	}
	out.send(verifyLine{v})
	return nil
}

func (a *API) listSignals(ctx context.Context, x *exchange, in *ofTenantQuery) (*answer[list[cordon.Signal]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	return listed(a.Auditor.Signals(ctx, x.actor, tenant, in.page()))
}

// total is where a tenant's copies stand.
type total struct {
	Tenant cordon.TenantID `json:"tenant" doc:"The tenant" example:"ten_0123456789abcdefghjkmnpqrs"`
	cordon.Counts
}

func (a *API) totals(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[total]], error) {
	counts, err := a.Auditor.Totals(ctx, x.actor)
	var rows []total
	for id, c := range counts {
		rows = append(rows, total{id, c})
	}
	sortTotals(rows)
	return listed(rows, "", err)
}
