package replay

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
)

// House is what the guard's check of behaviour asks of storage, in memory. It
// follows store/behaviour.go: the same lessons, the same acquaintances, the same
// near colleagues.
type House struct {
	guard.Store // no other question is asked; one that is would panic

	now    time.Time
	tenant cordon.TenantID
	known  map[cordon.Subject]cordon.Behaviour
	own    map[int]map[int64]bool // sender → recipients
	of     map[int64][]int        // recipient → senders
	shared []int                  // by sender, nought between two questions
	people int
	reach  int // of the bulk order under judgement
	forked bool
}

func newHouse(senders int) *House {
	return &House{
		tenant: cordon.NewTenantID(), known: map[cordon.Subject]cordon.Behaviour{},
		own: map[int]map[int64]bool{}, of: map[int64][]int{}, shared: make([]int, senders),
	}
}

// fork is the house as a thief finds it: what happens to the sender there
// happens to nobody else, and is forgotten with it.
func (h *House) fork(sender int) *House {
	f := *h
	f.forked, f.known = true, map[cordon.Subject]cordon.Behaviour{}
	for _, s := range []cordon.Subject{account(sender), {Kind: cordon.SubjectTenant, ID: string(h.tenant)}} {
		f.known[s] = h.known[s]
	}
	f.own = maps.Clone(h.own)
	f.own[sender] = maps.Clone(h.own[sender])
	return &f
}

func account(sender int) cordon.Subject {
	return cordon.Subject{Kind: cordon.SubjectAccount, ID: senderID(sender)}
}

// Limits are the default ones, but for the time a check may take: that is the
// machine's time, and a busy machine must not change what a replay answers.
func (h *House) Limits(context.Context, cordon.TenantID) (cordon.Limits, error) {
	l := cordon.DefaultLimits()
	l.CheckTimeout = time.Hour
	return l, nil
}

// FindRecipients knows everybody: an ID is its number.
func (h *House) FindRecipients(_ context.Context, _ cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error) {
	found := make(map[cordon.RecipientID]cordon.Found, len(ids))
	for _, id := range ids {
		n, err := strconv.ParseInt(strings.TrimPrefix(string(id), "rcp_"), 10, 64)
		if err != nil {
			return nil, err
		}
		found[id] = cordon.Found{Num: n}
	}
	return found, nil
}

// CountRecipients answers how many people the house has written to.
func (h *House) CountRecipients(context.Context, cordon.TenantID) (active, decoys int, err error) {
	return h.people, 0, nil
}

// Audience, AudienceCount and FieldMask answer for the bulk order in hand.
func (h *House) Audience(context.Context, cordon.TenantID, string) (cordon.Audience, error) {
	return cordon.Audience{}, nil
}

// AudienceCount is the reach of the bulk order in hand.
func (h *House) AudienceCount(context.Context, cordon.TenantID, cordon.Filter, cordon.FieldMask) (total, fit int, err error) {
	return h.reach, h.reach, nil
}

// FieldMask: the text of a replay needs no fields.
func (h *House) FieldMask(context.Context, cordon.TenantID, []string) (cordon.FieldMask, error) {
	return 0, nil
}

// Behaviours answers what is remembered of each subject.
func (h *House) Behaviours(_ context.Context, _ cordon.TenantID, subjects []cordon.Subject) ([]cordon.Behaviour, error) {
	all := make([]cordon.Behaviour, len(subjects))
	for i, s := range subjects {
		all[i] = h.known[s]
	}
	return all, nil
}

// The bounds of store/behaviour.go.
const (
	ownContacts = 400
	colleagues  = 50
	hub         = 100
)

// Acquaintance answers how well the sender knows the recipients.
func (h *House) Acquaintance(_ context.Context, _ cordon.TenantID, sender cordon.Subject, recipients []int64, withNear bool) (cordon.Acquaintance, error) {
	var a cordon.Acquaintance
	who, err := strconv.Atoi(strings.TrimPrefix(sender.ID, "acc_"))
	if err != nil {
		return a, err
	}
	own := h.own[who]
	for _, r := range recipients {
		if own[r] {
			a.Known++
		}
	}
	if !withNear || a.Known == len(recipients) || len(own) == 0 {
		return a, nil
	}
	near := h.near(who)
	for _, r := range recipients {
		if h.writers(r, near) >= 2 && !own[r] {
			a.Close++
		}
	}
	return a, nil
}

// writers is how many of the senders write to the recipient.
func (h *House) writers(recipient int64, senders map[int]bool) (n int) {
	for _, s := range h.of[recipient] {
		if senders[s] {
			n++
		}
	}
	return n
}

// near are the senders who share at least three recipients with this one, and
// three in ten of its own.
func (h *House) near(sender int) map[int]bool {
	mine := make([]int64, 0, len(h.own[sender]))
	for r := range h.own[sender] {
		if len(h.of[r]) <= hub {
			mine = append(mine, r)
		}
	}
	if len(mine) > ownContacts {
		slices.Sort(mine)
		mine = mine[:ownContacts]
	}
	var met []int
	for _, r := range mine {
		for _, s := range h.of[r] {
			if h.shared[s]++; h.shared[s] == 1 && s != sender {
				met = append(met, s)
			}
		}
	}
	least := max(3, (3*len(mine)+9)/10)
	var enough []int
	for _, s := range met {
		if h.shared[s] >= least {
			enough = append(enough, s)
		}
	}
	if len(enough) > colleagues {
		slices.SortFunc(enough, func(a, b int) int { return cmp.Or(cmp.Compare(h.shared[b], h.shared[a]), cmp.Compare(a, b)) })
		enough = enough[:colleagues]
	}
	for _, s := range append(met, sender) {
		h.shared[s] = 0
	}
	near := make(map[int]bool, len(enough))
	for _, s := range enough {
		near[s] = true
	}
	return near
}

// accept does what the accepting transaction does with a verdict.
func (h *House) accept(v cordon.Verdict, sender int, to []int64) (held bool) {
	held = v.Decision.Effective() != cordon.Pass
	if v.Movement == nil {
		return held
	}
	for _, l := range v.Movement.Lessons {
		b := h.known[l.Subject]
		b.State, _ = l.Apply(b, held)
		h.known[l.Subject] = b
	}
	if !held {
		h.acquaint(sender, to)
	}
	return held
}

// release is a person's answer to a hold.
func (h *House) release(sender int, to []int64) {
	b := h.known[account(sender)]
	b.PardonedAt = h.now
	h.known[account(sender)] = b
	h.acquaint(sender, to)
}

func (h *House) acquaint(sender int, to []int64) {
	own := h.own[sender]
	if own == nil {
		own = make(map[int64]bool)
		h.own[sender] = own
	}
	for _, r := range to {
		if !own[r] {
			own[r] = true
			if h.forked {
				continue // nobody else learns of it
			}
			h.of[r] = append(h.of[r], sender)
			h.people = max(h.people, len(h.of))
		}
	}
}
