package main

import (
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) accountCommand() *cobra.Command {
	return noun("account", "People and programs, and what they may do", sh.accountCreate(), sh.accountList())
}

func (sh *shell) accountCreate() *cobra.Command {
	var role, tenant string
	cmd := &cobra.Command{
		Use: "create NAME --role ROLE", Short: "Create an account",
		Long:    "Create an account. Roles: operator, responder, author, approver, sender, viewer.",
		Example: "  cordon account create nurse --role author --tenant northside\n  cordon account create chief --role approver --tenant northside",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&role, "role", "", "operator, responder, author, approver, sender or viewer")
	cmd.Flags().StringVar(&tenant, "tenant", "", "bind it to this tenant, by ID or handle; without, it is the whole installation's")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "role"); err != nil {
			return err
		}
		body := map[string]any{"name": args[0], "role": role}
		if tenant != "" {
			body["tenant"] = tenant
		}
		c, err := sh.client(cmd.Context(), true)
		if err != nil {
			return err
		}
		var a cordon.Account
		if err := c.call(cmd.Context(), request{method: post, path: "/v1/accounts", json: body}, &a); err != nil {
			return err
		}
		return sh.answer(a, func() { sh.say("account %s  %s  %s", a.Name, a.Role, a.ID) })
	}
	return cmd
}

func (sh *shell) accountList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: "list", Short: "List accounts", Example: "  cordon account list --tenant northside", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		accounts, err := all[cordon.Account](cmd.Context(), sh, "/v1/accounts", onlyTenant(tenant), 0)
		if err != nil {
			return err
		}
		return sh.answer(accounts, func() {
			var rows [][]string
			for _, a := range accounts.Items {
				rows = append(rows, []string{string(a.ID), string(a.Role), orDash(string(a.Tenant)), a.Name})
			}
			sh.table("ID ROLE TENANT NAME", rows)
		})
	}
	return cmd
}

func onlyTenant(tenant string) url.Values {
	if tenant == "" {
		return nil
	}
	return url.Values{"tenant": {tenant}}
}

func (sh *shell) keyCommand() *cobra.Command {
	return noun("key", "API keys", sh.keyCreate(), sh.keyList(),
		sh.keyState("suspend", "Suspend a key at once"), sh.keyState("resume", "Let a suspended key act again"), sh.keyState("revoke", "Revoke a key for good"))
}

func (sh *shell) keyCreate() *cobra.Command {
	var account, tenant, name, expires string
	var allow []string
	cmd := &cobra.Command{
		Use: "create --account ACCOUNT --name NAME", Short: "Create a key; its secret is shown this once",
		Long:    "Create a key; its secret is shown this once.\nPermissions: " + permissionWords() + ".",
		Example: "  cordon key create --account acc_… --name 'booking system' --allow send.single\n  cordon key create --account nurse --name laptop --expires 720h",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&account, "account", "", "account the key acts for, by ID or name; its role bounds the key")
	f.StringVar(&tenant, "tenant", "", "bind the key to this tenant, by ID or handle")
	f.StringVar(&name, "name", "", "what the key is for")
	f.StringSliceVar(&allow, "allow", nil, "permissions, separated by commas (default: the account's rights to send)")
	f.StringVar(&expires, "expires", "", "when it ends: a length of time such as 720h, or a time such as 2027-01-01T00:00:00Z")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(f, "account", "name"); err != nil {
			return err
		}
		c, err := sh.client(cmd.Context(), false)
		if err != nil {
			return err
		}
		id, err := sh.accountID(cmd.Context(), c, account)
		if err != nil {
			return err
		}
		body := map[string]any{"account": id, "name": name}
		if tenant != "" {
			body["tenant"] = tenant
		}
		if len(allow) > 0 {
			body["permissions"] = allow
		}
		if expires != "" {
			at, err := moment(expires, time.Now())
			if err != nil {
				return misused("--expires", "is neither a length of time nor a time", "write 720h, or 2027-01-01T00:00:00Z")
			}
			body["expires_at"] = at
		}
		var made struct {
			Key    cordon.Key `json:"key"`
			Secret string     `json:"secret"`
		}
		if err := c.call(cmd.Context(), request{method: post, path: "/v1/keys", json: body}, &made); err != nil {
			return err
		}
		return sh.answer(made, func() {
			sh.say("key %s  %s", made.Key.ID, made.Key.Name)
			sh.say("may %s", joined(made.Key.Permissions))
			sh.say("%s", made.Secret)
			sh.note("keep the secret now: it is shown this once")
		})
	}
	return cmd
}

func permissionWords() string { return joined(cordon.Permissions()) }

func joined[T ~string](words []T) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = string(w)
	}
	return strings.Join(parts, ", ")
}

// moment reads a time, or a length of time from now on.
func moment(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d).UTC(), nil
	}
	return time.Parse(time.RFC3339, text)
}

func (sh *shell) keyList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: "list", Short: "List keys, without secrets", Example: "  cordon key list", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		keys, err := all[cordon.Key](cmd.Context(), sh, "/v1/keys", onlyTenant(tenant), 0)
		if err != nil {
			return err
		}
		return sh.answer(keys, func() {
			var rows [][]string
			for _, k := range keys.Items {
				state := string(k.State)
				if k.StateReason != "" {
					state += " (" + k.StateReason + ")"
				}
				rows = append(rows, []string{string(k.ID), orDash(string(k.Tenant)), stamp(k.LastUsedAt), stamp(k.ExpiresAt), k.Name, state})
			}
			sh.table("ID TENANT USED ENDS NAME STATE", rows)
		})
	}
	return cmd
}

func (sh *shell) keyState(verb, short string) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: verb + " KEY --reason TEXT", Short: short,
		Example: "  cordon key " + verb + " key_… --reason 'found in a public repository'", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it goes into the ledger")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "reason"); err != nil {
			return err
		}
		path := "/v1/keys/" + url.PathEscape(args[0])
		if err := sh.ask(cmd.Context(), request{method: post, path: path + "/" + verb, json: map[string]any{"reason": reason}}, nil); err != nil {
			return err
		}
		var k cordon.Key
		if err := sh.ask(cmd.Context(), request{method: get, path: path}, &k); err != nil {
			return err
		}
		return sh.answer(k, func() { sh.say("key %s is %s", k.ID, k.State) })
	}
	return cmd
}
