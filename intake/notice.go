package intake

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

// noticesAnIncident bounds how often the people of one tenant are written to in
// one incident: the first letter, and corrections.
const noticesAnIncident = 5

// AcceptNotice takes the order to tell the people of one tenant who got a bad
// letter in an incident (ADR 18). Whom it reaches is computed in the transaction
// that accepts. It takes the reserved lane, so it leaves while the tenant is
// stopped, and none of the limits of ordinary mail count it; instead it must be an
// approved letter by the notice identity, without values of the order, that links
// to the status page at most. A repeated call with one idempotency key answers
// with the first dispatch.
func (d *Desk) AcceptNotice(ctx context.Context, actor cordon.Actor, o cordon.NoticeOrder) (cordon.Dispatch, error) {
	if !actor.Can(cordon.ManageNotices, o.Tenant) {
		return cordon.Dispatch{}, mayNot("send notices")
	}
	if actor.Key != "" {
		return cordon.Dispatch{}, &cordon.Error{Code: cordon.Denied, Message: "a key may not send notices", Remedy: "they are a person's to send: sign in, or use the data folder"}
	}
	if err := o.Validate(); err != nil {
		return cordon.Dispatch{}, err
	}
	digest, call := noticeDigest(o), cordon.Order{Tenant: o.Tenant, IdempotencyKey: o.IdempotencyKey}
	first, ok, err := d.replay(ctx, actor, call, digest)
	if ok || err != nil {
		return first.Dispatch, err
	}
	incident, err := d.noticeIncident(ctx, o)
	if err != nil {
		return cordon.Dispatch{}, err
	}
	version, err := d.noticeLetter(ctx, o)
	if err != nil {
		return cordon.Dispatch{}, err
	}
	limits, err := d.store.Limits(ctx, o.Tenant)
	if err != nil {
		return cordon.Dispatch{}, unavailable("read limits", err)
	}
	now := d.now().UTC().Truncate(time.Microsecond)
	dispatch, err := d.store.CreateDispatch(ctx, actor, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: o.Tenant, Kind: cordon.Notice,
			Template: version.Template, Version: version.Number, Hash: version.Hash,
			// Whom it is for stands where an audience does, and the door's mark covers it.
			Audience: cordon.AudienceID(o.Incident), Actor: actor.ID(), Account: actor.Account,
			State: cordon.DispatchOpen, AcceptedAt: now, NotBefore: now.Add(limits.UndoSingle), Exercise: incident.Exercise,
		},
		Affected: o.Incident, Mark: d.mark, Verdict: cordon.Verdict{Decision: cordon.Pass},
		IdempotencyKey: o.IdempotencyKey, OrderDigest: digest,
	})
	if cordon.CodeOf(err) == cordon.Conflict {
		first, err = d.raced(ctx, actor, call, digest, err)
		return first.Dispatch, err
	}
	return dispatch, err
}

func noticeDigest(o cordon.NoticeOrder) []byte {
	raw, _ := json.Marshal([]any{"notice", o.Tenant, o.Incident, o.Template, o.Version})
	sum := sha256.Sum256(raw)
	return sum[:]
}

// noticeIncident is the incident, while there is something to tell in it.
func (d *Desk) noticeIncident(ctx context.Context, o cordon.NoticeOrder) (cordon.Incident, error) {
	incident, err := d.store.Incident(ctx, o.Incident)
	if err != nil {
		return incident, err
	}
	switch incident.State {
	case cordon.IncidentDeclined, cordon.IncidentMerged, cordon.IncidentClosed:
		return incident, &cordon.Error{Code: cordon.Conflict, Field: "incident", Message: "is " + string(incident.State), Remedy: "write in the incident that is open"}
	}
	sent, err := d.store.NoticesSent(ctx, o.Tenant, o.Incident)
	switch {
	case err != nil:
		return incident, unavailable("count notices", err)
	case sent >= noticesAnIncident:
		return incident, &cordon.Error{Code: cordon.Limited, Field: "incident", Message: "has written to these people " + strconv.Itoa(sent) + " times", Remedy: "put what is new on the notice's page: they have its address"}
	}
	return incident, nil
}

// noticeLetter is the letter, when it is what a notice may be.
func (d *Desk) noticeLetter(ctx context.Context, o cordon.NoticeOrder) (cordon.Version, error) {
	version, err := d.store.Version(ctx, o.Tenant, o.Template, o.Version)
	if err != nil {
		return version, err
	}
	identity, err := d.store.NoticeIdentityOf(ctx, o.Incident)
	if err != nil {
		return version, err
	}
	content := version.Content
	ofOrder := func(f cordon.Field) bool { return f.Source != cordon.FromRecipient }
	elsewhere := func(host string) bool { return d.statusHost == "" || host != d.statusHost }
	switch {
	case !version.Approved():
		return version, &cordon.Error{Code: cordon.Denied, Field: "version", Message: "is not approved by a second person", Remedy: "have somebody else approve it, or the person on call what the house drafted"}
	case content.FromAddress != identity.Address || content.ReplyTo != "" && content.ReplyTo != identity.Address:
		return version, cordon.InvalidField("version", "is not written by whom notices are sent", "write it as cordon notice identity show says")
	case slices.ContainsFunc(content.Fields, ofOrder):
		return version, cordon.InvalidField("version", "has fields that an order must fill", "use the recipient's own fields alone")
	case slices.ContainsFunc(content.LinkHosts, elsewhere):
		return version, cordon.InvalidField("version", "links elsewhere than to the status page", "a notice carries no other link")
	}
	return version, nil
}
