package api

import (
	"context"
	"encoding/csv"
	"iter"
	"net/http"
	"slices"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// PacketPath names the packet of a tenant in an incident.
type PacketPath struct {
	IncidentPath
	TenantPath
}

type packetQuery struct {
	PacketPath
	Language cordon.Language `query:"language" enum:"en,de,fr,nl,es" doc:"Language; left out: the tenant's" example:"de"`
}

// tenantPacket is a packet with its letters written out.
type tenantPacket struct {
	notice.Packet
	Letter toldText `json:"letter" doc:"What the tenant is told"`
	Sample toldText `json:"sample" doc:"A letter it may send in its own name"`
}

func (a *API) getPacket(ctx context.Context, x *exchange, in *packetQuery) (*answer[tenantPacket], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	p, err := a.Notices.Packet(ctx, x.actor, id, x.tenant, in.Language)
	return answered(tenantPacket{Packet: p, Letter: toldTextOf(p.Letter), Sample: toldTextOf(p.Sample)}, err)
}

type packetListQuery struct {
	PacketPath
	Reveal bool `query:"reveal" doc:"Open the addresses; needs the permission reveal, and each is itself a ledger entry" example:"false"`
}

// packetCSV streams a tenant's list. The first row is fetched before the status
// goes out; a fault later breaks the answer off.
func (a *API) packetCSV(ctx context.Context, x *exchange, in *packetListQuery) error {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return err
	}
	next, stop := iter.Pull2(a.Notices.List(ctx, x.actor, id, x.tenant, in.Reveal))
	defer stop()
	row, err, more := next()
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", csvType+"; charset=utf-8; header=present")
	x.w.Header().Set("Content-Disposition", `attachment; filename="packet.csv"`)
	x.w.WriteHeader(http.StatusOK)
	out := csv.NewWriter(x.w)
	header := []string{"tenant", "dispatch", "recipient", "external_ref", "state", "at", "told"}
	if in.Reveal {
		header = append(header, "address")
	}
	_ = out.Write(header) // a fault stays in out and is seen by Error
	for ; more; row, err, more = next() {
		if err != nil {
			a.Log.Error("answer broken off", "request", x.id, "error", err)
			panic(http.ErrAbortHandler)
		}
		cells := slices.Insert(affectedRow(row.Affected, in.Reveal), 6, string(row.Told))
		_ = out.Write(cells)
	}
	out.Flush()
	if out.Error() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (a *API) worksheet(ctx context.Context, x *exchange, in *PacketPath) (*answer[notice.Worksheet], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	return answered(a.Notices.Worksheet(ctx, x.actor, id, x.tenant))
}

// regimeDraft is a draft written out.
type regimeDraft struct {
	Regime  string `json:"regime" doc:"Regime's ID" example:"gdpr-33"`
	Missing int    `json:"missing" doc:"Elements that nothing answers yet" example:"1"`
	Text    string `json:"text" doc:"The draft, with what is missing marked" example:"DRAFT, to be checked by counsel …"`
}

func (a *API) drafts(ctx context.Context, x *exchange, in *PacketPath) (*answer[list[regimeDraft]], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	all, err := a.Notices.Drafts(ctx, x.actor, id, x.tenant)
	rows := make([]regimeDraft, len(all))
	for i, d := range all {
		rows[i] = regimeDraft{Regime: d.Clock.Regime.ID, Missing: d.Missing, Text: d.Text()}
	}
	return listed(rows, "", err)
}
