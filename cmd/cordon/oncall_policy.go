package main

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

const stepHelp = "a step: how long until the next, and whom: '10m primary', '5m primary/2,@Anna' (a layer, a person; _ for spaces)"

func (sh *shell) policyCreate() *cobra.Command {
	var name string
	var steps []string
	var repeats int
	cmd := &cobra.Command{
		Use: "create HANDLE --step …", Short: "Make an escalation policy; the first one takes every page",
		Example: "  cordon oncall policy create default --step '10m primary' --step '10m primary/2' --step '15m @Duty_manager' --repeats 2", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&name, "name", "", "name, for people")
	cmd.Flags().StringArrayVar(&steps, "step", nil, stepHelp)
	cmd.Flags().IntVar(&repeats, "repeats", 0, "how often the steps are gone through again, 0 to 5")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "step"); err != nil {
			return err
		}
		var all []cordon.EscalationStep
		for _, text := range steps {
			s, err := sh.step(cmd.Context(), text)
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		body := map[string]any{"handle": args[0], "steps": all, "repeats": repeats}
		putText(body, "name", name)
		var p cordon.Policy
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/policies", json: body}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			sh.say("policy %s (%s), %d steps, gone through %d times", p.Handle, p.ID, len(p.Steps), p.Repeats+1)
		})
	}
	return cmd
}

// step reads '10m primary/2,@Anna'.
func (sh *shell) step(ctx context.Context, text string) (cordon.EscalationStep, error) {
	wait, whom, _ := strings.Cut(strings.TrimSpace(text), " ")
	d, err := time.ParseDuration(wait)
	if err != nil {
		return cordon.EscalationStep{}, misused("--step", "does not take "+text, stepHelp)
	}
	s := cordon.EscalationStep{}
	if s.Minutes, err = minutesOf(d); err != nil {
		return s, misused("--step", err.Error(), stepHelp)
	}
	for ref := range strings.SplitSeq(whom, ",") {
		ref = strings.TrimSpace(ref)
		if person, ok := strings.CutPrefix(ref, "@"); ok {
			id, err := sh.contactID(ctx, strings.ReplaceAll(person, "_", " "))
			if err != nil {
				return s, err
			}
			s.Targets = append(s.Targets, cordon.PageTarget{Contact: id})
			continue
		}
		handle, layer, _ := strings.Cut(ref, "/")
		var shown scheduleShown
		if err := sh.ask(ctx, request{method: get, path: "/v1/oncall/schedules/" + url.PathEscape(handle), query: url.Values{"weeks": {"1"}}}, &shown); err != nil {
			return s, err
		}
		t := cordon.PageTarget{Schedule: shown.Schedule.ID}
		if layer != "" {
			if t.Layer, err = strconv.Atoi(layer); err != nil {
				return s, misused("--step", "does not take "+text, stepHelp)
			}
		}
		s.Targets = append(s.Targets, t)
	}
	return s, nil
}

func (sh *shell) policyList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List escalation policies, and which pages they take", Example: "  cordon oncall policy list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got struct {
				Policies []cordon.Policy      `json:"policies"`
				Routes   []cordon.PolicyRoute `json:"routes"`
			}
			var policies part[cordon.Policy]
			var routes part[cordon.PolicyRoute]
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall/policies"}, &policies); err != nil {
				return err
			}
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall/routes"}, &routes); err != nil {
				return err
			}
			got.Policies, got.Routes = policies.Items, routes.Items
			return sh.answer(got, func() {
				var rows [][]string
				for _, p := range got.Policies {
					rows = append(rows, []string{p.Handle, p.Name, strconv.Itoa(len(p.Steps)), strconv.Itoa(p.Repeats), routesText(got.Routes, p.ID)})
				}
				sh.table("POLICY NAME STEPS REPEATS TAKES", rows)
			})
		},
	}
}

// routesText is which pages a policy takes, in words.
func routesText(routes []cordon.PolicyRoute, id cordon.PolicyID) string {
	var said []string
	for _, r := range routes {
		if r.Policy != id {
			continue
		}
		text := "every page"
		switch {
		case r.Role != "" && r.Severity != 0:
			text = string(r.Role) + " from " + r.Severity.String()
		case r.Role != "":
			text = string(r.Role)
		case r.Severity != 0:
			text = "from " + r.Severity.String()
		}
		said = append(said, text)
	}
	if len(said) == 0 {
		return "nothing"
	}
	return strings.Join(said, "; ")
}

func (sh *shell) policyRoute() *cobra.Command {
	var role, severity, policy string
	var none bool
	cmd := &cobra.Command{
		Use: "route [--role R] [--severity S] (--policy P | --none)", Short: "Say which policy takes the pages of a role, or from a severity upwards",
		Long:    "Say which policy takes the pages of a role, or from a severity upwards; with neither,\nthe pages that no other route takes. The role counts before the severity.",
		Example: "  cordon oncall policy route --policy default\n  cordon oncall policy route --role customer-liaison --policy desk\n  cordon oncall policy route --severity SEV-2 --none", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&role, "role", "", "commander, deputy, scribe, customer-liaison or internal-liaison")
	cmd.Flags().StringVar(&severity, "severity", "", "this severity and worse")
	cmd.Flags().StringVar(&policy, "policy", "", "policy that takes them")
	cmd.Flags().BoolVar(&none, "none", false, "take the route away")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if none == (policy != "") {
			return misused("--policy", "or --none must be given", "give one of them")
		}
		body := map[string]any{}
		putText(body, "role", role)
		putText(body, "severity", severity)
		putText(body, "policy", policy)
		if err := sh.ask(cmd.Context(), request{method: put, path: "/v1/oncall/routes", json: body}, nil); err != nil {
			return err
		}
		return sh.answer(body, func() { sh.say("routed") })
	}
	return cmd
}

func (sh *shell) policyRemove() *cobra.Command {
	return sh.onCallDo("remove POLICY", "Remove a policy that takes no page", "  cordon oncall policy remove desk", func(args []string) (request, string) {
		return request{method: del, path: "/v1/oncall/policies/" + url.PathEscape(args[0])}, "removed"
	}, 1)
}
