package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) hostCommand() *cobra.Command {
	return noun("host", "Hosts that letters may link to, beside the tenant's own domains", sh.hostApprove(), sh.hostList(), sh.hostWithdraw())
}

func (sh *shell) hostApprove() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "approve HOST --tenant TENANT", Short: "Let a tenant's letters link to a host and what lies under it",
		Example: "  cordon host approve maps.example.org --tenant northside", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var h cordon.LinkHost
		r := request{method: post, path: tenantPath(tenant, "/hosts"), json: map[string]any{"name": args[0]}}
		if err := sh.ask(cmd.Context(), r, &h); err != nil {
			return err
		}
		return sh.answer(h, func() { sh.say("letters of %s may link to %s", tenant, h.Name) })
	}
	return cmd
}

func (sh *shell) hostList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "list --tenant TENANT", Short: "List the hosts that a tenant's letters may link to",
		Example: "  cordon host list --tenant northside", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		hosts, err := all[cordon.LinkHost](cmd.Context(), sh, tenantPath(tenant, "/hosts"), whole(), 0)
		if err != nil {
			return err
		}
		return sh.answer(hosts, func() {
			var rows [][]string
			for _, h := range hosts.Items {
				rows = append(rows, []string{h.Name, h.ApprovedBy, stamp(h.ApprovedAt)})
			}
			sh.table("HOST APPROVED-BY APPROVED", rows)
		})
	}
	return cmd
}

func (sh *shell) hostWithdraw() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "withdraw HOST --tenant TENANT", Short: "Take a host's approval back: letters that link there are held",
		Example: "  cordon host withdraw maps.example.org --tenant northside", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		r := request{method: del, path: tenantPath(tenant, "/hosts/"+url.PathEscape(args[0]))}
		if err := sh.ask(cmd.Context(), r, nil); err != nil {
			return err
		}
		return sh.answer(map[string]string{"withdrawn": args[0]}, func() { sh.say("letters of %s that link to %s are held", tenant, args[0]) })
	}
	return cmd
}
