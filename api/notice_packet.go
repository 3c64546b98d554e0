package api

import (
	"context"
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

// packetCSV streams a tenant's list: who got it, and what was told to them.
func (a *API) packetCSV(ctx context.Context, x *exchange, in *packetListQuery) error {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return err
	}
	const told = 6 // its column
	file := a.csvFile(x, "packet.csv", slices.Insert(affectedHeader(in.Reveal), told, "told")...)
	for row, err := range a.Notices.List(ctx, x.actor, id, x.tenant, in.Reveal) {
		if err == nil {
			err = file.row(slices.Insert(affectedRow(row.Affected, in.Reveal), told, string(row.Told)))
		}
		if err != nil {
			return file.end(err)
		}
	}
	return file.end(nil)
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
