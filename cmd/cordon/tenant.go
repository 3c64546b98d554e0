package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// The methods of requests, short because every verb names one.
const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

func (sh *shell) tenantCommand() *cobra.Command {
	return noun("tenant", "Organisations and their walls", sh.tenantCreate(), sh.tenantList(), sh.tenantShow(), sh.tenantLimits(), sh.tenantErase())
}

func (sh *shell) tenantCreate() *cobra.Command {
	var name string
	var exercise bool
	cmd := &cobra.Command{
		Use: "create HANDLE", Short: "Create a tenant; its decoys are planted at once",
		Example: "  cordon tenant create northside --name 'Northside Physiotherapy'",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&name, "name", "", "name as people know it (default: the handle)")
	cmd.Flags().BoolVar(&exercise, "exercise", false, "for exercises: its mail goes to a receiving server inside the house, never to the relay; for good")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if name == "" {
			name = args[0]
		}
		c, err := sh.client(cmd.Context(), true)
		if err != nil {
			return err
		}
		var t cordon.Tenant
		body := map[string]any{"handle": args[0], "name": name, "exercise": exercise}
		if err := c.call(cmd.Context(), request{method: post, path: "/v1/tenants", json: body}, &t); err != nil {
			return err
		}
		return sh.answer(t, func() {
			sh.say("tenant %s  %s", t.Handle, t.ID)
			if t.Exercise {
				sh.say("EXERCISE: nothing of it leaves this house")
			}
		})
	}
	return cmd
}

func (sh *shell) tenantList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tenants", Example: "  cordon tenant list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tenants, err := all[cordon.Tenant](cmd.Context(), sh, "/v1/tenants", nil, 0)
			if err != nil {
				return err
			}
			return sh.answer(tenants, func() {
				var rows [][]string
				for _, t := range tenants.Items {
					rows = append(rows, []string{t.Handle, string(t.ID), string(t.State), stamp(t.CreatedAt), t.Name})
				}
				sh.table("HANDLE ID STATE CREATED NAME", rows)
			})
		},
	}
}

func (sh *shell) tenantShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TENANT", Short: "Show a tenant", Example: "  cordon tenant show northside", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var t cordon.Tenant
			if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(args[0], "")}, &t); err != nil {
				return err
			}
			return sh.answer(t, func() {
				sh.say("tenant   %s  %s", t.Handle, t.Name)
				sh.say("id       %s", t.ID)
				sh.say("state    %s", t.State)
				if t.Exercise {
					sh.say("EXERCISE: nothing of it leaves this house")
				}
				sh.say("created  %s", stamp(t.CreatedAt))
				sh.say("first approved bulk send  %s", stamp(t.FirstBulkAt))
			})
		},
	}
}

// limitsJSON are limits as the house writes them, in its order.
type limitsJSON map[string]any

func (sh *shell) tenantLimits() *cobra.Command {
	var set []string
	cmd := &cobra.Command{
		Use: "limits TENANT", Short: "Show a tenant's limits, or change some",
		Example: "  cordon tenant limits northside\n  cordon tenant limits northside --set new_tenant_per_day=5000\n  cordon tenant limits northside --set stages=10:2m,100:5m,1000:15m",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "name=value; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := tenantPath(args[0], "/limits")
		limits := limitsJSON{}
		if err := sh.ask(cmd.Context(), request{method: get, path: path}, &limits); err != nil {
			return err
		}
		for _, change := range set {
			name, value, _ := strings.Cut(change, "=")
			if _, known := limits[name]; !known {
				return misused("--set", "there is no limit "+name, "cordon tenant limits "+args[0]+" lists them")
			}
			if limits[name] = limitValue(value); name == "stages" {
				limits[name] = stageSteps(value)
			}
		}
		if len(set) > 0 {
			if err := sh.ask(cmd.Context(), request{method: put, path: path, json: limits}, &limits); err != nil {
				return err
			}
		}
		return sh.answer(limits, func() {
			for _, name := range sortedKeys(limits) {
				sh.say("%-20s %v", name, limitText(limits[name]))
			}
		})
	}
	return cmd
}

// limitValue is a number where it can be one, and a length of time otherwise.
func limitValue(text string) any {
	var number json.Number
	if err := json.Unmarshal([]byte(text), &number); err == nil {
		return number
	}
	return text
}

func (sh *shell) tenantErase() *cobra.Command {
	var confirm string
	cmd := &cobra.Command{
		Use: "erase TENANT", Short: "Erase a tenant for good: nobody can open its personal data again",
		Example: "  cordon tenant erase northside --confirm northside",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&confirm, "confirm", "", "the tenant's handle once more")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "confirm"); err != nil {
			return err
		}
		r := request{method: post, path: tenantPath(args[0], "/erase"), json: map[string]any{"confirm": confirm}}
		if err := sh.ask(cmd.Context(), r, nil); err != nil {
			return err
		}
		return sh.answer(map[string]any{"tenant": args[0], "erased": true}, func() { sh.say("tenant %s is erased", args[0]) })
	}
	return cmd
}

func (sh *shell) domainCommand() *cobra.Command {
	return noun("domain", "Sending domains and their DNS records", sh.domainCreate(), sh.domainList())
}

func (sh *shell) domainCreate() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "create NAME --tenant TENANT", Short: "Add a sending domain and make its DKIM key",
		Example: "  cordon domain create northside.example --tenant northside",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var d cordon.Domain
		r := request{method: post, path: tenantPath(tenant, "/domains"), json: map[string]any{"name": args[0]}}
		if err := sh.ask(cmd.Context(), r, &d); err != nil {
			return err
		}
		return sh.answer(d, func() {
			sh.say("domain %s", d.Name)
			sh.say("publish this TXT record:")
			sh.say("  %s._domainkey.%s", d.Selector, d.Name)
			sh.say("  %s", d.Record)
		})
	}
	return cmd
}

func (sh *shell) domainList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "list --tenant TENANT", Short: "List a tenant's sending domains",
		Example: "  cordon domain list --tenant northside", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		domains, err := all[cordon.Domain](cmd.Context(), sh, tenantPath(tenant, "/domains"), whole(), 0)
		if err != nil {
			return err
		}
		return sh.answer(domains, func() {
			var rows [][]string
			for _, d := range domains.Items {
				rows = append(rows, []string{d.Name, d.Selector, stamp(d.CreatedAt)})
			}
			sh.table("DOMAIN SELECTOR CREATED", rows)
		})
	}
	return cmd
}

// whole asks for a list that comes in one part.
func whole() url.Values { return url.Values{"limit": nil} }

// tenantHandles names tenants for people, where an answer has only their IDs.
func (sh *shell) tenantHandles(ctx context.Context) map[cordon.TenantID]string {
	names := map[cordon.TenantID]string{}
	tenants, err := all[cordon.Tenant](ctx, sh, "/v1/tenants", nil, 0)
	if err != nil {
		return names // IDs are shown instead
	}
	for _, t := range tenants.Items {
		names[t.ID] = t.Handle
	}
	return names
}
