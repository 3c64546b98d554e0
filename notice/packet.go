package notice

import (
	"context"
	"iter"

	"github.com/cordonmail/cordon"
)

// Packet is everything a tenant is told about one incident, its list apart.
type Packet struct {
	Incident  cordon.Incident      `json:"incident"`
	Telling   cordon.Telling       `json:"telling"`
	Counts    cordon.TellingCounts `json:"counts"` // as they are now
	Clocks    []cordon.Clock       `json:"clocks"`
	Languages []cordon.Language    `json:"languages"`
	Page      string               `json:"page,omitempty"` // for patients
	Practice  string               `json:"practice_page,omitempty"`

	Letter Document `json:"-"` // what the tenant is told
	Sample Document `json:"-"` // what it may send
}

// Packet answers a tenant's packet: to its own people and to those of the whole
// installation, once a notice is approved.
func (m *Messenger) Packet(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, l cordon.Language) (Packet, error) {
	n, err := m.packetFor(ctx, by, id, tenant)
	if err != nil {
		return Packet{}, err
	}
	p := Packet{Telling: n}
	if p.Incident, err = m.store.Incident(ctx, id); err != nil {
		return p, err
	}
	f, err := m.store.ApprovedNotice(ctx, id)
	if err != nil {
		return p, err
	}
	x, err := m.about(ctx, p.Incident, f)
	if err == nil {
		x, err = m.share(ctx, x, tenant)
	}
	if err != nil {
		return p, err
	}
	if l == "" {
		settings, err := m.store.NoticeSettings(ctx, tenant)
		if err != nil {
			return p, err
		}
		l = settings.Language
	}
	p.Counts, p.Languages, p.Page, p.Practice = x.tenant.counts, f.Offers(), m.PageURL(p.Incident, l), m.practiceURL(p.Incident, l)
	if p.Clocks, err = m.clocksOf(ctx, id, tenant); err != nil {
		return p, err
	}
	if p.Letter, err = m.render(TenantLetter, l, x); err != nil {
		return p, err
	}
	p.Sample, err = m.render(SampleLetter, l, x)
	return p, err
}

// packetFor finds what the tenant is owed, for who may see it. A tenant that is
// not affected has none.
func (m *Messenger) packetFor(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Telling, error) {
	if !by.Can(cordon.ReadIncidents, tenant) {
		return cordon.Telling{}, mayNot("see this packet")
	}
	return m.store.Telling(ctx, tenant, id)
}

// List gives a tenant's exact list, copy by copy, in bounded memory; the ledger
// says first who took it. With reveal each address is opened, and the ledger keeps
// each reading.
func (m *Messenger) List(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, reveal bool) iter.Seq2[cordon.PacketRow, error] {
	return func(yield func(cordon.PacketRow, error) bool) {
		_, err := m.packetFor(ctx, by, id, tenant)
		if err == nil && reveal && !by.Can(cordon.Reveal, tenant) {
			err = mayNot("open addresses")
		}
		if err == nil {
			err = m.store.PacketTaken(ctx, by, tenant, id, reveal)
		}
		for after := ""; err == nil; {
			var rows []cordon.PacketRow
			var next string
			if rows, next, err = m.store.PacketRows(ctx, tenant, id, after, listChunk); err != nil {
				break
			}
			for _, row := range rows {
				if reveal {
					if row.Address, err = m.reveal(ctx, by, row); err != nil {
						yield(cordon.PacketRow{}, err)
						return
					}
				}
				if !yield(row, nil) {
					return
				}
			}
			if after = next; next == "" {
				return
			}
		}
		yield(cordon.PacketRow{}, err)
	}
}

// listChunk is how many lines of a list are read at once.
const listChunk = 5000

func (m *Messenger) reveal(ctx context.Context, by cordon.Actor, row cordon.PacketRow) (cordon.Address, error) {
	person, err := m.store.OpenPerson(ctx, by, row.Tenant, row.Recipient, "packet of an incident")
	if cordon.CodeOf(err) == cordon.Missing {
		return "", nil // erased since
	}
	return person.Address, err
}
