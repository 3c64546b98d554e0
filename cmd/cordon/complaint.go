package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) complaintCommand() *cobra.Command {
	return noun("complaint", "What recipients and feedback loops complain about", sh.complaintAdd(), sh.complaintList())
}

func (sh *shell) complaintAdd() *cobra.Command {
	var tenant, dispatch, recipient, kind, source string
	var authenticated bool
	cmd := &cobra.Command{
		Use: "add --tenant TENANT --dispatch D --recipient R", Short: "Record a complaint about one copy",
		Long: "Record a complaint about one copy, once for each recipient. Say --authenticated only\nwhen you vouch for it: it came by a feedback loop whose signature was verified, or in\nperson. Only such count towards a stop; without it a person is asked to look, and\nnothing is stopped.",
		Example: "  cordon complaint add --tenant northside --dispatch dsp_… --recipient rcp_… --authenticated\n" +
			"  cordon complaint add --tenant northside --dispatch dsp_… --recipient rcp_… --kind not-me", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	f.StringVar(&dispatch, "dispatch", "", "the dispatch whose copy it is about")
	f.StringVar(&recipient, "recipient", "", "who got the copy, by ID")
	f.StringVar(&kind, "kind", string(cordon.ComplaintUnwanted), "complaint: unwanted mail; not-me: somebody sends in the sender's name")
	f.BoolVar(&authenticated, "authenticated", false, "you vouch for it")
	f.StringVar(&source, "source", "", "who passes it on: a feedback loop's name, never an address")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(f, "tenant", "dispatch", "recipient"); err != nil {
			return err
		}
		if kind != string(cordon.ComplaintUnwanted) && kind != string(cordon.ComplaintNotMe) {
			return misused("--kind", "must be complaint or not-me", "")
		}
		var c cordon.Complaint
		body := map[string]any{"dispatch": dispatch, "recipient": recipient, "kind": kind, "authenticated": authenticated, "source": source}
		if err := sh.ask(cmd.Context(), request{method: post, path: tenantPath(tenant, "/complaints"), json: body}, &c); err != nil {
			return err
		}
		return sh.answer(c, func() {
			sh.say("%s about a copy of %s, %s", c.Kind, c.Dispatch, vouched(c))
		})
	}
	return cmd
}

func vouched(c cordon.Complaint) string {
	if c.Authenticated {
		return "authenticated: it counts towards a stop"
	}
	return "not authenticated: it stops nothing"
}

func (sh *shell) complaintList() *cobra.Command {
	var tenant, dispatch string
	var limit int
	cmd := &cobra.Command{
		Use: "list --tenant TENANT", Short: "List a tenant's complaints, newest first",
		Example: "  cordon complaint list --tenant northside\n  cordon complaint list --tenant northside --dispatch dsp_…", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	f.StringVar(&dispatch, "dispatch", "", "only about this dispatch")
	f.IntVar(&limit, "limit", 50, "at most so many; 0 lists all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(f, "tenant"); err != nil {
			return err
		}
		query := url.Values{}
		if dispatch != "" {
			query.Set("dispatch", dispatch)
		}
		complaints, err := all[cordon.Complaint](cmd.Context(), sh, tenantPath(tenant, "/complaints"), query, limit)
		if err != nil {
			return err
		}
		return sh.answer(complaints, func() {
			var rows [][]string
			for _, c := range complaints.Items {
				word := "report"
				if c.Authenticated {
					word = "authenticated"
				}
				rows = append(rows, []string{stamp(c.At), string(c.Kind), word, string(c.Dispatch), string(c.Recipient), orDash(c.Source)})
			}
			sh.table("AT KIND VOUCHED DISPATCH RECIPIENT SOURCE", rows)
			sh.more(complaints.Next)
		})
	}
	return cmd
}
