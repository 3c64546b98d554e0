package api

import (
	"context"
	"errors"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

type importQuery struct {
	TenantPath
	SkipBad            bool `query:"skip_bad" doc:"Import the good rows although some are bad; otherwise one bad row imports nothing" example:"false"`
	AllowSharedAddress bool `query:"allow_shared_address" doc:"Take several recipients with one address, as in a family" example:"false"`
}

// The lines of an import's answer: exactly one key each.
type (
	importProgressLine struct {
		Progress catalog.Progress `json:"progress" doc:"How far the import is"`
	}
	faultLine struct {
		Fault cordon.Fault `json:"fault" doc:"A bad row: its line, the field, the reason; never its contents"`
	}
	importLine struct {
		Report importReport `json:"report" doc:"The last line: what was imported"`
	}
	importReport struct {
		OK       bool     `json:"ok" doc:"Whether rows were imported as asked" example:"true"`
		Rows     int      `json:"rows" doc:"Rows with data" example:"5000"`
		Inserted int      `json:"inserted" doc:"New recipients" example:"4998"`
		Updated  int      `json:"updated" doc:"Recipients known by their reference or address, updated" example:"2"`
		Bad      int      `json:"bad" doc:"Rows that are not usable" example:"0"`
		Charset  string   `json:"charset,omitempty" doc:"Encoding the file was read in" example:"utf-8"`
		Columns  []string `json:"columns" nullable:"false" doc:"Columns, as templates name them"`
		Why      string   `json:"why,omitempty" doc:"Why nothing was imported" example:"2 of 5000 rows are wrong; nothing was imported"`
	}
)

// importRecipients streams both ways: rows in, lines out. Nothing of the file
// is kept in memory, so its length does not matter.
func (a *API) importRecipients(ctx context.Context, x *exchange, in *importQuery) error {
	out := a.lines(x)
	fullDuplex(x)
	report, err := a.Catalog.Import(ctx, x.actor, x.tenant, a.body(x), catalog.ImportOptions{
		SkipBad:            in.SkipBad,
		AllowSharedAddress: in.AllowSharedAddress,
		Progress:           func(p catalog.Progress) { out.progress(importProgressLine{p}) },
		Fault:              func(f cordon.Fault) { out.send(faultLine{f}) },
	})
	if err != nil && (report.Bad == 0 || cordon.CodeOf(err) != cordon.Invalid) {
		return a.fail(ctx, out, err)
	}
	last := importReport{
		OK: err == nil, Rows: report.Rows, Inserted: report.Inserted, Updated: report.Updated, Bad: report.Bad,
		Charset: string(report.Charset), Columns: report.Columns,
	}
	if last.Columns == nil {
		last.Columns = []string{}
	}
	var e *cordon.Error
	if errors.As(err, &e) {
		last.Why = e.Message
	}
	out.send(importLine{last})
	return nil
}

type recipientsQuery struct {
	TenantPath
	PageQuery
	Tag string `query:"tag" maxLength:"100" doc:"Only recipients with this tag" example:"recall"`
}

func (a *API) listRecipients(ctx context.Context, x *exchange, in *recipientsQuery) (*answer[list[cordon.Recipient]], error) {
	filter := cordon.Filter{Everyone: in.Tag == ""}
	if in.Tag != "" {
		filter.All = []string{in.Tag}
	}
	return listed(a.Catalog.Recipients(ctx, x.actor, x.tenant, filter, in.page()))
}

type refPath struct {
	TenantPath
	Ref string `path:"ref" maxLength:"200" doc:"The tenant's own reference" example:"P-10234"`
}

func (a *API) recipientByRef(ctx context.Context, x *exchange, in *refPath) (*answer[cordon.Recipient], error) {
	return answered(a.Catalog.RecipientByRef(ctx, x.actor, x.tenant, in.Ref))
}

type RecipientPath struct {
	TenantPath
	Recipient cordon.RecipientID `path:"recipient" maxLength:"64" doc:"Recipient's ID" example:"rcp_0123456789abcdefghjkmnpqrs"`
}

func (a *API) eraseRecipient(ctx context.Context, x *exchange, in *RecipientPath) (*nothing, error) {
	return done(a.Catalog.EraseRecipient(ctx, x.actor, x.tenant, in.Recipient))
}

type revealRequest struct {
	RecipientPath
	Body struct {
		Purpose string `json:"purpose" minLength:"1" maxLength:"200" doc:"Why; it goes into the ledger with your name" example:"the person asked what we hold"`
	} `nameHint:"RevealRequest"`
}

func (a *API) revealRecipient(ctx context.Context, x *exchange, in *revealRequest) (*answer[cordon.Person], error) {
	return answered(a.Catalog.OpenPerson(ctx, x.actor, x.tenant, in.Recipient, in.Body.Purpose))
}

type suppressionRequest struct {
	TenantPath
	Body struct {
		Recipient cordon.RecipientID       `json:"recipient,omitempty" maxLength:"64" doc:"Recipient's ID; or give address" example:"rcp_0123456789abcdefghjkmnpqrs"`
		Address   string                   `json:"address,omitempty" maxLength:"254" doc:"Mail address; or give recipient" example:"person@example.org"`
		Reason    cordon.SuppressionReason `json:"reason,omitempty" enum:"bounce,complaint,unsubscribe,by-hand" default:"by-hand" doc:"Why" example:"by-hand"`
	} `nameHint:"SuppressionRequest"`
}

// one says whether exactly one of the two is given.
func (r *suppressionRequest) one() error {
	if (r.Body.Recipient == "") == (r.Body.Address == "") {
		return cordon.InvalidField("recipient", "or address: exactly one is needed", "name the recipient by ID, or give the address")
	}
	return nil
}

func (a *API) suppress(ctx context.Context, x *exchange, in *suppressionRequest) (*nothing, error) {
	if err := in.one(); err != nil {
		return nil, err
	}
	if in.Body.Recipient != "" {
		return done(a.Catalog.Suppress(ctx, x.actor, x.tenant, in.Body.Recipient, in.Body.Reason))
	}
	return done(a.Catalog.SuppressAddress(ctx, x.actor, x.tenant, in.Body.Address, in.Body.Reason))
}

func (a *API) unsuppress(ctx context.Context, x *exchange, in *suppressionRequest) (*nothing, error) {
	if err := in.one(); err != nil {
		return nil, err
	}
	if in.Body.Recipient != "" {
		return done(a.Catalog.Unsuppress(ctx, x.actor, x.tenant, in.Body.Recipient, in.Body.Reason))
	}
	return done(a.Catalog.UnsuppressAddress(ctx, x.actor, x.tenant, in.Body.Address, in.Body.Reason))
}
