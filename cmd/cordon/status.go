package main

import (
	"context"
	"net/url"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// statusJSON is how the house stands.
type statusJSON struct {
	Version    string      `json:"version"`
	Running    bool        `json:"running"`
	Tenants    []tenantRow `json:"tenants"`
	Stops      []stopJSON  `json:"stops"`
	Holds      int         `json:"holds"`
	LedgerSize int64       `json:"ledger_size"`
	Root       string      `json:"root"`
	Pages      int         `json:"open_pages"`
	OnCall     []string    `json:"on_call_problems,omitempty"` // what would keep a page from reaching somebody
}

type tenantRow struct {
	Tenant cordon.TenantID `json:"tenant"`
	Handle string          `json:"handle,omitempty"`
	cordon.Counts
}

func (sh *shell) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "How the house stands: copies by tenant, stops, holds, the ledger", Example: "  cordon status --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := sh.status(cmd.Context())
			if err != nil {
				return err
			}
			return sh.answer(s, func() { sh.showStatus(s) })
		},
	}
}

func (sh *shell) status(ctx context.Context) (statusJSON, error) {
	s := statusJSON{Version: softwareVersion()}
	c, err := sh.client(ctx, false)
	if err != nil {
		return s, err
	}
	s.Running = c.running
	totals, err := allOf[tenantRow](ctx, c, "/v1/totals", whole(), 0)
	if err != nil {
		return s, err
	}
	s.Tenants = totals.Items
	names := sh.tenantHandles(ctx)
	for i, t := range s.Tenants {
		s.Tenants[i].Handle = names[t.Tenant]
	}
	stops, err := allOf[stopJSON](ctx, c, "/v1/stops", url.Values{"active": {"true"}}, 0)
	if err != nil {
		return s, err
	}
	s.Stops = stops.Items
	holds, err := allOf[cordon.Dispatch](ctx, c, "/v1/dispatches", url.Values{"state": {"held"}}, 0)
	if err != nil {
		return s, err
	}
	s.Holds = len(holds.Items)
	var head cordon.Checkpoint
	if err := c.call(ctx, request{method: get, path: "/v1/ledger/head"}, &head); err != nil {
		return s, err
	}
	s.LedgerSize, s.Root = head.Size, head.Root
	var now nowJSON
	err = c.call(ctx, request{method: get, path: "/v1/oncall"}, &now)
	if err != nil && cordon.CodeOf(err) != cordon.Denied { // on call is the house's: a tenant's key is told nothing of it
		return s, err
	}
	s.Pages, s.OnCall = now.Open, now.Problems
	return s, nil
}

func (sh *shell) showStatus(s statusJSON) {
	state := "not running: nothing is sent until cordon serve runs"
	if s.Running {
		state = "running"
	}
	sh.say("cordon %s, %s", s.Version, state)
	sh.say("ledger  %s entries, root %s", count(s.LedgerSize), s.Root)
	sh.say("holds   %d for a person%s", s.Holds, hint(s.Holds, "cordon holds"))
	sh.say("stops   %d in force%s", len(s.Stops), hint(len(s.Stops), "cordon stops"))
	sh.say("pages   %d open%s", s.Pages, hint(s.Pages, "cordon page list --open"))
	for _, p := range s.OnCall {
		sh.say("on call %s", p)
	}
	if len(s.Tenants) == 0 {
		sh.say("no mail yet")
		return
	}
	var rows [][]string
	for _, t := range s.Tenants {
		name := t.Handle
		if name == "" {
			name = string(t.Tenant)
		}
		rows = append(rows, []string{name, count(t.Queued + t.Deferred), count(t.Sending), count(t.Delivered), count(t.Bounced), count(t.Uncertain), count(t.Held), count(t.Cut), count(t.Refused)})
	}
	sh.table("TENANT WAITING SENDING DELIVERED BOUNCED UNCERTAIN HELD CUT REFUSED", rows)
}

func hint(n int, command string) string {
	if n == 0 {
		return ""
	}
	return "  (" + command + ")"
}

func (sh *shell) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Example: "  cordon version --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := map[string]string{"version": softwareVersion(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
			return sh.answer(v, func() { sh.say("cordon %s (%s, %s)", v["version"], v["go"], v["platform"]) })
		},
	}
}

// softwareVersion is what the release set, or the revision it was built from.
func softwareVersion() string {
	if version != unreleased {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}

func (sh *shell) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database to this version's form",
		Long:    "Bring the database to this version's form, or make it when there is none. Every\nother command does so too; this one does nothing else.",
		Example: "  cordon migrate --database postgres://cordon@db/cordon", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sh.server != "" {
				return misused("--server", "does not go with migrate", "a server migrates its own database when it starts")
			}
			c, err := sh.client(cmd.Context(), true)
			if err != nil {
				return err
			}
			var head cordon.Checkpoint
			if err := c.call(cmd.Context(), request{method: get, path: "/v1/ledger/head"}, &head); err != nil {
				return err
			}
			v := map[string]any{"version": softwareVersion(), "ledger_size": head.Size}
			return sh.answer(v, func() { sh.say("the database has the form of this version; %s ledger entries", count(head.Size)) })
		},
	}
}
