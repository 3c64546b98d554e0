package main

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// settling is what release and discard were asked to do.
type settling struct {
	verb   cordon.HoldVerb
	flags  holdFlags
	ids    []string
	all    bool
	yes    bool
	reason string
}

func (sh *shell) releaseCommand() *cobra.Command {
	return sh.settleCommand(cordon.HoldRelease, "Release what is held: every check again, by somebody else",
		"  cordon release dsp_… --tenant northside --as chief\n  cordon release --tenant northside --check ceilings --reason 'the recall is known' --yes")
}

func (sh *shell) discardCommand() *cobra.Command {
	return sh.settleCommand(cordon.HoldDiscard, "Discard what is held: its copies never leave",
		"  cordon discard dsp_… --tenant northside --as chief\n  cordon discard --key key_… --older-than 24h --reason 'stolen key' --yes")
}

func (sh *shell) settleCommand(verb cordon.HoldVerb, short, example string) *cobra.Command {
	s := settling{verb: verb}
	cmd := &cobra.Command{
		Use: string(verb) + " DISPATCH… | FILTER --reason TEXT --yes", Short: short,
		Long:    "One dispatch by its ID, or several: by their IDs or by a filter. Several are counted\nfirst, and nothing happens without --yes. Nobody settles what they ordered; above 100\ncopies (second_person_above) it takes two people: the first is noted and waits for 24 h,\nthe second gives the same command.",
		Example: example,
	}
	f := cmd.Flags()
	s.flags.add(f)
	f.BoolVar(&s.all, "all", false, "everything that is held, when no filter is given")
	f.BoolVar(&s.yes, "yes", false, "do it: without, several are only counted")
	f.StringVar(&s.reason, "reason", "", "why, in a few words; it goes into the ledger; needed for several")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.ids = args
		if err := s.check(); err != nil {
			return err
		}
		if len(args) == 1 && s.reason == "" {
			return sh.settleOne(cmd.Context(), s)
		}
		return sh.settleSeveral(cmd.Context(), s)
	}
	return cmd
}

func (s settling) check() error {
	if err := s.flags.validate(); err != nil {
		return err
	}
	alone := s.flags
	alone.tenant = ""
	switch {
	case len(s.ids) == 0 && !s.flags.narrow() && !s.all:
		return misused(string(s.verb), "names nothing", "name dispatches, a filter such as --tenant and --check, or say --all")
	case len(s.ids) > 0 && (alone.narrow() || s.all):
		return misused(string(s.verb), "names dispatches and a filter", "give one of the two")
	case s.yes && s.reason == "":
		return misused("--reason", "is missing", "give --reason")
	}
	return nil
}

// settleOne releases or discards one dispatch, as it always did.
func (sh *shell) settleOne(ctx context.Context, s settling) error {
	tenant, err := sh.tenantOfHold(ctx, s.flags.tenant, s.ids[0])
	if err != nil {
		return err
	}
	path := tenantPath(tenant, "/dispatches/"+url.PathEscape(s.ids[0])+"/"+string(s.verb))
	if s.verb == cordon.HoldRelease {
		var d heldOne
		if err := sh.ask(ctx, request{method: post, path: path}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() {
			if d.Asked != nil {
				sh.sayAsked(*d.Asked)
				return
			}
			sh.say("dispatch %s is %s: %s", d.ID, d.State, countsText(d.Counts))
		})
	}
	var d struct {
		ID    cordon.DispatchID `json:"id"`
		Cut   int64             `json:"cut"`
		Asked *cordon.HoldAsk   `json:"asked,omitempty"`
	}
	if err := sh.ask(ctx, request{method: post, path: path}, &d); err != nil {
		return err
	}
	return sh.answer(d, func() {
		if d.Asked != nil {
			sh.sayAsked(*d.Asked)
			return
		}
		sh.say("dispatch %s is discarded; %s copies never leave", d.ID, count(d.Cut))
	})
}

// heldOne is a dispatch after a release, or the first person's request for one.
type heldOne struct {
	cordon.Dispatch
	Asked *cordon.HoldAsk `json:"asked,omitempty"`
}

func (sh *shell) sayAsked(a cordon.HoldAsk) {
	sh.say("ASKED, not done: %s copies are more than one person may %s", count(a.Copies), a.Verb)
	sh.say("  a second person, who ordered none of it either, gives the same command before %s", stamp(a.Until))
}

// holdPreviewJSON is what an act would be about; the filter goes back as it came.
type holdPreviewJSON struct {
	Filter       json.RawMessage    `json:"filter"`
	Dispatches   int                `json:"dispatches"`
	Copies       int64              `json:"copies"`
	Beyond       int                `json:"beyond"`
	Own          int                `json:"own"`
	SecondPerson bool               `json:"second_person"`
	Token        string             `json:"token"`
	Asked        []cordon.HoldAsk   `json:"asked,omitempty"`
	ByTemplate   []cordon.HoldGroup `json:"by_template"`
	ByKey        []cordon.HoldGroup `json:"by_key"`
	ByCheck      []cordon.HoldGroup `json:"by_check"`
}

type outcomeJSON struct {
	Tenant   cordon.TenantID   `json:"tenant"`
	Dispatch cordon.DispatchID `json:"dispatch"`
	Copies   int64             `json:"copies"`
	Reason   string            `json:"reason,omitempty"`
}

type holdActJSON struct {
	Verb      cordon.HoldVerb `json:"verb"`
	Asked     *cordon.HoldAsk `json:"asked,omitempty"`
	Confirmed *cordon.HoldAsk `json:"confirmed,omitempty"`
	Released  []outcomeJSON   `json:"released,omitempty"`
	Discarded []outcomeJSON   `json:"discarded,omitempty"`
	StillHeld []outcomeJSON   `json:"still_held,omitempty"`
	Refused   []outcomeJSON   `json:"refused,omitempty"`
	Gone      []outcomeJSON   `json:"gone,omitempty"`
}

// settleSeveral counts first; with --yes it settles exactly what it counted.
func (sh *shell) settleSeveral(ctx context.Context, s settling) error {
	filter := map[string]any{}
	for name, value := range s.flags.values(time.Now()) {
		filter[name] = value
	}
	if len(s.ids) > 0 {
		filter["dispatches"] = s.ids
	}
	var p holdPreviewJSON
	if err := sh.ask(ctx, request{method: post, path: "/v1/holds/preview", json: map[string]any{"filter": filter}}, &p); err != nil {
		return err
	}
	sh.showHoldPreview(s, p)
	switch {
	case p.Dispatches == 0:
		return &cordon.Error{Code: cordon.Missing, Field: "holds", Message: "nothing that is held matches", Remedy: "cordon holds shows what is held"}
	case !s.yes:
		return misused("--yes", "is missing: nothing was done", "repeat with --reason TEXT --yes")
	}
	var got holdActJSON
	body := map[string]any{"filter": p.Filter, "expect": p.Token, "reason": s.reason}
	if err := sh.ask(ctx, request{method: post, path: "/v1/holds/" + string(s.verb), json: body}, &got); err != nil {
		return err
	}
	if err := sh.answer(got, func() { sh.showHoldAct(got) }); err != nil {
		return err
	}
	if len(got.StillHeld)+len(got.Refused) > 0 {
		return silent{1}
	}
	return nil
}

// showHoldPreview goes to stderr when the answer is for a program.
func (sh *shell) showHoldPreview(s settling, p holdPreviewJSON) {
	say := sh.say
	if sh.json {
		say = sh.note
	}
	say("%s would be about %s dispatches, %s copies", s.verb, count(int64(p.Dispatches)), count(p.Copies))
	for _, part := range []struct {
		title string
		list  []cordon.HoldGroup
		name  func(cordon.HoldGroup) string
	}{
		{"by letter", p.ByTemplate, func(g cordon.HoldGroup) string { return string(g.Template) }},
		{"by sender", p.ByKey, func(g cordon.HoldGroup) string {
			if g.Key != "" {
				return string(g.Key)
			}
			return orDash(string(g.Account))
		}},
		{"by check", p.ByCheck, func(g cordon.HoldGroup) string { return g.Check }},
	} {
		for i, g := range part.list {
			title := part.title
			if i > 0 {
				title = ""
			}
			say("  %-10s %s: %s dispatches, %s copies", title, part.name(g), count(int64(g.Dispatches)), count(g.Copies))
		}
	}
	if p.Own > 0 {
		say("  %s of them were ordered by you, and stay held", count(int64(p.Own)))
	}
	if p.Beyond > 0 {
		say("  %s more match; one act takes 1,000, the oldest first", count(int64(p.Beyond)))
	}
	if p.SecondPerson {
		say("  it takes two people, neither of whom ordered any of it")
	}
	for _, a := range p.Asked {
		say("  %s asked to %s exactly these before %s", a.By, a.Verb, stamp(a.Until))
	}
}

func (sh *shell) showHoldAct(got holdActJSON) {
	if got.Asked != nil {
		sh.sayAsked(*got.Asked)
		return
	}
	for _, part := range []struct {
		word string
		list []outcomeJSON
	}{{"RELEASED", got.Released}, {"DISCARDED", got.Discarded}, {"STILL HELD", got.StillHeld}, {"REFUSED", got.Refused}, {"GONE", got.Gone}} {
		for _, o := range part.list {
			sh.say("%-10s  %s  %s copies  %s", part.word, o.Dispatch, count(o.Copies), o.Reason)
		}
	}
	if got.Confirmed != nil {
		sh.say("  confirmed what %s had asked for", got.Confirmed.By)
	}
}
