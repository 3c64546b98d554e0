package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
)

// stopJSON is the fixed shape of a stop: scripts rely on it.
type stopJSON struct {
	ID    cordon.StopID `json:"id"`
	Scope cordon.Scope  `json:"scope"`
	cordon.StopAnswer
	Active      bool               `json:"active"`
	Reason      string             `json:"reason"`
	PlacedBy    string             `json:"placed_by"`
	PlacedAt    time.Time          `json:"placed_at"`
	Until       time.Time          `json:"until,omitzero"`
	LiftedBy    string             `json:"lifted_by,omitempty"`
	LiftedAt    time.Time          `json:"lifted_at,omitzero"`
	Disposition cordon.Disposition `json:"disposition,omitempty"`
}

// scopeFlags are the parts of a scope; every part given must match.
type scopeFlags struct {
	everything                               bool
	tenant, template, dispatch, key, account string
	kind                                     string
}

func (s *scopeFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.tenant, "tenant", "", "everything of this tenant, by ID or handle")
	f.StringVar(&s.template, "template", "", "everything of this template, by ID, or by handle together with --tenant")
	f.StringVar(&s.dispatch, "dispatch", "", "one dispatch")
	f.StringVar(&s.key, "key", "", "everything this key sent")
	f.StringVar(&s.account, "account", "", "everything this account and its keys sent")
	f.StringVar(&s.kind, "kind", "", "only bulk, or only single mail of the rest")
	f.BoolVar(&s.everything, "everything", false, "the whole installation")
}

func (s *scopeFlags) body() map[string]any {
	body := map[string]any{}
	for name, value := range map[string]string{
		"tenant": s.tenant, "template": s.template, "dispatch": s.dispatch, "key": s.key, "account": s.account, "kind": s.kind,
	} {
		if value != "" {
			body[name] = value
		}
	}
	if s.everything {
		body["everything"] = true
	}
	return body
}

func (s *scopeFlags) check() error {
	narrow := s.tenant + s.template + s.dispatch + s.key + s.account
	switch {
	case !s.everything && narrow == "":
		return misused("scope", "is missing", "name --tenant, --template, --dispatch, --key or --account, or say --everything")
	case s.everything && narrow != "":
		return misused("--everything", "does not go with another scope", "give one or the other")
	case s.kind != "" && s.kind != string(cordon.Bulk) && s.kind != string(cordon.Single):
		return misused("--kind", "must be bulk or single", "")
	}
	return nil
}

func (sh *shell) stopCommand() *cobra.Command {
	var scope scopeFlags
	var reason, until string
	var preview bool
	cmd := &cobra.Command{
		Use: "stop SCOPE --reason TEXT", Short: "Stop mail: in force when the command returns",
		Long:    "Stop mail. When the command returns, the stop is in force and no further copy of\nits scope leaves but those past the last look, which it counts. What waits is kept\nback, never bounced. It stands until it is lifted.",
		Example: "  cordon stop --tenant northside --reason 'wrong date column'\n  cordon stop --dispatch dsp_… --preview\n  cordon stop --everything --kind bulk --reason 'relay compromised'",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	scope.add(f)
	f.StringVar(&reason, "reason", "", "why, in a few words; it goes into the ledger")
	f.StringVar(&until, "until", "", "when it ends by itself: 2h, or 2026-11-23T00:00:00Z (default: when it is lifted)")
	f.BoolVar(&preview, "preview", false, "say what it would cover; nothing is stopped")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := scope.check(); err != nil {
			return err
		}
		if preview {
			return sh.previewStop(cmd.Context(), scope)
		}
		if err := require(f, "reason"); err != nil {
			return err
		}
		body := map[string]any{"scope": scope.body(), "reason": reason}
		if until != "" {
			at, err := moment(until, time.Now())
			if err != nil {
				return misused("--until", "is neither a length of time nor a time", "write 2h, or 2026-11-23T00:00:00Z")
			}
			body["until"] = at
		}
		var s stopJSON
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/stops", json: body}, &s); err != nil {
			return err
		}
		return sh.answer(s, func() { sh.showPlaced(s, sh.tenantHandles(cmd.Context())) })
	}
	return cmd
}

func (sh *shell) previewStop(ctx context.Context, scope scopeFlags) error {
	var p struct {
		Scope cordon.Scope `json:"scope"`
		cordon.Counts
	}
	if err := sh.ask(ctx, request{method: post, path: "/v1/stops/preview", json: map[string]any{"scope": scope.body()}}, &p); err != nil {
		return err
	}
	return sh.answer(p, func() {
		sh.say("A stop of %s would meet now:", scopeText(p.Scope, sh.tenantHandles(ctx)))
		sh.countLine("open", p.Counts.Open(), "could still leave, and would be kept back")
		sh.countLine("of these", p.Sending, "are being sent now; those past the last look still leave")
		sh.countLine("delivered", p.Delivered, "have left")
		sh.countLine("uncertain", p.Uncertain, "perhaps delivered")
		sh.countLine("held", p.Held, "are kept back already")
		sh.say("Nothing is stopped.")
	})
}

// showPlaced is the account a stop gives on one screen.
func (sh *shell) showPlaced(s stopJSON, handles map[cordon.TenantID]string) {
	sh.say("STOPPED  %s", s.ID)
	sh.say("  %s", scopeText(s.Scope, handles))
	sh.say("  reason: %s", s.Reason)
	sh.say("  by %s, in force since %s%s", s.PlacedBy, stamp(s.PlacedAt), untilText(s.Until))
	sh.say("")
	sh.countLine("delivered", s.Delivered, "had left before")
	sh.countLine("in flight", s.InFlight, "past the last look when it took hold; these still leave")
	sh.countLine("held", s.Held, "kept back")
	sh.countLine("refused", s.Refused, "refused at the exit before")
	sh.countLine("unknown", s.Unknown, "perhaps delivered: the connection was lost after the final dot")
	sh.say("")
	sh.say("  who got it:  cordon assess %s", questionFlags(s.Scope))
	sh.say("  lift it:     cordon lift %s --resume   or   --discard", s.ID)
}

func untilText(until time.Time) string {
	if until.IsZero() {
		return ", until it is lifted"
	}
	return ", until " + stamp(until)
}

// questionFlags are the flags of assess that ask about a stop's scope.
func questionFlags(s cordon.Scope) string {
	var parts []string
	for _, p := range [][2]string{
		{"--tenant", string(s.Tenant)}, {"--template", string(s.Template)}, {"--account", string(s.Account)},
		{"--key", string(s.Key)}, {"--dispatch", string(s.Dispatch)},
	} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	if len(parts) == 0 {
		return "--from TIME"
	}
	return strings.Join(parts, " ")
}

func (sh *shell) liftCommand() *cobra.Command {
	var resume, discard bool
	cmd := &cobra.Command{
		Use: "lift STOP --resume|--discard", Short: "Lift a stop: resume or discard what it kept back",
		Long:    "Lift a stop. --resume puts what it kept back into the queue again, to be judged by\nthe exit once more; --discard cuts it: it never leaves. Above 100 copies it needs\nanother person than the one who placed the stop.",
		Example: "  cordon lift stp_… --resume\n  cordon lift stp_… --discard --as chief", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&resume, "resume", false, "back to the queue")
	cmd.Flags().BoolVar(&discard, "discard", false, "never")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if resume == discard {
			return misused("--resume", "or --discard: exactly one is needed", "say what happens to the copies kept back")
		}
		disposition := cordon.Resume
		if discard {
			disposition = cordon.Discard
		}
		var s stopJSON
		r := request{method: post, path: "/v1/stops/" + url.PathEscape(args[0]) + "/lift", json: map[string]any{"disposition": disposition}}
		if err := sh.ask(cmd.Context(), r, &s); err != nil {
			return err
		}
		return sh.answer(s, func() {
			sh.say("LIFTED  %s  %s", s.ID, scopeText(s.Scope, sh.tenantHandles(cmd.Context())))
			if discard {
				sh.say("  what it kept back is discarded and never leaves")
			} else {
				sh.say("  what it kept back goes to the queue again, and is judged by the exit")
			}
		})
	}
	return cmd
}

func (sh *shell) stopsCommand() *cobra.Command {
	var everyone bool
	var limit int
	cmd := &cobra.Command{Use: "stops", Short: "List stops in force", Example: "  cordon stops\n  cordon stops --all", Args: cobra.NoArgs}
	cmd.Flags().BoolVar(&everyone, "all", false, "the lifted and ended ones too")
	cmd.Flags().IntVar(&limit, "limit", 100, "rows, at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		if !everyone {
			query.Set("active", "true")
		}
		stops, err := all[stopJSON](cmd.Context(), sh, "/v1/stops", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(stops, func() {
			if len(stops.Items) == 0 && !everyone {
				sh.say("no stop is in force")
				return
			}
			var rows [][]string
			handles := sh.tenantHandles(cmd.Context())
			for _, s := range stops.Items {
				rows = append(rows, []string{string(s.ID), stopState(s), stamp(s.PlacedAt), s.PlacedBy, count(s.Held), scopeText(s.Scope, handles), s.Reason})
			}
			sh.table("STOP STATE PLACED BY HELD SCOPE REASON", rows)
			sh.more(stops.Next)
		})
	}
	return cmd
}

func stopState(s stopJSON) string {
	switch {
	case s.Active:
		return "in force"
	case !s.LiftedAt.IsZero():
		return "lifted (" + string(s.Disposition) + ")"
	}
	return "ended"
}
