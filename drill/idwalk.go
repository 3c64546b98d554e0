package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// walk is one variant under way: a stolen key of its own, a letter of its own.
type walk struct {
	variant  Variant
	own      *Practice
	other    *Practice
	stolen   keyPair
	intruder caller
	template cordon.TemplateID
	version  int
	began    time.Time
	edge     bool
	// decoy says that the walk names a decoy, which must be seen at once.
	decoy bool
}

// way is how an intruder goes about it.
type way struct {
	name, says string
	decoy      bool
	edge       bool
	act        func(context.Context, *Rehearsal, *walk) error
}

// ways lists the variants in the order in which they run.
func ways() []way {
	return []way{
		{"random", "names random recipient IDs, one a call", false, false, walkRandom},
		{"sequential", "counts upwards from a real recipient ID", false, false, walkSequential},
		{"foreign", "names another practice's real recipients", false, false, walkForeign},
		{"harvested", "sends to a leaked list, one a call, as fast as it can", true, false, walkHarvested},
		{"harvested-calls", "sends to a leaked list, 100 a call", true, false, walkHarvestedCalls},
		{"edited-template", "rewrites the letter to prize spam and sends it", false, false, walkEdited},
		{"free-content", "gives its own subject and body with the order", false, false, walkFree},
		{"edge-fault", "slips a leaked list into the queue, as if the door's check were missing", false, true, walkQueue},
		{"edge-fault-edited", "slips prize spam into the queue, as if the door's check were missing", false, true, walkQueueEdited},
	}
}

// maxBadCopies is the number to beat of incident A; without an approved letter
// it is none.
const maxBadCopies = 10

// idWalk runs every variant, lets the undo window pass, and looks at what came.
func (r *Rehearsal) idWalk(ctx context.Context, practices []*Practice, o Options) (Report, error) {
	var report Report
	own, other := practices[0], practices[1]
	before := r.arrived(own, other)
	var walks []*walk
	for _, way := range ways() {
		if way.edge && !o.EdgeFault {
			continue
		}
		r.tell("%s: the intruder %s", way.name, way.says)
		w, err := r.begin(ctx, own, other, way)
		if err == nil {
			err = way.act(ctx, r, w)
		}
		if err != nil {
			return report, fmt.Errorf("drill %s: %w", way.name, err)
		}
		walks = append(walks, w)
	}
	legitimate, err := r.bookOwn(ctx, own)
	if err != nil {
		return report, err
	}
	r.tell("waiting until every undo window has passed")
	if err := r.waitQuiet(ctx, own, legitimate); err != nil {
		return report, err
	}
	var assessed int64
	for _, w := range walks {
		if err := r.judge(ctx, w); err != nil {
			return report, err
		}
		assessed += w.variant.BadCopiesOut
		report.Variants = append(report.Variants, w.variant)
	}
	report.Variants = append(report.Variants, r.judgeWhole(ctx, own, other, legitimate, before, assessed))
	report.settle()
	return report, nil
}

// begin gives the intruder a stolen key that may send single mail and write
// drafts, and an approved letter of the practice that the key may use.
func (r *Rehearsal) begin(ctx context.Context, own, other *Practice, way way) (*walk, error) {
	w := &walk{variant: Variant{Name: way.name, Says: way.says, Exercise: true}, own: own, other: other, edge: way.edge, decoy: way.decoy}
	var err error
	if w.stolen, err = r.issueKey(ctx, own, "stolen: "+way.name, cordon.SendSingle, cordon.ManageTemplates, cordon.ReadCatalog); err != nil {
		return nil, err
	}
	w.intruder = caller{client: r.config.Intruder, url: r.config.URL, secret: w.stolen.secret}
	if w.template, w.version, err = r.approvedLetter(ctx, own, way.name, appointmentLetter(own)); err != nil {
		return nil, err
	}
	w.began = r.config.Now()
	return w, nil
}

// send tries one call for the intruder and counts what it tried.
func (w *walk) send(ctx context.Context, ids ...cordon.RecipientID) error {
	rows := make([]map[string]any, len(ids))
	for i, id := range ids {
		rows[i] = map[string]any{"recipient": id, "values": map[string]string{"visit_date": "2026-12-01"}}
	}
	body := map[string]any{"kind": "single", "template": w.template, "version": w.version, "exercise": true, "recipients": ids, "values": rows}
	return w.order(ctx, body, len(ids))
}

// order makes the call; a refusal is counted, any other failure ends the drill.
func (w *walk) order(ctx context.Context, body map[string]any, copies int) error {
	w.variant.Tried += int64(copies)
	err := w.intruder.call(ctx, http.MethodPost, w.own.path("/orders"), body, nil)
	var refused *problem
	if errors.As(err, &refused) && refused.Status < 500 {
		w.variant.Refused += int64(copies)
		return nil
	}
	return err
}

const steps = 100 // calls of a walk

func walkRandom(ctx context.Context, _ *Rehearsal, w *walk) error {
	for range steps {
		if err := w.send(ctx, cordon.NewRecipientID()); err != nil {
			return err
		}
	}
	return nil
}

func walkSequential(ctx context.Context, _ *Rehearsal, w *walk) error {
	id := w.own.Patients[0]
	for range steps {
		id = next(id)
		if err := w.send(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// next counts an ID up by one in its own alphabet.
func next(id cordon.RecipientID) cordon.RecipientID {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	raw := []byte(id)
	for i := len(raw) - 1; raw[i] != '_'; i-- {
		at := slices.Index([]byte(alphabet), raw[i])
		if at+1 < len(alphabet) {
			raw[i] = alphabet[at+1]
			break
		}
		raw[i] = alphabet[0]
	}
	return cordon.RecipientID(raw)
}

func walkForeign(ctx context.Context, _ *Rehearsal, w *walk) error {
	for _, id := range w.other.Patients[:min(steps, len(w.other.Patients))] {
		if err := w.send(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// leaked is the whole table in random order, decoys among the patients: IDs are
// random, so sorting by ID shuffles.
func (p *Practice) leaked() []cordon.RecipientID {
	all := slices.Concat(p.Patients, p.Decoys)
	slices.Sort(all)
	return all
}

func walkHarvested(ctx context.Context, _ *Rehearsal, w *walk) error {
	all := w.own.leaked()
	for _, id := range all[:min(steps, len(all))] {
		if err := w.send(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func walkHarvestedCalls(ctx context.Context, _ *Rehearsal, w *walk) error {
	for part := range slices.Chunk(w.own.leaked(), 100) {
		if err := w.send(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

func walkEdited(ctx context.Context, _ *Rehearsal, w *walk) error {
	if err := w.edit(ctx); err != nil {
		return err
	}
	for _, id := range w.own.Patients[:min(20, len(w.own.Patients))] {
		body := map[string]any{"kind": "single", "template": w.template, "version": w.version, "exercise": true, "recipients": []cordon.RecipientID{id}}
		if err := w.order(ctx, body, 1); err != nil {
			return err
		}
	}
	return nil
}

// edit rewrites the letter; the new version is a draft nobody approved.
func (w *walk) edit(ctx context.Context) error {
	var version cordon.Version
	path := w.own.path("/templates/" + string(w.template) + "/versions")
	if err := w.intruder.call(ctx, http.MethodPost, path, prizeLetter(w.own), &version); err != nil {
		return err
	}
	w.version = version.Number
	return nil
}

func walkFree(ctx context.Context, _ *Rehearsal, w *walk) error {
	for _, id := range w.own.Patients[:min(20, len(w.own.Patients))] {
		body := map[string]any{"kind": "single", "exercise": true, "recipients": []cordon.RecipientID{id}, "content": prizeLetter(w.own)}
		if err := w.order(ctx, body, 1); err != nil {
			return err
		}
	}
	return nil
}

// walkQueue is the real case: nothing at the edge looks, and whatever is written
// to the queue is taken for accepted.
func walkQueue(ctx context.Context, r *Rehearsal, w *walk) error {
	for _, p := range []*Practice{w.own, w.other} {
		if err := r.plant(ctx, w, p); err != nil {
			return err
		}
	}
	return nil
}

func walkQueueEdited(ctx context.Context, r *Rehearsal, w *walk) error {
	if err := w.edit(ctx); err != nil {
		return err
	}
	return r.plant(ctx, w, w.own)
}

// plant slips a leaked list of the practice into the queue. No door looks at it,
// so the store is asked once more whether the practice is one for exercises.
func (r *Rehearsal) plant(ctx context.Context, w *walk, to *Practice) error {
	if err := r.forExercise(ctx, to); err != nil {
		return err
	}
	version, err := r.config.Store.Version(ctx, w.own.ID, w.template, w.version)
	if err != nil {
		return err
	}
	members := to.leaked()
	_, err = r.config.Store.PlantUnchecked(ctx, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: to.ID, Kind: cordon.Single, Template: w.template, Version: w.version,
			Hash: version.Hash, Actor: string(w.stolen.id), Account: w.own.Program, Key: w.stolen.id, State: cordon.DispatchOpen,
			AcceptedAt: r.config.Now(), Exercise: true},
		Members: members,
	})
	w.variant.Tried += int64(len(members))
	return err
}
