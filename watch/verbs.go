package watch

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Record keeps a complaint about one copy. Who may record complaints vouches for
// what he calls authenticated.
func (w *Watcher) Record(ctx context.Context, by cordon.Actor, c cordon.Complaint) (cordon.Complaint, error) {
	if !by.Can(cordon.RecordComplaints, c.Tenant) {
		return cordon.Complaint{}, mayNot("record complaints")
	}
	c.ID, c.At = cordon.NewComplaintID(), time.Time{}
	return w.store.RecordComplaint(ctx, by, c)
}

// Complaints lists complaints of a tenant, of one dispatch or ("") of all, the
// newest first.
func (w *Watcher) Complaints(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, of cordon.DispatchID, p cordon.Page) ([]cordon.Complaint, string, error) {
	if !by.Can(cordon.ReadDispatches, tenant) {
		return nil, "", mayNot("read complaints")
	}
	return w.store.Complaints(ctx, tenant, of, p)
}

// Evidence counts what came back.
func (w *Watcher) Evidence(ctx context.Context, by cordon.Actor, of cordon.EvidenceOf) (cordon.Evidence, error) {
	if !by.Can(cordon.ReadDispatches, of.Tenant) {
		return cordon.Evidence{}, mayNot("read what came back")
	}
	return w.store.Evidence(ctx, of)
}

// Series is one subject's evidence over time.
type Series struct {
	Of      cordon.EvidenceOf
	Total   cordon.Evidence
	Buckets []cordon.EvidenceBucket // the oldest first; steps without any are left out
}

// mostSeries bounds what one page draws of each of templates and keys.
const mostSeries = 12

// Latest answers, for the templates and keys of a tenant ("": of all, for who may
// see all) about which most came back, their evidence in steps since then.
func (w *Watcher) Latest(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, since time.Time, step time.Duration) ([]Series, error) {
	if !by.Can(cordon.ReadDispatches, tenant) {
		return nil, mayNot("read what came back")
	}
	subjects, err := w.store.EvidenceSubjects(ctx, tenant, since, mostSeries)
	if err != nil {
		return nil, err
	}
	all := make([]Series, len(subjects))
	for i, of := range subjects {
		of.Since = since
		all[i].Of = of
		if all[i].Total, err = w.store.Evidence(ctx, of); err != nil {
			return nil, err
		}
		if all[i].Buckets, err = w.store.EvidenceSeries(ctx, of, step); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what, Remedy: "ask the operator for the permission"}
}
