package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

// WrongSubject begins the subject of the letter that was meant for others.
const WrongSubject = "EXERCISE: your result is ready"

const (
	wrongStage = 10               // copies of its first stage
	wrongWatch = 30 * time.Second // that the first stage is watched
	notForMe   = 5                // patients who say that it was not for them
)

// wrongLetter: nobody attacks. An approved letter goes to the wrong people, as
// letters with a wrong column do; the first stage leaves, and patients say so.
func (r *Rehearsal) wrongLetter(ctx context.Context, practices []*Practice, _ Options) (Report, error) {
	var report Report
	v, err := r.WrongLetter(ctx, practices[0])
	if err != nil {
		return report, err
	}
	report.Variants = append(report.Variants, v)
	report.settle()
	return report, nil
}

// WrongLetter has the practice send a letter that is not for those who get it,
// and five of the first ten say so.
func (r *Rehearsal) WrongLetter(ctx context.Context, p *Practice) (v Variant, err error) {
	v = Variant{Name: "wrong-letter", Says: "an approved letter goes to everyone, and is for none of them", Exercise: true, Tried: int64(len(p.Patients))}
	defer v.settle()
	if err := r.watchClosely(ctx, p); err != nil {
		return v, err
	}
	r.tell("wrong-letter: %s sends a letter to all its patients that was meant for others", p.Name)
	d, err := r.sendWrong(ctx, p)
	if err != nil {
		return v, err
	}
	got, err := r.firstStage(ctx, p, d.ID)
	if err != nil {
		return v, err
	}
	r.tell("wrong-letter: %d copies are out; patients ring: this was not for me", len(got))
	began := r.config.Now()
	for _, id := range got[:min(notForMe, len(got))] {
		body := map[string]any{"dispatch": d.ID, "recipient": id, "kind": cordon.ComplaintNotMe, "authenticated": true, "source": "counter"}
		if err := r.operator.call(ctx, http.MethodPost, p.path("/complaints"), body, nil); err != nil {
			return v, fmt.Errorf("complain: %w", err)
		}
	}
	return v, r.judgeWrong(ctx, p, &v, d.ID, began)
}

// watchClosely gives the practice a first stage of ten that is watched for long
// enough that somebody can say something.
func (r *Rehearsal) watchClosely(ctx context.Context, p *Practice) error {
	var limits map[string]any
	if err := r.operator.call(ctx, http.MethodGet, p.path("/limits"), nil, &limits); err != nil {
		return err
	}
	limits["undo_bulk"], limits["first_use_hold"] = "0s", "0s"
	limits["stages"] = []map[string]any{{"copies": wrongStage, "wait": wrongWatch.String()}, {"copies": 100, "wait": wrongWatch.String()}}
	return r.operator.call(ctx, http.MethodPut, p.path("/limits"), limits, nil)
}

func (r *Rehearsal) sendWrong(ctx context.Context, p *Practice) (cordon.Dispatch, error) {
	var receipt struct{ Dispatch cordon.Dispatch }
	template, version, err := r.approvedLetter(ctx, p, "results", map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain, "subject": WrongSubject + ", {{first_name}}",
		"html":       "<p>Dear {{first_name}},</p><p>the result of your examination is ready. Please ring us.</p><p><a href=\"https://" + p.Domain + "/results\">Your results</a></p><p>" + p.Name + "</p>",
		"fields":     []any{field("first_name", "name", "recipient")},
		"link_hosts": []string{p.Domain},
	})
	if err != nil {
		return receipt.Dispatch, err
	}
	author := r.operator
	author.as = p.Author
	body := map[string]any{"kind": cordon.Bulk, "template": template, "version": version, "audience": p.Audience, "exercise": true}
	err = author.call(ctx, http.MethodPost, p.path("/orders"), body, &receipt)
	return receipt.Dispatch, err
}

// firstStage waits until the first stage has left, and says who got it.
func (r *Rehearsal) firstStage(ctx context.Context, p *Practice, id cordon.DispatchID) (got []cordon.RecipientID, err error) {
	err = until(ctx, time.Minute, func() (bool, error) {
		var d cordon.Dispatch
		err := r.operator.call(ctx, http.MethodGet, p.path("/dispatches/"+string(id)), nil, &d)
		return d.Counts.Delivered >= wrongStage, err
	})
	if err != nil {
		return nil, err
	}
	rows, _, err := r.config.Store.Affected(ctx, cordon.Question{Dispatch: id}, cordon.Page{Limit: 500})
	for _, row := range rows {
		if row.State == cordon.Delivered {
			got = append(got, row.Recipient)
		}
	}
	return got, err
}

// judgeWrong waits for the rule to speak, and looks at what left.
func (r *Rehearsal) judgeWrong(ctx context.Context, p *Practice, v *Variant, id cordon.DispatchID, began time.Time) error {
	var stopped cordon.Stop
	err := until(ctx, time.Minute, func() (bool, error) {
		stops, err := r.stops(ctx)
		for _, s := range stops {
			if s.Scope.Tenant == p.ID && (s.Scope.Dispatch == id || s.Scope.Template != "") && s.PlacedAt.After(began) {
				stopped = s
			}
		}
		return stopped.ID != "", err
	})
	if err != nil {
		return err
	}
	v.expect("stopped by itself", "within 60s", stopped.Reason, stopped.ID != "")
	if stopped.ID != "" {
		v.TTD, v.TTC = Millis(stopped.PlacedAt.Sub(began)), Millis(stopped.PlacedAt.Sub(began))
	}
	a, err := r.assess(ctx, url.Values{"dispatch": {string(id)}})
	if err != nil {
		return err
	}
	v.BadCopiesOut, v.Held = a.Delivered+a.Unknown+a.InFlight, a.Held
	v.expect("bad copies out", fmt.Sprintf("≤ one stage (%d)", wrongStage), v.BadCopiesOut, v.BadCopiesOut <= wrongStage)
	v.expect("everybody else's copy kept back", v.Tried-v.BadCopiesOut, v.Held, v.Held == v.Tried-v.BadCopiesOut)
	return nil
}
