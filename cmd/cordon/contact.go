package main

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) contactCommand() *cobra.Command {
	return noun("contact", "Whom to tell at a tenant, in which language, under which laws", sh.tenantContactAdd(), sh.tenantContactList(), sh.tenantContactRemove(), sh.contactSettings())
}

func (sh *shell) tenantContactAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add ADDRESS --tenant TENANT", Short: "Name whom to tell at a tenant when an incident reaches its people; the address is sealed",
		Example: "  cordon contact add privacy@northside.example --tenant northside --role privacy --language en", Args: cobra.ExactArgs(1),
	}
	var tenant, role, language, name string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&role, "role", "general", "security, privacy or general")
	cmd.Flags().StringVar(&language, "language", "en", "language: en, de, fr, nl or es")
	cmd.Flags().StringVar(&name, "name", "", "of the contact; sealed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var c cordon.TenantContact
		r := request{method: post, path: tenantPath(tenant, "/contacts"), json: map[string]any{"address": args[0], "role": role, "language": language, "name": name}}
		if err := sh.ask(cmd.Context(), r, &c); err != nil {
			return err
		}
		return sh.answer(c, func() { sh.say("%s tells %s at %s, in %s", c.ID, tenant, c.Domain, c.Language) })
	}
	return cmd
}

func (sh *shell) tenantContactList() *cobra.Command {
	cmd := &cobra.Command{Use: "list --tenant TENANT", Short: "List a tenant's contacts; nothing is opened", Example: "  cordon contact list --tenant northside", Args: cobra.NoArgs}
	var tenant string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var p part[cordon.TenantContact]
		if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(tenant, "/contacts")}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			var rows [][]string
			for _, c := range p.Items {
				rows = append(rows, []string{string(c.ID), string(c.Role), string(c.Language), "…@" + c.Domain, stamp(c.CreatedAt)})
			}
			sh.table("ID ROLE LANGUAGE ADDRESS CREATED", rows)
		})
	}
	return cmd
}

func (sh *shell) tenantContactRemove() *cobra.Command {
	cmd := &cobra.Command{Use: "remove CONTACT --tenant TENANT", Short: "Forget a contact", Example: "  cordon contact remove tct_… --tenant northside", Args: cobra.ExactArgs(1)}
	var tenant string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		if err := sh.ask(cmd.Context(), request{method: del, path: tenantPath(tenant, "/contacts/"+url.PathEscape(args[0]))}, nil); err != nil {
			return err
		}
		return sh.answer(map[string]string{"removed": args[0]}, func() { sh.say("%s is forgotten", args[0]) })
	}
	return cmd
}

func (sh *shell) contactSettings() *cobra.Command {
	cmd := &cobra.Command{
		Use: "settings [--tenant TENANT]", Short: "The language of a tenant's people and the laws it is under; without --tenant, those of tenants that said nothing",
		Example: "  cordon contact settings --tenant northside\n  cordon contact settings --tenant northside --language de --jurisdiction eu-controller\n  cordon contact settings --jurisdiction us-hipaa-covered-entity", Args: cobra.NoArgs,
	}
	var tenant, language string
	var jurisdictions []string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&language, "language", "", "set the language: en, de, fr, nl or es")
	cmd.Flags().StringSliceVar(&jurisdictions, "jurisdiction", nil, "set the laws: us-hipaa-covered-entity, us-hipaa-business-associate, eu-controller, uk, uk-pecr-provider, au, iso-27001; may be repeated, none clears")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path := "/v1/notice-settings"
		if tenant != "" {
			path = tenantPath(tenant, "/notice-settings")
		}
		var n cordon.NoticeSettings
		if err := sh.ask(cmd.Context(), request{method: get, path: path}, &n); err != nil {
			return err
		}
		if cmd.Flags().Changed("language") || cmd.Flags().Changed("jurisdiction") {
			if language != "" {
				n.Language = cordon.Language(language)
			}
			if cmd.Flags().Changed("jurisdiction") {
				n.Jurisdictions = []string{}
				for _, j := range jurisdictions {
					if j != "" && j != "none" {
						n.Jurisdictions = append(n.Jurisdictions, j)
					}
				}
			}
			r := request{method: put, path: path, json: map[string]any{"language": n.Language, "jurisdictions": n.Jurisdictions}}
			if err := sh.ask(cmd.Context(), r, &n); err != nil {
				return err
			}
		}
		return sh.answer(n, func() {
			sh.say("language %s", n.Language)
			sh.say("laws %s", orDash(strings.Join(n.Jurisdictions, ", ")))
		})
	}
	return cmd
}
