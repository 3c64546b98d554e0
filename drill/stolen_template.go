package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
)

// swap is one way of making the practice's own letter lead somewhere else.
type swap struct {
	name, says string
	host       func(*Practice) string
}

// swaps lists the variants in the order in which they run. The hosts are under
// reserved names (RFC 2606) or stand for services that answer nobody here:
// nothing is looked up, and the mail goes to the house's own receiving server.
func swaps() []swap {
	return []swap{
		{"look-alike-link", "a host that looks like the practice's own", func(p *Practice) string { return lookAlike(p.Domain) }},
		{"foreign-link", "a host nobody approved", func(*Practice) string { return "prize.invalid" }},
		{"shortened-link", "a link shortener", func(*Practice) string { return "bit.ly" }},
	}
}

// lookAlike puts other letters for those that look like them.
func lookAlike(domain string) string {
	return strings.NewReplacer("l", "1", "o", "0", "i", "1").Replace(strings.TrimSuffix(domain, ".example")) + ".example"
}

// stolenTemplate: two stolen accounts write, approve and order a letter that is
// the practice's own but for its link. Nothing about authority or approval is
// wrong with it.
func (r *Rehearsal) stolenTemplate(ctx context.Context, practices []*Practice, _ Options) (Report, error) {
	var report Report
	p := practices[0]
	var err error
	if report.Variants, report.seen, err = r.SwappedTemplates(ctx, p); err != nil {
		return report, err
	}
	r.tell("the practice sends its own recall")
	own, err := r.Recall(ctx, p)
	if err != nil {
		return report, err
	}
	v := Variant{Name: "own-recall", Says: "the practice sends its own recall meanwhile", Exercise: true}
	v.expect("the practice's own recall", cordon.DispatchOpen, own.State, own.State == cordon.DispatchOpen)
	v.settle()
	report.Variants = append(report.Variants, v)
	report.settle()
	return report, nil
}

// SwappedTemplates has the practice's two stolen accounts send each swapped
// letter to everyone, and judges what came of it; it also says what was kept back.
func (r *Rehearsal) SwappedTemplates(ctx context.Context, p *Practice) (all []Variant, seen []cordon.Question, err error) {
	for _, s := range swaps() {
		r.tell("%s: the practice's recall is copied, linked to %s, approved by the second stolen account, and sent to everyone", s.name, s.says)
		v, d, err := r.sendSwapped(ctx, p, s)
		if err != nil {
			return all, seen, fmt.Errorf("drill %s: %w", s.name, err)
		}
		all = append(all, v)
		if d.ID != "" {
			seen = append(seen, cordon.Question{Dispatch: d.ID})
		}
	}
	return all, seen, nil
}

// sendSwapped has the stolen accounts send one such letter to everyone.
func (r *Rehearsal) sendSwapped(ctx context.Context, p *Practice, s swap) (Variant, cordon.Dispatch, error) {
	v := Variant{Name: s.name, Says: "a copy of the practice's recall that links to " + s.says, Exercise: true}
	letter := RecallLetter(p)
	host := s.host(p)
	letter["html"] = strings.ReplaceAll(letter["html"].(string), "https://"+p.Domain+"/", "https://"+host+"/")
	letter["link_hosts"] = []string{host}
	template, version, err := r.approvedLetter(ctx, p, s.name, letter)
	if err != nil {
		return v, cordon.Dispatch{}, err
	}
	began := r.config.Now()
	author := r.operator
	author.as = p.Author
	body := map[string]any{"kind": cordon.Bulk, "template": template, "version": version, "audience": p.Audience, "exercise": true}
	var receipt struct{ Dispatch cordon.Dispatch }
	v.Tried = int64(len(p.Patients))
	err = author.call(ctx, http.MethodPost, p.path("/orders"), body, &receipt)
	var refused *problem
	switch {
	case errors.As(err, &refused) && refused.Status < 500:
		v.Refused = v.Tried
		v.expect("kept back at the door", true, true, true)
		v.settle()
		return v, receipt.Dispatch, nil
	case err != nil:
		return v, receipt.Dispatch, err
	}
	err = r.judgeSwapped(ctx, &v, receipt.Dispatch, stamp{began, r.config.Now()})
	return v, receipt.Dispatch, err
}

// judgeSwapped listens a while, and looks at what came of the letter.
func (r *Rehearsal) judgeSwapped(ctx context.Context, v *Variant, d cordon.Dispatch, at stamp) error {
	defer v.settle()
	if err := until(ctx, quiet, func() (bool, error) { return false, nil }); err != nil {
		return err
	}
	a, err := r.assess(ctx, url.Values{"dispatch": {string(d.ID)}})
	if err != nil {
		return err
	}
	v.BadCopiesOut, v.Held = a.Delivered+a.Unknown+a.InFlight, a.Held
	v.TTD = Millis(at.ended.Sub(at.began)) // held by the very answer
	v.expect("bad copies out", fmt.Sprintf("≤ %d", maxBadCopies), v.BadCopiesOut, v.BadCopiesOut <= maxBadCopies)
	v.expect("held for a person", cordon.DispatchHeld, d.State, d.State == cordon.DispatchHeld)
	v.expect("the reason names the link", true, reasoned(d.Reasons, "link"), reasoned(d.Reasons, "link"))
	return nil
}

// reasoned says whether one of the reasons speaks of the word.
func reasoned(reasons []cordon.Reason, word string) bool {
	for _, reason := range reasons {
		if strings.Contains(strings.ToLower(reason.Message), word) {
			return true
		}
	}
	return false
}
