package main

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
)

func (sh *shell) incidentCommand() *cobra.Command {
	return noun("incident", "What went wrong, from the first signal to the last apology",
		sh.incidentList(), sh.incidentShow(), sh.incidentOpen(), sh.incidentMove(), sh.incidentChange(), sh.incidentAssign(),
		sh.incidentNote(), sh.incidentTimeline(), sh.incidentTask(), sh.incidentScope(), sh.incidentLink(), sh.incidentRecovered(),
		sh.incidentOwed(), sh.incidentDamage(), sh.incidentFigures(), sh.incidentAffected(), sh.incidentMerge(), sh.incidentDecline(),
		sh.incidentReview(), sh.incidentMeasures(), sh.incidentPlaybook(), sh.incidentEndExercise())
}

// incidentRest is a path below an incident.
func incidentRest(ref, rest string) string { return "/v1/incidents/" + url.PathEscape(ref) + rest }

// drillMark is what stands before everything said about an exercise.
func drillMark(exercise bool) string {
	if exercise {
		return "EXERCISE "
	}
	return ""
}

func (sh *shell) incidentList() *cobra.Command {
	var tenant, kind string
	var open, realOnes, exercises bool
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List incidents, newest first", Args: cobra.NoArgs,
		Example: "  cordon incident list --open\n  cordon incident list --tenant northside --json",
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "only those that touch this tenant, by ID or handle")
	f.StringVar(&kind, "kind", "", "template-abuse, account-takeover, list-storm, address-leak or other")
	f.BoolVar(&open, "open", false, "only those in which something is left to contain, mend or tell")
	f.BoolVar(&realOnes, "real", false, "without those of exercises")
	f.BoolVar(&exercises, "exercises", false, "only those of exercises")
	f.IntVar(&limit, "limit", 50, "rows at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"tenant": tenant, "kind": kind} {
			if value != "" {
				query.Set(name, value)
			}
		}
		for name, on := range map[string]bool{"open": open, "real": realOnes, "exercises": exercises} {
			if on {
				query.Set(name, "true")
			}
		}
		list, err := all[cordon.Incident](cmd.Context(), sh, "/v1/incidents", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(list, func() {
			var rows [][]string
			for _, i := range list.Items {
				rows = append(rows, []string{i.Name(), i.Severity.String(), string(i.State), string(i.Kind), stamp(i.OpenedAt), orDash(string(i.Roles[cordon.RoleCommander])), drillMark(i.Exercise) + i.Title})
			}
			sh.table("INCIDENT SEVERITY STATE KIND OPENED COMMANDER TITLE", rows)
			sh.more(list.Next)
		})
	}
	return cmd
}

func (sh *shell) incidentShow() *cobra.Command {
	return &cobra.Command{
		Use: "show INCIDENT", Short: "Show an incident: where it stands, the damage, what is owed",
		Example: "  cordon incident show INC-12", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var i cordon.Incident
			if err := sh.ask(cmd.Context(), request{method: get, path: incidentRest(args[0], "")}, &i); err != nil {
				return err
			}
			if sh.json {
				return sh.answer(i, nil)
			}
			return sh.showIncident(cmd.Context(), i)
		},
	}
}

func (sh *shell) showIncident(ctx context.Context, i cordon.Incident) error {
	sh.sayIncident(i)
	ref := string(i.ID)
	var d damageJSON
	if err := sh.ask(ctx, request{method: get, path: incidentRest(ref, "/damage")}, &d); err != nil {
		return err
	}
	sh.say("")
	sh.showDamage(d)
	tasks, err := all[cordon.IncidentTask](ctx, sh, incidentRest(ref, "/tasks"), whole(), 0)
	if err != nil {
		return err
	}
	if len(tasks.Items) > 0 {
		sh.say("")
		sh.sayTasks(tasks.Items)
	}
	owed, err := all[cordon.Debt](ctx, sh, incidentRest(ref, "/owed"), whole(), 0)
	if err != nil {
		return err
	}
	sh.say("")
	sh.sayOwed(owed.Items)
	return nil
}

func (sh *shell) sayIncident(i cordon.Incident) {
	sh.say("%s%s  %s  %s", drillMark(i.Exercise), i.Name(), i.Severity, strings.ToUpper(string(i.State)))
	sh.say("%s", i.Title)
	sh.say("")
	sh.say("  kind       %s%s", i.Kind, map[bool]string{true: ", public: announcements are owed"}[i.Public])
	sh.say("  opened     %s by %s", stamp(i.OpenedAt), orDash(i.OpenedBy))
	sh.say("  contained  %s", stamp(i.ContainedAt))
	sh.say("  resolved   %s", stamp(i.ResolvedAt))
	for _, role := range cordon.IncidentRoles() {
		if holder := i.Roles[role]; holder != "" {
			sh.say("  %-10s %s", role, holder)
		}
	}
	sh.say("  id         %s, version %d", i.ID, i.Version)
}

func (sh *shell) incidentOpen() *cobra.Command {
	var title, kind, severity, tenant, text string
	var public bool
	var scope badScopeFlags
	cmd := &cobra.Command{
		Use: "open --title TEXT", Short: "Open an incident by hand; somebody is paged", Args: cobra.NoArgs,
		Example: "  cordon incident open --title 'Letters with the wrong date' --severity SEV-3 --tenant northside --dispatch dsp_…",
	}
	f := cmd.Flags()
	f.StringVar(&title, "title", "", "what went wrong, in a few words, without anybody's name or address")
	f.StringVar(&kind, "kind", "", "template-abuse, account-takeover, list-storm, address-leak or other")
	f.StringVar(&severity, "severity", "", "SEV-1 (worst) to SEV-5; left out, SEV-1: if unsure, the higher")
	f.StringVar(&tenant, "tenant", "", "whose it is, by ID or handle")
	f.StringVar(&text, "text", "", "the first line of its timeline")
	f.BoolVar(&public, "public", false, "announcements are owed")
	scope.add(f)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "title"); err != nil {
			return err
		}
		body := map[string]any{"title": title, "public": public}
		for name, value := range map[string]string{"kind": kind, "severity": severity, "tenant": tenant, "text": text} {
			if value != "" {
				body[name] = value
			}
		}
		row, err := scope.row(tenant)
		if err != nil {
			return err
		}
		if len(row) > 0 {
			body["scope"] = []any{row}
		}
		return sh.incidentAct(cmd.Context(), request{method: post, path: "/v1/incidents", json: body}, "opened")
	}
	return cmd
}

// badScopeFlags say which dispatches are the bad ones.
type badScopeFlags struct{ dispatch, key, account, template, from, until string }

func (s *badScopeFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.dispatch, "dispatch", "", "bad: this dispatch")
	f.StringVar(&s.key, "key", "", "bad: what this key sent")
	f.StringVar(&s.account, "account", "", "bad: what this account sent")
	f.StringVar(&s.template, "template", "", "bad: what was sent with this template, by ID, or by handle together with --tenant")
	f.StringVar(&s.from, "from", "", "accepted at or after: 2026-11-22T00:00:00Z, or -2h")
	f.StringVar(&s.until, "until", "", "accepted before")
}

// row is the row of scope as the house takes it; empty when none is named.
func (s *badScopeFlags) row(tenant string) (map[string]any, error) {
	row := map[string]any{}
	for name, value := range map[string]string{"dispatch": s.dispatch, "key": s.key, "account": s.account, "template": s.template} {
		if value != "" {
			row[name] = value
		}
	}
	for name, value := range map[string]string{"from": s.from, "until": s.until} {
		if value == "" {
			continue
		}
		at, err := moment(value, time.Now())
		if err != nil {
			return nil, misused("--"+name, "is not a time", "write 2026-11-22T00:00:00Z, or -2h")
		}
		row[name] = at.Format(time.RFC3339Nano)
	}
	if len(row) > 0 && tenant != "" && s.dispatch == "" {
		row["tenant"] = tenant
	}
	return row, nil
}

// incidentAct makes a call that answers with the incident as it stands then.
func (sh *shell) incidentAct(ctx context.Context, r request, did string) error {
	var i cordon.Incident
	if err := sh.ask(ctx, r, &i); err != nil {
		return err
	}
	return sh.answer(i, func() {
		sh.say("%s%s %s: %s, %s", drillMark(i.Exercise), i.Name(), did, i.Severity, i.State)
	})
}

// incidentDid makes a call that has nothing to answer.
func (sh *shell) incidentDid(ctx context.Context, r request, ref, did string) error {
	if err := sh.ask(ctx, r, nil); err != nil {
		return err
	}
	return sh.answer(map[string]string{"incident": ref, "did": did}, func() { sh.say("%s: %s", ref, did) })
}

func (sh *shell) incidentTimeline() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "timeline INCIDENT", Short: "Read the timeline, oldest first; no line is ever changed",
		Example: "  cordon incident timeline INC-12", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().IntVar(&limit, "limit", 200, "the newest so many lines; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		lines, err := all[cordon.IncidentLine](cmd.Context(), sh, incidentRest(args[0], "/timeline"), nil, limit)
		if err != nil {
			return err
		}
		if limit > 0 && len(lines.Items) > limit {
			lines.Items = lines.Items[:limit]
		}
		return sh.answer(lines, func() {
			for n := len(lines.Items) - 1; n >= 0; n-- {
				l := lines.Items[n]
				sh.say("%4d  %s  %-8s  %s  %s", l.Num, stamp(l.At), l.Kind, orDash(l.By), l.Text)
			}
			sh.more(lines.Next)
		})
	}
	return cmd
}

func (sh *shell) incidentOwed() *cobra.Command {
	return &cobra.Command{
		Use: "owed INCIDENT", Short: "List what is still owed; it cannot be resolved before",
		Long:    "List what is still owed before the incident can be resolved. The exit status is 1\nwhile anything is.",
		Example: "  cordon incident owed INC-12", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			owed, err := all[cordon.Debt](cmd.Context(), sh, incidentRest(args[0], "/owed"), whole(), 0)
			if err != nil {
				return err
			}
			if err := sh.answer(owed, func() { sh.sayOwed(owed.Items) }); err != nil {
				return err
			}
			if len(owed.Items) > 0 {
				return silent{1}
			}
			return nil
		},
	}
}

func (sh *shell) sayOwed(owed []cordon.Debt) {
	if len(owed) == 0 {
		sh.say("nothing is owed")
		return
	}
	sh.say("OWED  %s", count(int64(len(owed))))
	for _, d := range owed {
		text := d.Text
		if d.Count > 1 {
			text += " (" + count(d.Count) + ")"
		}
		if d.Subject != "" {
			text += "  " + d.Subject
		}
		sh.say("  %-20s %s", d.Kind, text)
	}
}

func (sh *shell) incidentDamage() *cobra.Command {
	return &cobra.Command{
		Use: "damage INCIDENT", Short: "Size the damage: exactly the bad copies, now",
		Example: "  cordon incident damage INC-12 --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var d damageJSON
			if err := sh.ask(cmd.Context(), request{method: get, path: incidentRest(args[0], "/damage")}, &d); err != nil {
				return err
			}
			return sh.answer(d, func() { sh.showDamage(d) })
		},
	}
}

// figureJSON is a figure as the house answers it.
type figureJSON struct {
	cordon.Figure
	Text string `json:"text"`
}

func (sh *shell) incidentFigures() *cobra.Command {
	return &cobra.Command{
		Use: "figures INCIDENT", Short: "Every figure that a text may quote as {{name}}",
		Example: "  cordon incident figures INC-12", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := all[figureJSON](cmd.Context(), sh, incidentRest(args[0], "/figures"), whole(), 0)
			if err != nil {
				return err
			}
			return sh.answer(list, func() {
				var rows [][]string
				for _, f := range list.Items {
					rows = append(rows, []string{f.Name, f.Text})
				}
				sh.table("FIGURE VALUE", rows)
			})
		},
	}
}

func (sh *shell) incidentAffected() *cobra.Command {
	var tenant string
	var asCSV bool
	var limit int
	cmd := &cobra.Command{
		Use: "affected INCIDENT", Short: "Whoever got a bad copy, or perhaps did: each person once",
		Example: "  cordon incident affected INC-12 --csv > affected.csv\n  cordon incident affected INC-12 --tenant northside", Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "only this tenant's people, by ID or handle")
	f.BoolVar(&asCSV, "csv", false, "all of them, as CSV")
	f.IntVar(&limit, "limit", 50, "rows at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		query := url.Values{}
		if tenant != "" {
			query.Set("tenant", tenant)
		}
		if asCSV && sh.json {
			return misused("--csv", "does not go with --json", "give one or the other")
		}
		if asCSV {
			return sh.incidentCSV(cmd.Context(), request{method: get, path: incidentRest(args[0], "/affected.csv"), query: query})
		}
		list, err := all[cordon.Affected](cmd.Context(), sh, incidentRest(args[0], "/affected"), query, limit)
		if err != nil {
			return err
		}
		return sh.answer(list, func() {
			var rows [][]string
			for _, a := range list.Items {
				rows = append(rows, []string{string(a.Recipient), orDash(a.ExternalRef), string(a.State), string(a.Dispatch), stamp(a.At)})
			}
			sh.table("RECIPIENT REFERENCE STATE DISPATCH AT", rows)
			sh.more(list.Next)
		})
	}
	return cmd
}

func (sh *shell) incidentCSV(ctx context.Context, r request) error {
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(sh.out, resp.Body); err != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "the list broke off: what is there is not the whole", Remedy: "ask again"}
	}
	return nil
}
