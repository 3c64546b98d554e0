package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) onCallCommand() *cobra.Command {
	return noun("oncall", "Who is woken, how, and in which order", sh.onCallNow(), sh.onCallTest(),
		noun("contact", "People who can be woken, and how they are reached", sh.contactAdd(), sh.contactList(), sh.contactMethod(), sh.contactVerify(), sh.contactCode(), sh.contactRules(), sh.contactRemove()),
		noun("schedule", "People who take turns", sh.scheduleCreate(), sh.scheduleChange(), sh.scheduleList(), sh.scheduleShow(), sh.scheduleOverride(), sh.scheduleWithdraw(), sh.scheduleRemove()),
		noun("policy", "Whom a page wakes, one step after the other", sh.policyCreate(), sh.policyList(), sh.policyRoute(), sh.policyRemove()),
		noun("heartbeat", "Heartbeats that are expected: one that is missing pages", sh.heartbeatCreate(), sh.heartbeatList(), sh.heartbeatGive(), sh.heartbeatRemove()),
		sh.onCallSettings(), sh.onCallSecret())
}

// nowJSON is who is on call, as the house answers it.
type nowJSON struct {
	At        time.Time `json:"at"`
	Schedules []struct {
		Schedule cordon.ScheduleID      `json:"schedule"`
		Handle   string                 `json:"handle"`
		Contact  cordon.OnCallContactID `json:"contact,omitempty"`
		Name     string                 `json:"name,omitempty"`
		Override bool                   `json:"override,omitempty"`
		Until    time.Time              `json:"until"`
		Next     string                 `json:"next,omitempty"`
	} `json:"schedules"`
	Problems []string            `json:"problems"`
	Open     int                 `json:"open_pages"`
	Outbox   cordon.OutboxHealth `json:"outbox"`
}

func (sh *shell) onCallNow() *cobra.Command {
	return &cobra.Command{
		Use: "now", Short: "Who is on call at this moment; exit status 1 when a page might reach nobody",
		Example: "  cordon oncall now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var n nowJSON
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall"}, &n); err != nil {
				return err
			}
			err := sh.answer(n, func() {
				var rows [][]string
				for _, s := range n.Schedules {
					who := orDash(s.Name)
					if s.Override {
						who += " (stands in)"
					}
					rows = append(rows, []string{s.Handle, who, stamp(s.Until), orDash(s.Next)})
				}
				sh.table("SCHEDULE ON-CALL UNTIL THEN", rows)
				sh.say("%d open pages%s", n.Open, hint(n.Open, "cordon page list --open"))
				for _, p := range n.Problems {
					sh.note("problem: %s", p)
				}
			})
			if err == nil && len(n.Problems) > 0 {
				return silent{1}
			}
			return err
		},
	}
}

func (sh *shell) onCallTest() *cobra.Command {
	return &cobra.Command{
		Use: "test CONTACT", Short: "Send a test to every verified method of a contact",
		Example: "  cordon oncall test 'Duty engineer'", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sh.contactID(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var sent struct {
				Sent int `json:"sent"`
			}
			if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/oncall/contacts/" + string(id) + "/test"}, &sent); err != nil {
				return err
			}
			return sh.answer(sent, func() { sh.say("%d messages queued; cordon serve sends them", sent.Sent) })
		},
	}
}

func (sh *shell) contacts(ctx context.Context) ([]cordon.OnCallContact, error) {
	list, err := sh.onCallList(ctx)
	return list.Items, err
}

func (sh *shell) onCallList(ctx context.Context) (got part[cordon.OnCallContact], err error) {
	err = sh.ask(ctx, request{method: get, path: "/v1/oncall/contacts"}, &got)
	return got, err
}

// contactID finds a contact by ID or name.
func (sh *shell) contactID(ctx context.Context, ref string) (cordon.OnCallContactID, error) {
	if id := cordon.OnCallContactID(ref); id.Valid() {
		return id, nil
	}
	list, err := sh.contacts(ctx)
	if err != nil {
		return "", err
	}
	var found []cordon.OnCallContactID
	for _, c := range list {
		if strings.EqualFold(c.Name, ref) {
			found = append(found, c.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &cordon.Error{Code: cordon.Missing, Field: "contact", Message: "there is no contact of that ID or name", Remedy: "cordon oncall contact list shows them"}
	}
	return "", &cordon.Error{Code: cordon.Conflict, Field: "contact", Message: "several contacts have that name", Remedy: "name one by its ID"}
}

func (sh *shell) contactIDs(ctx context.Context, refs string) ([]cordon.OnCallContactID, error) {
	ids := []cordon.OnCallContactID{}
	for ref := range strings.SplitSeq(refs, ",") {
		if ref = strings.TrimSpace(ref); ref == "" {
			continue
		}
		id, err := sh.contactID(ctx, ref)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (sh *shell) onCallSettings() *cobra.Command {
	var fallback, set string
	cmd := &cobra.Command{
		Use: "settings [--fallback CONTACT,… ] [--set NAME=NUMBER,…]", Short: "Show or change the fallback and the durations of paging",
		Example: "  cordon oncall settings\n  cordon oncall settings --fallback 'Duty manager' --set ack_minutes=5,hold_minutes=15", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&fallback, "fallback", "", "contacts paged when nobody is on call and when every contact failed, with commas between")
	cmd.Flags().StringVar(&set, "set", "", "durations to change, with commas between; the answer names them all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		var s cordon.OnCallSettings
		if err := sh.ask(ctx, request{method: get, path: "/v1/oncall/settings"}, &s); err != nil {
			return err
		}
		changed := set != ""
		if cmd.Flags().Changed("fallback") {
			ids, err := sh.contactIDs(ctx, fallback)
			if err != nil {
				return err
			}
			s.Fallback, changed = ids, true
		}
		if err := setNumbers(&s.OnCallLimits, set); err != nil {
			return err
		}
		if changed {
			if err := sh.ask(ctx, request{method: put, path: "/v1/oncall/settings", json: s}, &s); err != nil {
				return err
			}
		}
		return sh.answer(s, func() {
			sh.table("SETTING VALUE", limitRows(s.OnCallLimits))
			for _, id := range s.Fallback {
				sh.say("fallback %s", id)
			}
		})
	}
	return cmd
}

func onCallNumbers(l *cordon.OnCallLimits) []struct {
	name string
	at   *int
} {
	return []struct {
		name string
		at   *int
	}{{"ack_minutes", &l.AckMinutes}, {"hold_minutes", &l.HoldMinutes}, {"last_minutes", &l.LastMinutes}, {"stale_minutes", &l.StaleMinutes}, {"link_hours", &l.LinkHours},
		{"verify_minutes", &l.VerifyMinutes}, {"forget_days", &l.ForgetDays}, {"stuck_seconds", &l.StuckSeconds}, {"heartbeat_grace", &l.HeartbeatGrace}, {"max_renew_minutes", &l.MaxRenewMinutes}}
}

func setNumbers(l *cordon.OnCallLimits, text string) error {
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(value)
		known := false
		for _, f := range onCallNumbers(l) {
			if f.name == name {
				known, *f.at = true, n
			}
		}
		if err != nil || !known {
			return misused("--set", "does not take "+pair, "give NAME=NUMBER; cordon oncall settings names them")
		}
	}
	return nil
}

func limitRows(l cordon.OnCallLimits) (rows [][]string) {
	for _, f := range onCallNumbers(&l) {
		rows = append(rows, []string{f.name, strconv.Itoa(*f.at)})
	}
	return rows
}

func (sh *shell) onCallSecret() *cobra.Command {
	return &cobra.Command{
		Use: "secret", Short: "Print the secret that receivers of webhooks check signatures with",
		Example: "  cordon oncall secret", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var s struct {
				Secret string `json:"secret"`
			}
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall/webhook-secret"}, &s); err != nil {
				return err
			}
			return sh.answer(s, func() { sh.say("%s", s.Secret) })
		},
	}
}

func (sh *shell) heartbeatCreate() *cobra.Command {
	var every time.Duration
	var severity, role string
	cmd := &cobra.Command{
		Use: "create NAME --every DURATION", Short: "Expect a heartbeat; when it is missing, somebody is paged",
		Example: "  cordon oncall heartbeat create nightly-backup --every 24h --severity SEV-3", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().DurationVar(&every, "every", 0, "how often it comes: 10s to 744h")
	cmd.Flags().StringVar(&severity, "severity", "", "of the page, SEV-1 to SEV-5")
	cmd.Flags().StringVar(&role, "role", "", "whom the page is for")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if every <= 0 {
			return misused("--every", "is missing", "give --every, such as 1h")
		}
		body := map[string]any{"every_seconds": int(every / time.Second)}
		putText(body, "severity", severity)
		putText(body, "role", role)
		var m cordon.Monitor
		if err := sh.ask(cmd.Context(), request{method: put, path: "/v1/oncall/heartbeats/" + url.PathEscape(args[0]), json: body}, &m); err != nil {
			return err
		}
		return sh.answer(m, func() {
			sh.say("%s is expected every %s: POST /v1/heartbeats/%s, or cordon oncall heartbeat give %s", m.Name, every, m.Name, m.Name)
		})
	}
	return cmd
}

// putText puts a text into a body unless it is "".
func putText(body map[string]any, name, text string) {
	if text != "" {
		body[name] = text
	}
}

func (sh *shell) heartbeatList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the heartbeats that are expected; exit status 1 when one is missing",
		Example: "  cordon oncall heartbeat list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got part[cordon.Monitor]
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/oncall/heartbeats"}, &got); err != nil {
				return err
			}
			missing := false
			err := sh.answer(got, func() {
				var rows [][]string
				for _, m := range got.Items {
					state := "ok"
					if !m.MissingAt.IsZero() {
						state = "missing since " + stamp(m.MissingAt)
					}
					rows = append(rows, []string{m.Name, (time.Duration(m.Every) * time.Second).String(), stamp(m.LastAt), m.Severity.String(), state})
				}
				sh.table("NAME EVERY LAST SEVERITY STATE", rows)
			})
			for _, m := range got.Items {
				missing = missing || !m.MissingAt.IsZero()
			}
			if err == nil && missing {
				return silent{1}
			}
			return err
		},
	}
}

func (sh *shell) heartbeatGive() *cobra.Command {
	return sh.onCallDo("give NAME", "Give a heartbeat: what it stands for is alive", "  cordon oncall heartbeat give nightly-backup", func(args []string) (request, string) {
		return request{method: post, path: "/v1/heartbeats/" + url.PathEscape(args[0])}, "given"
	}, 1)
}

func (sh *shell) heartbeatRemove() *cobra.Command {
	return sh.onCallDo("remove NAME", "Expect a heartbeat no more", "  cordon oncall heartbeat remove nightly-backup", func(args []string) (request, string) {
		return request{method: del, path: "/v1/oncall/heartbeats/" + url.PathEscape(args[0])}, "removed"
	}, 1)
}

// onCallDo is a verb that has nothing to say but that it is done.
func (sh *shell) onCallDo(use, short, example string, make func(args []string) (request, string), n int) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.ExactArgs(n),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, done := make(args)
			if err := sh.ask(cmd.Context(), r, nil); err != nil {
				return err
			}
			return sh.answer(map[string]string{done: args[0]}, func() { sh.say("%s: %s", args[0], done) })
		},
	}
}

// minutesOf is a duration in whole minutes, at least 1 unless it is 0.
func minutesOf(d time.Duration) (int, error) {
	if d < 0 || d%time.Minute != 0 {
		return 0, fmt.Errorf("%s is no number of whole minutes", d)
	}
	return int(d / time.Minute), nil
}
