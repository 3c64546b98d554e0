package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// The exit judges every claimed copy anew, by code that shares nothing with the
// guard and from facts read after the claim. A fault at the door, or a row that
// somebody slipped into the queue, still delivers nothing. What is not known is
// refused.

// refusal is why the exit lets a copy not leave; the zero refusal lets it go.
type refusal struct {
	reason string            // the check's name, recorded with the copy
	signal cordon.SignalKind // "" for a quiet refusal: nothing is wrong
	words  string            // of the signal
	hold   bool              // kept, not refused: the dispatch is held
	back   bool              // given back: it could not be judged now
	scopes []cordon.Scope    // what is stopped with it
	lone   bool              // the copy alone is refused: nothing is stopped, and a person should look
}

func (r refusal) zero() bool { return r.reason == "" }

func (r refusal) outcome() cordon.Outcome {
	switch {
	case r.hold:
		return cordon.Outcome{State: cordon.HeldState, Reason: r.reason}
	case r.back:
		return cordon.Outcome{State: cordon.Queued, Relay: true, Reason: r.reason}
	}
	return cordon.Outcome{State: cordon.Refused, Reason: r.reason}
}

// rest is how long a copy that was given back is left alone: what keeps it here
// takes a moment, or a person, to mend.
func (r refusal) rest() time.Duration {
	if r.back {
		return time.Minute
	}
	return 2 * time.Second
}

// evidence is what the exit knows of a dispatch.
type evidence struct {
	facts  cordon.ExitFacts
	known  bool // the store has such a dispatch
	hash   string
	tenant cordon.Tenant // read for exercises only
}

// exit holds the key that the door marks dispatches with.
type exit struct {
	provenance []byte
}

// judgeDispatch checks what all copies of a dispatch share.
func (x exit) judgeDispatch(e evidence, now time.Time) refusal {
	if !e.known {
		return forged("unknown-dispatch", "a copy in the queue belongs to no dispatch")
	}
	checks := [...]func(evidence, time.Time) refusal{
		x.checkProvenance, checkState, checkTenant, checkExercise, checkKey, checkVersion, checkDomain,
	}
	for _, check := range checks {
		if r := check(e, now); !r.zero() {
			return r
		}
	}
	return refusal{}
}

// judgeCopy checks one claim against its dispatch, which has passed.
func judgeCopy(c cordon.Claim, e evidence) refusal {
	d, owner := c.Delivery, e.facts.Dispatch
	switch {
	case d.Dispatch != owner.ID || d.Tenant != owner.Tenant || d.Template != owner.Template ||
		d.Account != owner.Account || d.Key != owner.Key || d.Kind != owner.Kind:
		return forged("lane", "a copy in the queue says something else than its dispatch")
	case d.Seq < 1 || d.Seq > int64(owner.Recipients):
		return forged("sequence", "the queue holds more copies than the door accepted")
	case d.Recipient == "" || c.RecipientTenant == "" || c.RecipientTenant != d.Tenant:
		return refusal{reason: "recipient-tenant", signal: cordon.SignalExitTenant, words: "a copy in the queue goes to nobody of its tenant"}
	case c.Decoy:
		return refusal{
			reason: "decoy", signal: cordon.SignalExitDecoy, words: "a decoy came as far as the exit",
			scopes: decoyScopes(d),
		}
	case c.RecipientState == cordon.RecipientErased:
		return refusal{reason: "erased"}
	case c.RecipientState != cordon.RecipientActive:
		return refusal{reason: "recipient-state", signal: cordon.SignalExitTenant, words: "a recipient in the queue is in no known state"}
	case c.Suppressed:
		return refusal{reason: "suppressed"}
	case len(c.Sealed) == 0:
		return unreadable("a recipient's data is missing")
	}
	return refusal{}
}

// decoyScopes: one hit stops the key, the template and the tenant's bulk.
func decoyScopes(d cordon.Delivery) []cordon.Scope {
	var scopes []cordon.Scope
	if d.Key != "" {
		scopes = append(scopes, cordon.Scope{Key: d.Key})
	}
	if d.Template != "" {
		scopes = append(scopes, cordon.Scope{Tenant: d.Tenant, Template: d.Template})
	}
	return append(scopes, cordon.Scope{Tenant: d.Tenant, Kind: cordon.Bulk})
}

func (x exit) checkProvenance(e evidence, _ time.Time) refusal {
	if len(x.provenance) == 0 || len(e.facts.Dispatch.Provenance) == 0 {
		return forged("provenance", "a dispatch in the queue carries no mark of the door")
	}
	mac := hmac.New(sha256.New, x.provenance)
	mac.Write(e.facts.Dispatch.Binding())
	if !hmac.Equal(mac.Sum(nil), e.facts.Dispatch.Provenance) {
		return forged("provenance", "a dispatch in the queue is not what the door accepted")
	}
	return refusal{}
}

func checkState(e evidence, _ time.Time) refusal {
	switch e.facts.Dispatch.State {
	case cordon.DispatchOpen, cordon.DispatchDone:
		return refusal{}
	case cordon.DispatchHeld:
		return refusal{reason: "dispatch-held", hold: true}
	case cordon.DispatchDiscarded:
		return refusal{reason: "dispatch-discarded"}
	}
	return forged("dispatch-state", "a dispatch in the queue was never opened")
}

func checkTenant(e evidence, _ time.Time) refusal {
	if e.facts.Dispatch.Tenant == "" || e.facts.TenantState != cordon.TenantActive {
		return unauthorised("tenant", "a copy in the queue belongs to a tenant that is not active")
	}
	return refusal{}
}

// checkExercise: a drill's mail goes to tenants made by drills, nowhere else.
func checkExercise(e evidence, _ time.Time) refusal {
	if d := e.facts.Dispatch; d.Exercise && (e.tenant.ID != d.Tenant || !e.tenant.Exercise) {
		return unauthorised("exercise", "a drill's copy in the queue belongs to a real tenant")
	}
	return refusal{}
}

func checkKey(e evidence, now time.Time) refusal {
	f := e.facts
	if f.Dispatch.Key == "" {
		if f.Dispatch.Actor == "" || f.Dispatch.Actor == "key" {
			return unauthorised("actor", "a dispatch in the queue was ordered by nobody")
		}
		return refusal{}
	}
	if f.Dispatch.Kind == cordon.Notice {
		return unauthorised("notice-key", "a notice in the queue was ordered by a key: they are a person's to send")
	}
	right := cordon.SendBulk
	if f.Dispatch.Kind == cordon.Single {
		right = cordon.SendSingle
	}
	switch {
	case f.KeyState != cordon.KeyActive:
		return unauthorised("key-state", "the key that ordered is not active any more")
	case !f.KeyExpiresAt.IsZero() && !now.Before(f.KeyExpiresAt):
		return unauthorised("key-expired", "the key that ordered has expired")
	case f.KeyTenant != "" && f.KeyTenant != f.Dispatch.Tenant:
		return unauthorised("key-tenant", "the key that ordered belongs to another tenant")
	case f.Dispatch.Kind != cordon.Single && f.Dispatch.Kind != cordon.Bulk:
		return unauthorised("kind", "a dispatch in the queue is neither bulk nor single")
	case !slices.Contains(f.KeyRights, right):
		return unauthorised("key-right", "the key that ordered has no right to send this kind")
	}
	return refusal{}
}

func checkVersion(e evidence, _ time.Time) refusal {
	d, v := e.facts.Dispatch, e.facts.Version
	switch {
	case d.Template == "" || v.Template != d.Template || v.Number != d.Version || v.Number < 1:
		return unapproved("version", "the queue holds a letter that is no version of its template")
	case v.Tenant != d.Tenant:
		return unapproved("version-tenant", "the queue holds a letter of another tenant's template")
	case v.State != cordon.VersionApproved:
		return unapproved("version-state", "the queue holds a letter that is not approved")
	case v.Approver == "" || v.Approver == string(v.Author):
		return unapproved("approver", "the queue holds a letter that no second person approved")
	case e.hash == "" || d.Hash != e.hash || v.Hash != e.hash || v.ApprovedHash != e.hash:
		return unapproved("hash", "the queue holds a letter that is not the one approved")
	}
	return refusal{}
}

func checkDomain(e evidence, _ time.Time) refusal {
	from, own := e.facts.Version.Content.FromAddress, e.facts.Domain
	if e.facts.Dispatch.Kind == cordon.Notice {
		return checkIdentity(e)
	}
	if from == "" || own.Name == "" || own.Name != from.Domain() || own.Tenant != e.facts.Dispatch.Tenant {
		return unauthorised("from-domain", "the sender's domain is not the tenant's")
	}
	return refusal{}
}

// checkIdentity: a notice is sent by the notice identity alone, and says which
// incident it is owed for.
func checkIdentity(e evidence) refusal {
	content, by := e.facts.Version.Content, e.facts.Identity
	switch {
	case by.Address == "" || content.FromAddress != by.Address || content.ReplyTo != "" && content.ReplyTo != by.Address:
		return unauthorised("notice-identity", "a notice in the queue is not by whom notices are sent")
	case e.facts.Domain.Name == "" || e.facts.Domain.Name != by.Address.Domain() || e.facts.Domain.Tenant != by.Tenant:
		return unauthorised("from-domain", "the sender's domain is not that of the notice identity")
	case !cordon.IncidentID(e.facts.Dispatch.Audience).Valid():
		return unauthorised("notice-incident", "a notice in the queue belongs to no incident")
	}
	return refusal{}
}

func forged(reason, words string) refusal {
	return refusal{reason: reason, signal: cordon.SignalExitProvenance, words: words}
}

func unauthorised(reason, words string) refusal {
	return refusal{reason: reason, signal: cordon.SignalExitAuthority, words: words}
}

func unapproved(reason, words string) refusal {
	return refusal{reason: reason, signal: cordon.SignalExitApproval, words: words}
}

func unreadable(words string) refusal {
	return refusal{reason: "unreadable", signal: cordon.SignalStoreUnreadable, words: words}
}

// grade: what the door should have kept back and did not is an incident.
func (r refusal) grade() cordon.Grade {
	if r.lone {
		return cordon.GradeWarning
	}
	return cordon.GradeIncident
}

// scopesOf is what is stopped with a refusal: its own scopes, or the dispatch
// and the key that ordered it. A quiet refusal stops nothing.
func (r refusal) scopesOf(d cordon.Delivery) []cordon.Scope {
	if r.signal == "" || r.lone || len(r.scopes) > 0 {
		return r.scopes
	}
	var scopes []cordon.Scope
	if d.Dispatch != "" {
		scopes = append(scopes, cordon.Scope{Tenant: d.Tenant, Dispatch: d.Dispatch})
	}
	if d.Key != "" && r.signal != cordon.SignalStoreUnreadable { // a damaged row is not the key's doing
		scopes = append(scopes, cordon.Scope{Key: d.Key})
	}
	return scopes
}
