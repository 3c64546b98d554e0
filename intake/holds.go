package intake

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// HoldRow is one line of the queue.
type HoldRow struct {
	cordon.Dispatch
	Asked []cordon.HoldAsk // who asked for what, and waits for a second person
}

// Holds lists what is held, of one tenant or ("") of all, the newest or the
// oldest first.
func (d *Desk) Holds(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, f cordon.HoldFilter, oldest bool, page cordon.Page) ([]HoldRow, string, error) {
	tenant, err := d.queueOf(actor, cordon.ReadDispatches, tenant, f)
	if err != nil {
		return nil, "", err
	}
	list, next, err := d.store.HeldDispatches(ctx, tenant, f, oldest, page)
	if err != nil {
		return nil, "", err
	}
	ids := make([]cordon.DispatchID, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	asks, err := d.store.HoldAsks(ctx, tenant, ids, d.now().Add(-cordon.HoldAskFor))
	if err != nil {
		return nil, "", err
	}
	rows := make([]HoldRow, len(list))
	for i, x := range list {
		rows[i] = HoldRow{Dispatch: x, Asked: latest(asks, one(x).token, d.now())}
	}
	return rows, next, nil
}

// CountHolds says how many dispatches and copies are held.
func (d *Desk) CountHolds(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID) (dispatches int, copies int64, err error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return 0, 0, mayNot("see dispatches")
	}
	return d.store.CountHeld(ctx, tenant, cordon.HoldFilter{})
}

// maxRequests bounds the requests about several dispatches that are shown.
const maxRequests = 20

// HoldRequests lists what first people asked for about several dispatches at
// once, where the set is still the one they saw.
func (d *Desk) HoldRequests(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID) ([]cordon.HoldAsk, error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return nil, mayNot("see dispatches")
	}
	asks, err := d.store.HoldAsks(ctx, tenant, nil, d.now().Add(-cordon.HoldAskFor))
	if err != nil {
		return nil, err
	}
	var out []cordon.HoldAsk
	seen := map[string]bool{}
	for _, a := range asks[:min(len(asks), maxRequests)] {
		if key := a.Person + " " + a.Token; seen[key] || !d.now().Before(a.Until) {
			continue
		} else {
			seen[key] = true
		}
		set, _, err := d.store.HeldSet(ctx, tenant, a.Filter, cordon.MaxHoldsPerAct)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return nil, err
		}
		if cordon.HoldToken(set) == a.Token {
			out = append(out, a)
		}
	}
	return out, nil
}

// queueOf is the queue that an actor may use: its own tenant's, or any.
func (d *Desk) queueOf(actor cordon.Actor, may cordon.Permission, tenant cordon.TenantID, f cordon.HoldFilter) (cordon.TenantID, error) {
	if !actor.Can(may, tenant) {
		if may == cordon.ReleaseHolds {
			return "", mayNot("release or discard what is held")
		}
		return "", mayNot("see dispatches")
	}
	if err := f.Validate(); err != nil {
		return "", err
	}
	if tenant != "" && f.Tenant != "" && f.Tenant != tenant {
		return "", &cordon.Error{Code: cordon.Missing, Field: "tenant", Message: "there is no such tenant, or it is not yours", Remedy: "name it by ID or handle; cordon tenant list shows them"}
	}
	return tenant, nil
}

// HoldPreview is what an act over a filter would be about, counted before
// anything is done.
type HoldPreview struct {
	Filter       cordon.HoldFilter // with the end of its time set, so that what comes later is not in it
	Dispatches   int
	Copies       int64
	Beyond       int // more that match: one act takes at most cordon.MaxHoldsPerAct
	Own          int // of the dispatches: ordered by whoever asks, and so left as they are
	SecondPerson bool
	Token        string // of exactly this set
	Asked        []cordon.HoldAsk

	Tenants, Templates, Senders, Checks []cordon.HoldGroup
}

// PreviewHolds counts what an act over the filter would be about. Nothing is
// done, and the right to see dispatches is enough to look.
func (d *Desk) PreviewHolds(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, f cordon.HoldFilter) (HoldPreview, error) {
	tenant, err := d.queueOf(actor, cordon.ReadDispatches, tenant, f)
	if err != nil {
		return HoldPreview{}, err
	}
	if f.Until.IsZero() {
		f.Until = d.now().UTC().Add(time.Microsecond) // what was accepted in this very moment is in it
	}
	set, all, err := d.store.HeldSet(ctx, tenant, f, cordon.MaxHoldsPerAct)
	if err != nil {
		return HoldPreview{}, err
	}
	return d.preview(ctx, actor, setOf(f, set), all)
}

func (d *Desk) preview(ctx context.Context, actor cordon.Actor, set heldSet, all int) (HoldPreview, error) {
	p := HoldPreview{Filter: set.filter, Dispatches: len(set.dispatches), Copies: set.copies, Beyond: all - len(set.dispatches), Token: set.token}
	tenants, templates := groups{}, groups{}
	senders, checks := groups{}, groups{}
	for _, x := range set.dispatches {
		if orderer(x) == actor.Person() {
			p.Own++
		}
		tenants.add(cordon.HoldGroup{Tenant: x.Tenant}, x)
		templates.add(cordon.HoldGroup{Tenant: x.Tenant, Template: x.Template}, x)
		senders.add(cordon.HoldGroup{Tenant: x.Tenant, Key: x.Key, Account: x.Account}, x)
		for _, name := range heldBy(x.Reasons) {
			checks.add(cordon.HoldGroup{Check: name}, x)
		}
	}
	p.Tenants, p.Templates, p.Senders, p.Checks = tenants.list(), templates.list(), senders.list(), checks.list()
	var err error
	if p.SecondPerson, err = d.takesTwo(ctx, set); err != nil {
		return p, err
	}
	p.Asked, err = d.standing(ctx, set)
	return p, err
}

// heldBy names the checks that held, each once.
func heldBy(reasons []cordon.Reason) []string {
	var names []string
	for _, r := range reasons {
		if r.Decision.Effective() == cordon.Hold && !slices.Contains(names, r.Check) {
			names = append(names, r.Check)
		}
	}
	return names
}

// groups adds up dispatches and copies by what a group is about.
type groups map[cordon.HoldGroup]cordon.HoldGroup

func (g groups) add(about cordon.HoldGroup, x cordon.Dispatch) {
	sum, ok := g[about]
	if !ok {
		sum = about
	}
	sum.Dispatches, sum.Copies = sum.Dispatches+1, sum.Copies+int64(x.Recipients)
	g[about] = sum
}

// list has the largest first.
func (g groups) list() []cordon.HoldGroup {
	return slices.SortedFunc(maps.Values(g), func(a, b cordon.HoldGroup) int {
		return cmp.Or(cmp.Compare(b.Copies, a.Copies), cmp.Compare(b.Dispatches, a.Dispatches), strings.Compare(string(a.Tenant), string(b.Tenant)),
			strings.Compare(string(a.Template), string(b.Template)), strings.Compare(string(a.Key)+string(a.Account), string(b.Key)+string(b.Account)), strings.Compare(a.Check, b.Check))
	})
}

// HoldOrder is a bulk act as it is asked for.
type HoldOrder struct {
	Verb   cordon.HoldVerb
	Filter cordon.HoldFilter
	Expect string // Token of the preview that was seen
	Reason string // goes into the ledger
}

// HoldOutcome is what became of one dispatch of a bulk act, and why.
type HoldOutcome struct {
	Tenant   cordon.TenantID   `json:"tenant"`
	Dispatch cordon.DispatchID `json:"dispatch"`
	Copies   int64             `json:"copies"`
	Reason   string            `json:"reason,omitempty"`
}

// HoldAnswer is what a bulk act came to. With Asked set, nothing was done yet.
type HoldAnswer struct {
	Verb    cordon.HoldVerb
	Asked   *cordon.HoldAsk
	First   *cordon.HoldAsk // the first person's request, which this act confirmed
	Done    []HoldOutcome   // released, or discarded
	Held    []HoldOutcome   // still held
	Refused []HoldOutcome   // a check refuses it now: still held, and only a discard ends it
	Gone    []HoldOutcome   // settled by somebody else meanwhile
}

const maxHoldReason = 500 // bytes

// SettleHolds releases or discards exactly what was previewed, each dispatch in
// a transaction of its own and judged again before it is released; the answer
// says of each what became of it. A set that is another one by now is a
// Conflict, and nothing is done.
func (d *Desk) SettleHolds(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, o HoldOrder) (HoldAnswer, error) {
	answer := HoldAnswer{Verb: o.Verb}
	tenant, err := d.queueOf(actor, cordon.ReleaseHolds, tenant, o.Filter)
	if err != nil {
		return answer, err
	}
	if err := o.validate(); err != nil {
		return answer, err
	}
	list, _, err := d.store.HeldSet(ctx, tenant, o.Filter, cordon.MaxHoldsPerAct)
	if err != nil {
		return answer, err
	}
	set := setOf(o.Filter, list)
	if set.token != o.Expect {
		return answer, &cordon.Error{
			Code: cordon.Conflict, Field: "expect",
			Message: "is not what is held now: " + plural(int64(len(list)), "dispatch", "dispatches") + ", " + plural(set.copies, "copy", "copies") + "; nothing was done",
			Remedy:  "preview again, and repeat with what you see then",
		}
	}
	if err := someoneElses(list, actor); err != nil {
		return answer, err
	}
	first, asked, err := d.people(ctx, actor, o.Verb, set, o.Reason)
	if err != nil || asked != nil {
		answer.Asked = asked
		return answer, err
	}
	if first.Person != "" {
		answer.First = &first
	}
	for _, x := range list {
		d.settle(ctx, actor, o, first, x, &answer)
	}
	return answer, nil
}

// someoneElses wants at least one dispatch that the actor did not order.
func someoneElses(list []cordon.Dispatch, actor cordon.Actor) error {
	if len(list) == 0 {
		return &cordon.Error{Code: cordon.Conflict, Field: "filter", Message: "chooses nothing that is held", Remedy: "preview again"}
	}
	for _, x := range list {
		if orderer(x) != actor.Person() {
			return nil
		}
	}
	return &cordon.Error{
		Code: cordon.Denied, Field: "filter", Message: "chooses only what was ordered by you: what is held needs a second person",
		Remedy: "ask somebody else who may release holds",
	}
}

func (o HoldOrder) validate() error {
	switch {
	case o.Verb != cordon.HoldRelease && o.Verb != cordon.HoldDiscard:
		return cordon.InvalidField("verb", "must be release or discard", "")
	case o.Expect == "":
		return cordon.InvalidField("expect", "is missing", "preview first, and give the token it answers with")
	case strings.TrimSpace(o.Reason) == "":
		return cordon.InvalidField("reason", "is missing", "say why, in a few words; it goes into the ledger")
	case len(o.Reason) > maxHoldReason:
		return cordon.InvalidField("reason", "is longer than 500 bytes", "say it in fewer words")
	}
	return nil
}

// settle does one dispatch of a bulk act and writes its line of the answer.
func (d *Desk) settle(ctx context.Context, actor cordon.Actor, o HoldOrder, first cordon.HoldAsk, x cordon.Dispatch, answer *HoldAnswer) {
	out := HoldOutcome{Tenant: x.Tenant, Dispatch: x.ID, Copies: int64(x.Recipients)}
	say := func(list *[]HoldOutcome, why string) {
		out.Reason = why
		*list = append(*list, out)
	}
	switch {
	case ctx.Err() != nil:
		say(&answer.Held, "The call was given up before it was its turn.")
		return
	case orderer(x) == actor.Person():
		say(&answer.Held, "It was ordered by you: somebody else must settle it.")
		return
	case orderer(x) == first.Person:
		say(&answer.Held, "It was ordered by one of the two people who settle it.")
		return
	}
	if o.Verb == cordon.HoldRelease {
		if v, err := d.again(ctx, x); err != nil {
			if why, refused := refusedWhy(v, err); refused {
				say(&answer.Refused, why)
			} else {
				d.log.WarnContext(ctx, "held dispatch could not be judged again", "dispatch", x.ID, "error", err)
				say(&answer.Held, "It could not be judged again just now.")
			}
			return
		}
	}
	taught := d.lessonOf(ctx, x)
	note, err := cordon.HoldNote{Reason: o.Reason, AskedBy: first.By}, error(nil)
	if o.Verb == cordon.HoldRelease {
		err = d.store.ReleaseDispatch(ctx, actor, x.Tenant, x.ID, note, d.mark)
	} else {
		out.Copies, err = d.store.DiscardDispatch(ctx, actor, x.Tenant, x.ID, note)
	}
	switch {
	case err == nil:
		d.teach(ctx, actor, x, taught, o.Verb == cordon.HoldRelease)
		say(&answer.Done, "")
	case cordon.CodeOf(err) == cordon.Conflict:
		say(&answer.Gone, "Somebody else settled it meanwhile.")
	default:
		d.log.ErrorContext(ctx, "held dispatch was not settled", "dispatch", x.ID, "error", err)
		say(&answer.Held, "It could not be recorded just now; look again before you repeat it.")
	}
}

// refusedWhy says in words why a dispatch may not go, and whether that is so by
// a rule and not because something could not be asked.
func refusedWhy(v cordon.Verdict, err error) (why string, refused bool) {
	for _, r := range v.Reasons {
		if r.Decision == cordon.Refuse && r.Message != "" {
			return r.Message, true
		}
	}
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code == cordon.Unavailable || e.Code == cordon.Internal {
		return "", false
	}
	if e.Field != "" {
		return "Its " + e.Field + " " + e.Message + ".", true
	}
	return e.Message + ".", true
}
