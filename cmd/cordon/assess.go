package main

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
)

// damageJSON is the fixed shape of an assessment: scripts rely on it.
type damageJSON struct {
	Scope             json.RawMessage           `json:"scope"`
	Dispatches        int64                     `json:"dispatches"`
	Delivered         int64                     `json:"delivered"`
	InFlight          int64                     `json:"in_flight"`
	Held              int64                     `json:"held"`
	Refused           int64                     `json:"refused"`
	Unknown           int64                     `json:"unknown"`
	Queued            int64                     `json:"queued"`
	Deferred          int64                     `json:"deferred"`
	Bounced           int64                     `json:"bounced"`
	Cut               int64                     `json:"cut"`
	OrdersRefused     int64                     `json:"orders_refused"`
	FirstAt           *time.Time                `json:"first_at"`
	LastAt            *time.Time                `json:"last_at"`
	Tenants           []cordon.TenantAssessment `json:"tenants"`
	PersonalDataReads int64                     `json:"personal_data_reads"`
	LedgerSize        int64                     `json:"ledger_size"`
	Root              string                    `json:"root"`
	AsOf              time.Time                 `json:"as_of"`
}

func (sh *shell) assessCommand() *cobra.Command {
	var q struct{ tenant, template, dispatch, key, account, from, until string }
	var asCSV, reveal bool
	cmd := &cobra.Command{
		Use: "assess SCOPE", Short: "Size the damage: who got what, exactly",
		Long:    "Size the damage, computed from what is stored: counts, each tenant's share, the\nfirst and last copy, and how often personal data was opened by whom you ask about.\nWith --csv, every copy with its recipient's ID and reference; --reveal adds the\naddress, and is itself an entry in the ledger.",
		Example: "  cordon assess --dispatch dsp_…\n  cordon assess --key key_… --from 2026-11-22T00:00:00Z --csv > affected.csv",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&q.tenant, "tenant", "", "tenant, by ID or handle")
	f.StringVar(&q.template, "template", "", "template, by ID, or by handle together with --tenant")
	f.StringVar(&q.dispatch, "dispatch", "", "one dispatch")
	f.StringVar(&q.key, "key", "", "everything this key sent")
	f.StringVar(&q.account, "account", "", "everything this account and its keys sent")
	f.StringVar(&q.from, "from", "", "copies that changed at or after: 2026-11-22T00:00:00Z, or -24h")
	f.StringVar(&q.until, "until", "", "copies that changed before")
	f.BoolVar(&asCSV, "csv", false, "every copy, as CSV")
	f.BoolVar(&reveal, "reveal", false, "with --csv: open the addresses; it goes into the ledger")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"tenant": q.tenant, "template": q.template, "dispatch": q.dispatch, "key": q.key, "account": q.account} {
			if value != "" {
				query.Set(name, value)
			}
		}
		for name, value := range map[string]string{"from": q.from, "until": q.until} {
			if value == "" {
				continue
			}
			at, err := moment(value, time.Now())
			if err != nil {
				return misused("--"+name, "is not a time", "write 2026-11-22T00:00:00Z, or -24h")
			}
			query.Set(name, at.Format(time.RFC3339Nano))
		}
		switch {
		case len(query) == 0:
			return misused("scope", "is missing", "name --dispatch, --key, --account, --template, --tenant, --from or --until")
		case asCSV && sh.json:
			return misused("--csv", "does not go with --json", "give one or the other")
		case reveal && !asCSV:
			return misused("--reveal", "goes only with --csv", "add --csv")
		case asCSV:
			return sh.assessCSV(cmd.Context(), query, reveal)
		}
		var d damageJSON
		if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/assess", query: query}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() { sh.showDamage(d) })
	}
	return cmd
}

func (sh *shell) assessCSV(ctx context.Context, query url.Values, reveal bool) error {
	if reveal {
		query.Set("reveal", "true")
	}
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, request{method: get, path: "/v1/assess.csv", query: query})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(sh.out, resp.Body); err != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "the list broke off: what is there is not the whole", Remedy: "ask again"}
	}
	return nil
}

// showDamage is the account of what happened on one screen.
func (sh *shell) showDamage(d damageJSON) {
	sh.say("DAMAGE  as of %s", stamp(d.AsOf))
	sh.say("")
	sh.countLine("delivered", d.Delivered, "the relay took them")
	sh.countLine("in flight", d.InFlight, "on their way now")
	sh.countLine("unknown", d.Unknown, "perhaps delivered")
	sh.countLine("held", d.Held, "kept back")
	sh.countLine("queued", d.Queued+d.Deferred, "may still leave")
	sh.countLine("refused", d.Refused, "refused at the exit")
	sh.countLine("bounced", d.Bounced, "refused by the far side")
	sh.countLine("cut", d.Cut, "discarded by a person")
	sh.say("")
	sh.say("  dispatches: %s; orders turned away at the door: %s", count(d.Dispatches), count(d.OrdersRefused))
	if d.FirstAt != nil && d.LastAt != nil {
		sh.say("  first copy %s, last copy %s", stamp(*d.FirstAt), stamp(*d.LastAt))
	} else {
		sh.say("  no copy left")
	}
	sh.say("  reads of personal data: %s", count(d.PersonalDataReads))
	if len(d.Tenants) > 0 {
		sh.say("")
		var rows [][]string
		for _, t := range d.Tenants {
			rows = append(rows, []string{t.Handle, count(t.Delivered), count(t.Unknown), count(t.Held), count(t.Refused), stamp(t.FirstAt), stamp(t.LastAt)})
		}
		sh.indented("  ", "TENANT DELIVERED UNKNOWN HELD REFUSED FIRST LAST", rows)
	}
	sh.say("")
	sh.say("  proof: ledger of %s entries, root %s", count(d.LedgerSize), d.Root)
}

func (sh *shell) ledgerCommand() *cobra.Command {
	return noun("ledger", "The log of what happened, and its proof", sh.ledgerVerify(), sh.ledgerHead(), sh.ledgerEntries(), sh.ledgerBundle())
}

// verdictJSON is the fixed shape of a verification: scripts rely on it.
type verdictJSON struct {
	OK       bool   `json:"ok"`
	Entries  int64  `json:"entries"`
	Root     string `json:"root"`
	FirstBad *int64 `json:"first_bad"`
	Why      string `json:"why,omitempty"`
}

func (sh *shell) ledgerVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Hash everything stored again, and name the first entry that does not fit",
		Example: "  cordon ledger verify --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := sh.client(cmd.Context(), false)
			if err != nil {
				return err
			}
			resp, err := c.do(cmd.Context(), request{method: get, path: "/v1/ledger/verify"})
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			v, err := sh.followVerify(resp.Body)
			if err != nil {
				return err
			}
			if err := sh.answer(v, func() { sh.showVerdict(v) }); err != nil {
				return err
			}
			if !v.OK {
				return silent{1}
			}
			return nil
		},
	}
}

func (sh *shell) followVerify(from io.Reader) (verdictJSON, error) {
	m := sh.meter()
	defer m.clear()
	dec := json.NewDecoder(from)
	for {
		var line struct {
			Progress *struct {
				Done  int64 `json:"done"`
				Total int64 `json:"total"`
			} `json:"progress"`
			Report  *verdictJSON    `json:"report"`
			Problem json.RawMessage `json:"problem"`
		}
		if err := dec.Decode(&line); err != nil {
			return verdictJSON{}, &cordon.Error{Code: cordon.Unavailable, Message: "the answer broke off: nothing is proved", Remedy: "ask again"}
		}
		switch {
		case line.Report != nil:
			return *line.Report, nil
		case line.Problem != nil:
			return verdictJSON{}, problemLine(line.Problem)
		case line.Progress != nil:
			m.show("verifying", line.Progress.Done, line.Progress.Total, "entries")
		}
	}
}

func (sh *shell) showVerdict(v verdictJSON) {
	if v.OK {
		sh.say("the ledger is whole: %s entries, root %s", count(v.Entries), v.Root)
		return
	}
	if v.FirstBad != nil {
		sh.say("the ledger was changed: entry %d is the first that does not fit", *v.FirstBad)
	} else {
		sh.say("the ledger was changed")
	}
	sh.say("  %s", v.Why)
}

func (sh *shell) ledgerHead() *cobra.Command {
	return &cobra.Command{
		Use: "head", Short: "The ledger's size and root, signed now", Example: "  cordon ledger head > checkpoint.txt", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var h struct {
				cordon.Checkpoint
				Verifier  string            `json:"verifier"`
				Witnesses ledger.Witnessing `json:"witnesses"`
			}
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/ledger/head"}, &h); err != nil {
				return err
			}
			return sh.answer(h, func() {
				_, _ = io.WriteString(sh.out, h.Note) // the terminal is gone when this fails
				sh.note("verifier %s", h.Verifier)
				if len(h.Witnesses.Asked) > 0 {
					sh.note("witnesses %s have signed %s entries", strings.Join(h.Witnesses.Asked, ", "), count(h.Witnesses.Size))
				}
			})
		},
	}
}

func (sh *shell) ledgerEntries() *cobra.Command {
	var from int64
	var limit int
	var tenant, subject string
	cmd := &cobra.Command{
		Use: "entries", Short: "Read the ledger", Args: cobra.NoArgs,
		Example: "  cordon ledger entries --from 0 --limit 20\n  cordon ledger entries --tenant northside --subject dsp_…",
	}
	f := cmd.Flags()
	f.Int64Var(&from, "from", 0, "number of the first entry")
	f.IntVar(&limit, "limit", 50, "entries, 1 to 500")
	f.StringVar(&tenant, "tenant", "", "only entries about this tenant, by ID or handle")
	f.StringVar(&subject, "subject", "", "with --tenant: only entries about this ID")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if subject != "" && tenant == "" {
			return misused("--subject", "goes only with --tenant", "add --tenant")
		}
		path, query := "/v1/ledger/entries", url.Values{"from": {strconv.FormatInt(from, 10)}, "limit": {strconv.FormatInt(int64(limit), 10)}}
		if tenant != "" {
			path = tenantPath(tenant, "/ledger")
			query.Del("from")
			if subject != "" {
				query.Set("subject", subject)
			}
		}
		var entries part[cordon.Entry]
		if err := sh.ask(cmd.Context(), request{method: get, path: path, query: query}, &entries); err != nil {
			return err
		}
		return sh.answer(entries, func() {
			var rows [][]string
			for _, e := range entries.Items {
				rows = append(rows, []string{strconv.FormatInt(e.Num, 10), stamp(e.At), string(e.Kind), e.Actor, orDash(e.Subject), string(e.Body)})
			}
			sh.table("NUM AT KIND ACTOR SUBJECT BODY", rows)
		})
	}
	return cmd
}

func (sh *shell) signalsCommand() *cobra.Command {
	var tenant string
	var limit int
	cmd := &cobra.Command{Use: "signals", Short: "List what the detectors saw, newest first", Example: "  cordon signals --tenant northside", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's, by ID or handle")
	cmd.Flags().IntVar(&limit, "limit", 100, "rows, at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		signals, err := all[cordon.Signal](cmd.Context(), sh, "/v1/signals", onlyTenant(tenant), limit)
		if err != nil {
			return err
		}
		return sh.answer(signals, func() {
			var rows [][]string
			for _, s := range signals.Items {
				rows = append(rows, []string{stamp(s.At), string(s.Grade), string(s.Kind), orDash(s.Actor), s.Message})
			}
			sh.table("AT GRADE KIND ACTOR MESSAGE", rows)
			sh.more(signals.Next)
		})
	}
	return cmd
}
