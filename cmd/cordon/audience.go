package main

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) audienceCommand() *cobra.Command {
	return noun("audience", "Saved filters over recipients", sh.audienceSave(), sh.audienceList(), sh.audienceShow())
}

// counted is an audience and how many it holds.
type counted struct {
	cordon.Audience
	Recipients int64                `json:"recipients"`
	Fit        int64                `json:"fit"`
	Unfit      []cordon.RecipientID `json:"unfit,omitempty"`
}

func (sh *shell) audienceSave() *cobra.Command {
	var tenant string
	var filter cordon.Filter
	cmd := &cobra.Command{
		Use: "save HANDLE --tenant TENANT", Aliases: []string{"create"}, Short: "Save an audience, and say how many it holds",
		Example: "  cordon audience save recall-2026 --tenant northside --all recall --none opted-out\n  cordon audience save everyone --tenant northside --everyone",
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	f.BoolVar(&filter.Everyone, "everyone", false, "everybody; it must be said")
	f.StringSliceVar(&filter.All, "all", nil, "tags that must all be there")
	f.StringSliceVar(&filter.Any, "any", nil, "tags of which one must be there")
	f.StringSliceVar(&filter.None, "none", nil, "tags that must not be there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(f, "tenant"); err != nil {
			return err
		}
		var saved counted
		r := request{method: post, path: tenantPath(tenant, "/audiences"), json: map[string]any{"handle": args[0], "filter": filter}}
		if err := sh.ask(cmd.Context(), r, &saved); err != nil {
			return err
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(tenant, "/audiences/"+string(saved.ID))}, &saved); err != nil {
			return err
		}
		return sh.answer(saved, func() { sh.say("audience %s  %s  %s recipients", saved.Handle, saved.ID, count(saved.Recipients)) })
	}
	return cmd
}

func (sh *shell) audienceList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: "list --tenant TENANT", Short: "List audiences", Example: "  cordon audience list --tenant northside", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		audiences, err := all[cordon.Audience](cmd.Context(), sh, tenantPath(tenant, "/audiences"), nil, 0)
		if err != nil {
			return err
		}
		return sh.answer(audiences, func() {
			var rows [][]string
			for _, a := range audiences.Items {
				rows = append(rows, []string{a.Handle, string(a.ID), filterText(a.Filter)})
			}
			sh.table("HANDLE ID FILTER", rows)
		})
	}
	return cmd
}

func filterText(f cordon.Filter) string {
	var parts []string
	if f.Everyone {
		parts = append(parts, "everyone")
	}
	for _, p := range []struct {
		word string
		tags []string
	}{{"all of", f.All}, {"any of", f.Any}, {"none of", f.None}} {
		if len(p.tags) > 0 {
			parts = append(parts, p.word+" "+joined(p.tags))
		}
	}
	return strings.Join(parts, "; ")
}

func (sh *shell) audienceShow() *cobra.Command {
	var tenant, template string
	cmd := &cobra.Command{
		Use: "show AUDIENCE --tenant TENANT", Short: "Show an audience, how many it holds, and how many a letter fits",
		Example: "  cordon audience show recall-2026 --tenant northside --template recall@3", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&template, "template", "", "count those who have every field this template needs: TEMPLATE@VERSION")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		query := url.Values{}
		if template != "" {
			ref, err := parseVersionRef(template)
			if err != nil {
				return err
			}
			t, err := sh.templateRef(cmd.Context(), tenant, ref)
			if err != nil {
				return err
			}
			query.Set("template", t.template)
			query.Set("version", t.number())
		}
		var a counted
		if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(tenant, "/audiences/"+url.PathEscape(args[0])), query: query}, &a); err != nil {
			return err
		}
		return sh.answer(a, func() {
			sh.say("audience    %s  %s", a.Handle, a.ID)
			sh.say("filter      %s", filterText(a.Filter))
			sh.say("recipients  %s", count(a.Recipients))
			if template != "" {
				sh.say("fit         %s", count(a.Fit))
			}
			for _, id := range a.Unfit {
				sh.say("  lacks a field: %s", id)
			}
		})
	}
	return cmd
}
