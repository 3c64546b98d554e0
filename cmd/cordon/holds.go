package main

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
)

// holdFlags choose held dispatches; whatever is given must match.
type holdFlags struct {
	tenant, template, key, account, check, kind string
	older, newer                                time.Duration
}

func (h *holdFlags) add(f *pflag.FlagSet) {
	f.StringVar(&h.tenant, "tenant", "", "only this tenant's, by ID or handle")
	f.StringVar(&h.template, "template", "", "only of this template, by ID, or by handle together with --tenant")
	f.StringVar(&h.key, "key", "", "only what this key ordered")
	f.StringVar(&h.account, "account", "", "only what this account and its keys ordered")
	f.StringVar(&h.check, "check", "", "only what this check held, as the reasons name it")
	f.StringVar(&h.kind, "kind", "", "only bulk, or only single")
	f.DurationVar(&h.older, "older-than", 0, "only what has waited longer: 24h")
	f.DurationVar(&h.newer, "newer-than", 0, "only what has waited less: 1h")
}

func (h *holdFlags) validate() error {
	if h.kind != "" && h.kind != string(cordon.Bulk) && h.kind != string(cordon.Single) {
		return misused("--kind", "must be bulk or single", "")
	}
	if h.older < 0 || h.newer < 0 {
		return misused("--older-than", "is less than nothing", "write a length of time: 24h")
	}
	return nil
}

// narrow says whether any of them chooses; a tenant alone does.
func (h *holdFlags) narrow() bool {
	return h.tenant+h.template+h.key+h.account+h.check+h.kind != "" || h.older > 0 || h.newer > 0
}

func (h *holdFlags) values(now time.Time) map[string]string {
	v := map[string]string{}
	for _, p := range [][2]string{{"tenant", h.tenant}, {"template", h.template}, {"key", h.key}, {"account", h.account}, {"check", h.check}, {"kind", h.kind}} {
		if p[1] != "" {
			v[p[0]] = p[1]
		}
	}
	if h.older > 0 {
		v["until"] = now.Add(-h.older).UTC().Format(time.RFC3339)
	}
	if h.newer > 0 {
		v["from"] = now.Add(-h.newer).UTC().Format(time.RFC3339)
	}
	return v
}

// heldJSON is one line of the queue.
type heldJSON struct {
	cordon.Dispatch
	Asked []cordon.HoldAsk `json:"asked,omitempty"`
}

func (sh *shell) holdsCommand() *cobra.Command {
	var flags holdFlags
	var limit int
	var oldest bool
	cmd := &cobra.Command{
		Use: "holds", Short: "List what is held for a person",
		Long:    "List what is held: accepted, but kept for a person because a check was not sure.\nNothing of it leaves before somebody else than its sender releases it.",
		Example: "  cordon holds\n  cordon holds --tenant northside --check ceilings --older-than 24h\n  cordon hold show dsp_…",
		Args:    cobra.NoArgs,
	}
	flags.add(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 100, "rows, at most; 0 for all")
	cmd.Flags().BoolVar(&oldest, "oldest", false, "the oldest first")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := flags.validate(); err != nil {
			return err
		}
		query := url.Values{}
		for name, value := range flags.values(time.Now()) {
			query.Set(name, value)
		}
		if oldest {
			query.Set("order", "oldest")
		}
		found, err := all[heldJSON](cmd.Context(), sh, "/v1/holds", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(found, func() { sh.showHolds(cmd.Context(), found) })
	}
	return cmd
}

func (sh *shell) showHolds(ctx context.Context, found part[heldJSON]) {
	if len(found.Items) == 0 {
		sh.say("nothing is held")
		return
	}
	names := sh.tenantHandles(ctx)
	var rows [][]string
	for _, d := range found.Items {
		tenant := names[d.Tenant]
		if tenant == "" {
			tenant = string(d.Tenant)
		}
		rows = append(rows, []string{string(d.ID), tenant, string(d.Kind), stamp(d.AcceptedAt), count(int64(d.Recipients)), string(d.Template) + "@" + strconv.Itoa(d.Version), d.Actor})
	}
	sh.table("DISPATCH TENANT KIND ACCEPTED COPIES LETTER BY", rows)
	sh.more(found.Next)
	for _, d := range found.Items {
		for _, r := range d.Reasons {
			if r.Decision.Effective() == cordon.Hold {
				sh.say("%s  %s: %s", d.ID, r.Check, r.Message)
			}
		}
		for _, a := range d.Asked {
			sh.say("%s  %s", d.ID, askText(a))
		}
	}
}

// askText says who asked for what and waits for a second person.
func askText(a cordon.HoldAsk) string {
	return a.By + " asked to " + string(a.Verb) + " it; a second person must confirm before " + stamp(a.Until)
}

// checkJSON is what one check said.
type checkJSON struct {
	Check    string   `json:"check"`
	Decision string   `json:"decision"`
	Messages []string `json:"messages"`
}

// holdJSON is one held dispatch with what a person needs to decide on it.
type holdJSON struct {
	Dispatch cordon.Dispatch `json:"dispatch"`
	Held     []checkJSON     `json:"held"`
	Now      struct {
		At       time.Time   `json:"at"`
		Decision string      `json:"decision"`
		Checks   []checkJSON `json:"checks"`
	} `json:"now"`
	Audience     string               `json:"audience,omitempty"`
	Letter       *heldLetterJSON      `json:"letter,omitempty"`
	History      cordon.SenderHistory `json:"history"`
	SecondPerson bool                 `json:"second_person"`
	Asked        []cordon.HoldAsk     `json:"asked,omitempty"`
	Own          bool                 `json:"own"`
}

type heldLetterJSON struct {
	Version int    `json:"version"`
	State   string `json:"state"`
	Sample  struct {
		Subject string `json:"subject"`
		Text    string `json:"text"`
		HTML    string `json:"html,omitempty"`
	} `json:"sample"`
	Fault   string `json:"fault,omitempty"`
	Newer   int    `json:"newer,omitempty"`
	Against *struct {
		Version    int       `json:"version"`
		ApprovedAt time.Time `json:"approved_at"`
		Approved   bool      `json:"approved"`
		Parts      []struct {
			Part  string `json:"part"`
			Lines []struct {
				Op   string `json:"op"`
				Text string `json:"text"`
			} `json:"lines"`
			Rough bool `json:"rough,omitempty"`
		} `json:"parts"`
	} `json:"against,omitempty"`
}

func (sh *shell) holdCommand() *cobra.Command {
	var tenant string
	show := &cobra.Command{
		Use: "show DISPATCH", Short: "Show a held dispatch: why, a sample with invented data, what changed, its sender's history",
		Example: "  cordon hold show dsp_… --tenant northside", Args: cobra.ExactArgs(1),
	}
	show.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle; looked up when it is left out")
	show.RunE = func(cmd *cobra.Command, args []string) error {
		at, err := sh.tenantOfHold(cmd.Context(), tenant, args[0])
		if err != nil {
			return err
		}
		var h holdJSON
		if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(at, "/holds/"+url.PathEscape(args[0]))}, &h); err != nil {
			return err
		}
		return sh.answer(h, func() { sh.showHold(h) })
	}
	return noun("hold", "Look at one held dispatch", show)
}

// tenantOfHold is the tenant given, or the one whose held dispatch this is.
func (sh *shell) tenantOfHold(ctx context.Context, tenant, dispatch string) (string, error) {
	if tenant != "" {
		return tenant, nil
	}
	if !cordon.DispatchID(dispatch).Valid() {
		return "", &cordon.Error{Code: cordon.Missing, Field: "dispatch", Message: "is not a dispatch ID", Remedy: "cordon holds shows what is held"}
	}
	found, err := all[heldJSON](ctx, sh, "/v1/holds", url.Values{"dispatch": {dispatch}}, 1)
	if err != nil {
		return "", err
	}
	if len(found.Items) == 0 {
		return "", &cordon.Error{Code: cordon.Missing, Field: "dispatch", Message: "is not held, or not yours", Remedy: "cordon holds shows what is held"}
	}
	return string(found.Items[0].Tenant), nil
}

func (sh *shell) showHold(h holdJSON) {
	d := h.Dispatch
	sh.say("HELD  %s  %s", d.ID, d.Kind)
	sh.say("  %s copies of %s@%d, ordered by %s on %s", count(int64(d.Recipients)), d.Template, d.Version, d.Actor, stamp(d.AcceptedAt))
	if h.Audience != "" {
		sh.say("  to the audience %s", h.Audience)
	}
	sh.say("")
	sh.say("why it is held")
	sh.showChecks(h.Held)
	sh.say("judged again now: %s (nothing was recorded)", h.Now.Decision)
	sh.showChecks(h.Now.Checks)
	if l := h.Letter; l != nil {
		sh.showHeldLetter(l)
	}
	sh.say("")
	sh.say("the sender, first seen %s", stamp(h.History.FirstAt))
	sh.say("  copies a day, the last 28: %s", strings.Join(daysText(h.History.Days), " "))
	for _, p := range h.History.Holds {
		sh.say("  %s  held by %s, %s copies: %s", p.Dispatch, orDash(strings.Join(p.Checks, ", ")), count(int64(p.Recipients)), pastText(p.State))
	}
	for _, a := range h.Asked {
		sh.say("  %s", askText(a))
	}
	switch {
	case h.Own:
		sh.say("  you ordered it: somebody else must settle it")
	case h.SecondPerson:
		sh.say("  it takes two people, neither of whom ordered it")
	}
	sh.say("  cordon release %s --tenant %s   or   cordon discard %s --tenant %s", d.ID, d.Tenant, d.ID, d.Tenant)
}

func (sh *shell) showChecks(checks []checkJSON) {
	for _, c := range checks {
		for _, m := range c.Messages {
			sh.say("  %-8s %s: %s", c.Decision, c.Check, m)
		}
	}
}

func (sh *shell) showHeldLetter(l *heldLetterJSON) {
	sh.say("")
	sh.say("the letter, version %d, %s, with invented data", l.Version, l.State)
	if l.Fault != "" {
		sh.say("  %s", l.Fault)
	}
	sh.say("  subject  %s", l.Sample.Subject)
	for line := range strings.SplitSeq(strings.TrimRight(l.Sample.Text, "\n"), "\n") {
		sh.say("  | %s", line)
	}
	if l.Newer > 0 {
		sh.say("  version %d is newer and approved", l.Newer)
	}
	b := l.Against
	switch {
	case b == nil:
		sh.say("no earlier version of this template was ever approved")
		return
	case len(b.Parts) == 0:
		sh.say("the same text as version %d", b.Version)
		return
	}
	sh.say("what changed since version %d, approved %s", b.Version, stamp(b.ApprovedAt))
	marks := map[string]string{"added": "+", "removed": "-", "same": " "}
	for _, p := range b.Parts {
		sh.say("  %s", p.Part)
		for _, line := range p.Lines {
			if mark, known := marks[line.Op]; known {
				sh.say("  %s %s", mark, line.Text)
			} else {
				sh.say("    …")
			}
		}
	}
}

func daysText(days []cordon.DayCopies) []string {
	out := make([]string, len(days))
	for i, d := range days {
		out[i] = count(d.Copies)
	}
	return out
}

func pastText(s cordon.DispatchState) string {
	switch s {
	case cordon.DispatchHeld:
		return "waits still"
	case cordon.DispatchDiscarded:
		return "discarded"
	}
	return "released"
}
