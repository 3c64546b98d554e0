package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

const mailType = "message/rfc822"

// coverage says how well a tenant's people are guarded by decoys, and what was
// touched. Which recipients are decoys is told to nobody.
type coverage struct {
	Tenant       cordon.TenantID `json:"tenant" doc:"Tenant's ID" example:"ten_0123456789abcdefghjkmnpqrs"`
	Handle       string          `json:"handle" doc:"Tenant's short name" example:"northside"`
	Name         string          `json:"name" doc:"Tenant's name" example:"Northside Physiotherapy"`
	Exercise     bool            `json:"exercise" doc:"Whether the tenant was made for exercises" example:"false"`
	Recipients   int             `json:"recipients" doc:"Active recipients, decoys left out" example:"5000"`
	Decoys       int             `json:"decoys" doc:"Decoys that stand" example:"25"`
	Wanted       int             `json:"wanted" doc:"Decoys the tenant's limits ask for" example:"25"`
	Mailboxes    int             `json:"mailboxes" doc:"Decoys whose address receives: mail from outside at one proves a leak" example:"25"`
	Retired      int             `json:"retired" doc:"Decoys that were replaced; they stay traps" example:"6"`
	Oldest       time.Time       `json:"oldest,omitzero" doc:"When the oldest that stands was planted" example:"2026-11-02T09:00:00Z"`
	LastRotation time.Time       `json:"last_rotation,omitzero" doc:"When some were last replaced" example:"2027-02-01T09:00:00Z"`
	Touches      int64           `json:"touches" doc:"Decoys named by orders, at the exit or to be opened, in the days" example:"0"`
	Arrivals     int64           `json:"arrivals" doc:"Mail from outside at planted addresses in the days" example:"0"`
	Days         []coverageDay   `json:"days" nullable:"false" doc:"The last 30 days (UTC), the oldest first"`
}

type coverageDay struct {
	Day      string `json:"day" format:"date" doc:"The day, UTC" example:"2026-11-22"`
	Touches  int64  `json:"touches" doc:"Decoys named" example:"0"`
	Arrivals int64  `json:"arrivals" doc:"Mail from outside" example:"0"`
}

func coverageOf(c cordon.DecoyCoverage) coverage {
	out := coverage{
		Tenant: c.Tenant, Handle: c.Handle, Name: c.Name, Exercise: c.Exercise,
		Recipients: c.People, Decoys: c.Standing, Wanted: c.Wanted, Mailboxes: c.Mailboxes, Retired: c.Retired,
		Oldest: c.Oldest, LastRotation: c.LastRotation, Touches: c.Touches, Arrivals: c.Arrivals, Days: make([]coverageDay, len(c.Days)),
	}
	for i, d := range c.Days {
		out.Days[i] = coverageDay{Day: d.Day.UTC().Format(time.DateOnly), Touches: d.Touches, Arrivals: d.Arrivals}
	}
	return out
}

func (a *API) listDecoys(ctx context.Context, x *exchange, in *PageQuery) (*answer[list[coverage]], error) {
	all, next, err := a.Catalog.DecoyCoverage(ctx, x.actor, in.page())
	items := make([]coverage, len(all))
	for i, c := range all {
		items[i] = coverageOf(c)
	}
	return listed(items, next, err)
}

func (a *API) listDecoyArrivals(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.DecoyArrival]], error) {
	arrivals, err := a.Catalog.DecoyArrivals(ctx, x.actor)
	return listed(arrivals, "", err)
}

func (a *API) countDecoys(ctx context.Context, x *exchange, _ *TenantPath) (*answer[coverage], error) {
	return answered(a.coverage(ctx, x))
}

type plantRequest struct {
	TenantPath
	Label string `query:"label" maxLength:"200" doc:"The occasion, or what they are planted into: told when mail arrives at one; never personal data" example:"autumn export"`
}

func (a *API) plantDecoys(ctx context.Context, x *exchange, in *plantRequest) (*answer[coverage], error) {
	if _, err := a.Catalog.PlantDecoysFor(ctx, x.actor, x.tenant, in.Label); err != nil {
		return nil, err
	}
	return answered(a.coverage(ctx, x))
}

func (a *API) rotateDecoys(ctx context.Context, x *exchange, _ *TenantPath) (*answer[coverage], error) {
	if _, err := a.Catalog.RotateDecoys(ctx, x.actor, x.tenant); err != nil {
		return nil, err
	}
	return answered(a.coverage(ctx, x))
}

func (a *API) coverage(ctx context.Context, x *exchange) (coverage, error) {
	c, err := a.Catalog.TenantDecoys(ctx, x.actor, x.tenant)
	return coverageOf(c), err
}

// inboundRequest is the envelope. It comes in headers: an address has no place in
// a URL, which servers and proxies write down.
type inboundRequest struct {
	To     string `header:"Cordon-Envelope-To" maxLength:"320" doc:"The envelope's recipient; never repeated in an answer or a log" example:"alex.example.0123456789abcdef@post.example"`
	From   string `header:"Cordon-Envelope-From" maxLength:"320" doc:"The envelope's sender: only its domain is kept" example:"offers@shop.example"`
	Client string `header:"Cordon-Client-Address" maxLength:"64" doc:"IP address the mail came from: only its /24 or /48 is kept" example:"192.0.2.7"`
}

// reportInbound takes a mail that another server received for a planted address.
func (a *API) reportInbound(ctx context.Context, x *exchange, in *inboundRequest) (*nothing, error) {
	if !x.actor.Can(cordon.ReportInbound, "") {
		return nil, &cordon.Error{Code: cordon.Denied, Message: "a key of one tenant may not report mail for the installation", Remedy: "use a key of the whole installation"}
	}
	to, err := cordon.ParseAddress(in.To)
	if err != nil {
		return nil, cordon.InvalidField("Cordon-Envelope-To", "is missing or is no address", "give the envelope's recipient")
	}
	arrival := cordon.Arrival{At: a.Now()}
	if from, err := cordon.ParseAddress(in.From); err == nil {
		arrival.Sender = from.Domain()
	}
	if client, err := netip.ParseAddr(in.Client); err == nil {
		arrival.Network = cordon.ClientNetwork(client)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, catalog.MaxArrival))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge("is larger than 1 MiB", "report less of it: the first lines will do", x.id)
	case err != nil:
		return nil, malformed("broke off", "send it again", x.id)
	}
	return done(a.Catalog.MailArrived(ctx, x.actor, to, arrival, bytes.NewReader(raw)))
}
