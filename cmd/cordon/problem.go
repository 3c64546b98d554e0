package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) problemCommand() *cobra.Command {
	return noun("problem", "What reports from outside come to", sh.problemList(), sh.problemShow(),
		sh.problemMove("take ID", "Take a problem up: somebody looks into it", "  cordon problem take prb_…", cordon.ProblemInvestigating),
		sh.problemMove("answer ID --outcome TEXT", "Say what came of it; every reporter who is owed it is mailed these words",
			"  cordon problem answer prb_… --outcome 'The letter was stopped. It should not have been sent.'", cordon.ProblemAnswered),
		sh.problemMove("close ID", "Close an answered problem", "  cordon problem close prb_…", cordon.ProblemClosed),
		sh.problemLink())
}

func (sh *shell) problemList() *cobra.Command {
	var tenant, incident string
	var whole bool
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List problems that wait for somebody, newest first",
		Example: "  cordon problem list\n  cordon problem list --all --tenant northside", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "only about mail of this tenant, by ID or handle")
	f.StringVar(&incident, "incident", "", "only of this incident")
	f.BoolVar(&whole, "all", false, "also those that are answered or closed")
	f.IntVar(&limit, "limit", 50, "at most so many; 0 lists all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"tenant": tenant, "incident": incident} {
			if value != "" {
				query.Set(name, value)
			}
		}
		if !whole {
			query.Set("open", "true")
		}
		problems, err := all[cordon.Problem](cmd.Context(), sh, "/v1/problems", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(problems, func() {
			var rows [][]string
			for _, p := range problems.Items {
				rows = append(rows, []string{p.Name(), p.Priority.String(), string(p.ID), string(p.State), count(p.Counts.Reporters), count(p.Counts.Authenticated), stamp(p.LastAt), p.Title})
			}
			sh.table("PROBLEM PRIORITY ID STATE REPORTERS VOUCHED LAST ABOUT", rows)
			sh.more(problems.Next)
		})
	}
	return cmd
}

func (sh *shell) problemShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a problem with its complaint rate", Example: "  cordon problem show prb_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p cordon.Problem
			if err := sh.ask(cmd.Context(), request{method: get, path: problemPath(args[0], "")}, &p); err != nil {
				return err
			}
			return sh.answer(p, func() { sh.showProblem(p) })
		},
	}
}

func problemPath(id, rest string) string { return "/v1/problems/" + url.PathEscape(id) + rest }

func (sh *shell) showProblem(p cordon.Problem) {
	sh.say("%s  %s  %s, %s: %s", p.Name(), p.ID, p.Priority, p.State, p.Title)
	sh.say("  reports      %s, by %s people; %s of them vouched for, %s say it was fine", count(p.Counts.Reports), count(p.Counts.Reporters), count(p.Counts.Authenticated), count(p.Counts.NotSpam))
	if p.Rate.HandedOver > 0 {
		sh.say("  complaints   %s of %s copies handed over (%.3f %%)", count(p.Rate.Complaints), count(p.Rate.HandedOver), 100*p.Rate.Share())
	}
	if p.Counts.Known > 0 {
		sh.say("  addresses    %s that a directory knows got mail of strangers", count(p.Counts.Known))
	}
	sh.say("  tenant       %s", orDash(string(p.Tenant)))
	sh.say("  dispatch     %s", orDash(string(p.Dispatch)))
	sh.say("  incident     %s", orDash(string(p.Incident)))
	sh.say("  opened       %s, newest report %s", stamp(p.OpenedAt), stamp(p.LastAt))
	if p.Outcome != "" {
		sh.say("  outcome      %s", p.Outcome)
	}
}

func (sh *shell) problemMove(use, short, example string, to cordon.ProblemState) *cobra.Command {
	var outcome string
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ExactArgs(1)}
	if to == cordon.ProblemAnswered {
		cmd.Flags().StringVar(&outcome, "outcome", "", "what came of it, in public words that name nobody")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if to == cordon.ProblemAnswered {
			if err := require(cmd.Flags(), "outcome"); err != nil {
				return err
			}
		}
		var got struct {
			Problem cordon.Problem `json:"problem"`
			Told    int            `json:"told"`
		}
		body := map[string]any{"state": to}
		if outcome != "" {
			body["outcome"] = outcome
		}
		if err := sh.ask(cmd.Context(), request{method: post, path: problemPath(args[0], "/settle"), json: body}, &got); err != nil {
			return err
		}
		return sh.answer(got, func() {
			sh.say("%s is %s", got.Problem.Name(), got.Problem.State)
			if to == cordon.ProblemAnswered {
				sh.say("%s reporters are told", count(int64(got.Told)))
			}
		})
	}
	return cmd
}

func (sh *shell) problemLink() *cobra.Command {
	var incident string
	cmd := &cobra.Command{
		Use: "link ID --incident INCIDENT", Short: "Make a problem part of an incident",
		Example: "  cordon problem link prb_… --incident inc_…", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&incident, "incident", "", "the incident, by ID")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "incident"); err != nil {
			return err
		}
		var p cordon.Problem
		if err := sh.ask(cmd.Context(), request{method: post, path: problemPath(args[0], "/link"), json: map[string]any{"incident": incident}}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() { sh.say("%s is part of %s", p.Name(), p.Incident) })
	}
	return cmd
}
