package main

import (
	"context"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) templateShare() *cobra.Command {
	return sh.versionVerb("share TEMPLATE VERSION --tenant TENANT", "Let many tenants send this text in the same words", "  cordon template share reminder 3 --tenant northside",
		func(ctx context.Context, tenant string, ref versionRef) error {
			var x cordon.SharedText
			if err := sh.ask(ctx, request{method: post, path: ref.path(tenant, "/share")}, &x); err != nil {
				return err
			}
			return sh.answer(x, func() {
				sh.say("many tenants may send the text of %s@%d; its fingerprint is %s", ref.template, x.Version, x.Fingerprint)
			})
		})
}

func (sh *shell) templateShared() *cobra.Command {
	return &cobra.Command{
		Use: "shared", Short: "List the texts that many tenants may send", Example: "  cordon template shared", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			texts, err := all[cordon.SharedText](cmd.Context(), sh, "/v1/shared-texts", whole(), 0)
			if err != nil {
				return err
			}
			return sh.answer(texts, func() {
				var rows [][]string
				for _, x := range texts.Items {
					rows = append(rows, []string{x.Fingerprint.String(), string(x.Template), strconv.Itoa(x.Version), x.ApprovedBy, stamp(x.ApprovedAt)})
				}
				sh.table("FINGERPRINT TEMPLATE VERSION APPROVED-BY APPROVED", rows)
			})
		},
	}
}

func (sh *shell) templateUnshare() *cobra.Command {
	return &cobra.Command{
		Use: "unshare FINGERPRINT", Short: "Take a shared text's approval back", Example: "  cordon template unshare 9f3a0c11d2e45b67", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sh.ask(cmd.Context(), request{method: del, path: "/v1/shared-texts/" + url.PathEscape(args[0])}, nil); err != nil {
				return err
			}
			return sh.answer(map[string]string{"unshared": args[0]}, func() { sh.say("%s is held again where several tenants send it", args[0]) })
		},
	}
}
