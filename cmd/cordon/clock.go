package main

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) clockCommand() *cobra.Command {
	return noun("clock", "Legal clocks of incidents: an engineer's table, to be checked by counsel", sh.clockList(), sh.clockDecide())
}

func (sh *shell) clockList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [INCIDENT]", Short: "List legal clocks: what is due when, what is left, what is missing",
		Example: "  cordon clock list\n  cordon clock list INC-12 --tenant northside", Args: cobra.MaximumNArgs(1),
	}
	var tenant string
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q := url.Values{}
		if len(args) > 0 {
			q.Set("incident", args[0])
		}
		if tenant != "" {
			q.Set("tenant", tenant)
		}
		var p part[cordon.Clock]
		if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/clocks", query: q}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			var rows [][]string
			for _, c := range p.Items {
				state := string(c.Decision)
				if !c.MetAt.IsZero() {
					state += ", met"
				}
				rows = append(rows, []string{c.Regime.ID, c.Handle, state, stamp(c.DueAt), left(c), orDash(strings.Join(c.Missing, ", "))})
			}
			sh.table("REGIME TENANT DECISION DUE LEFT MISSING", rows)
		})
	}
	return cmd
}

// left is what is left of a clock's time.
func left(c cordon.Clock) string {
	switch {
	case !c.MetAt.IsZero():
		return "met"
	case c.DueAt.IsZero():
		return "no limit"
	}
	rest := time.Until(c.DueAt)
	text := "overdue by "
	if rest >= 0 {
		text = ""
	} else {
		rest = -rest
	}
	switch {
	case rest >= 48*time.Hour:
		text += count(int64(rest/(24*time.Hour))) + " days"
	case rest >= time.Hour:
		text += count(int64(rest/time.Hour)) + " h"
	default:
		text += count(int64(rest/time.Minute)) + " min"
	}
	return text + " (" + strconv.Itoa(c.Used) + " %)"
}

func (sh *shell) clockDecide() *cobra.Command {
	cmd := &cobra.Command{
		Use: "decide INCIDENT --regime REGIME --applies|--does-not-apply --because TEXT", Short: "Decide that a regime applies, or does not, because",
		Example: "  cordon clock decide INC-12 --regime gdpr-34 --does-not-apply --because 'no high risk: no data was shown to others' --as chief\n  cordon clock decide INC-12 --regime gdpr-33 --tenant northside --applies --met --because 'told on the web form, case 4711' --as chief", Args: cobra.ExactArgs(1),
	}
	var regime, tenant, because string
	var applies, doesNot, met bool
	cmd.Flags().StringVar(&regime, "regime", "", "regime's ID, as cordon clock list shows it")
	cmd.Flags().StringVar(&tenant, "tenant", "", "for this tenant, by ID or handle; left out: every one for which it is undecided")
	cmd.Flags().StringVar(&because, "because", "", "why; whoever reads it in six years was not there")
	cmd.Flags().BoolVar(&applies, "applies", false, "it applies")
	cmd.Flags().BoolVar(&doesNot, "does-not-apply", false, "it does not apply")
	cmd.Flags().BoolVar(&met, "met", false, "what it asks for was done; --because says how")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "regime", "because"); err != nil {
			return err
		}
		if applies == doesNot {
			return misused("--applies", "or --does-not-apply is missing", "say one of the two")
		}
		decision := cordon.ClockApplies
		if doesNot {
			decision = cordon.ClockDoesNot
		}
		body := map[string]any{"regime": regime, "decision": decision, "because": because}
		if tenant != "" {
			body["tenant"] = tenant
		}
		if met {
			body["met"] = true
		}
		var d struct {
			Count int64 `json:"count"`
		}
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/incidents/" + url.PathEscape(args[0]) + "/clocks", json: body}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() { sh.say("%s %s, for %s tenants: %s", regime, decision, count(d.Count), because) })
	}
	return cmd
}
