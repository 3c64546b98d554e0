package main

import (
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) pageCommand() *cobra.Command {
	return noun("page", "Pages: somebody being woken, until he says that he has it",
		sh.pageTrigger(), sh.pageList(), sh.pageShow(), sh.pageAck(), sh.pageEscalate(), sh.pageResolve())
}

func (sh *shell) pageTrigger() *cobra.Command {
	var title, text, severity, role, incident, key string
	cmd := &cobra.Command{
		Use: "trigger --title TEXT", Short: "Wake whoever is on call", Example: "  cordon page trigger --title 'Copies leave that must not' --severity SEV-1", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&title, "title", "", "what is wrong, in one line; no personal data")
	cmd.Flags().StringVar(&text, "text", "", "a few lines more")
	cmd.Flags().StringVar(&severity, "severity", "", "SEV-1 (worst, and when left out) to SEV-5")
	cmd.Flags().StringVar(&role, "role", "", "whom it is for: commander, deputy, scribe, customer-liaison or internal-liaison")
	cmd.Flags().StringVar(&incident, "incident", "", "incident it belongs to, by ID")
	cmd.Flags().StringVar(&key, "key", "", "of two pages with one key the second is the first")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "title"); err != nil {
			return err
		}
		body := map[string]any{"title": title}
		for name, value := range map[string]string{"text": text, "severity": severity, "role": role, "incident": incident, "key": key} {
			putText(body, name, value)
		}
		var p cordon.OnCallPage
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/pages", json: body}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() { sh.say("page %s is %s; cordon page show %s", p.ID, p.State, p.ID) })
	}
	return cmd
}

func (sh *shell) pageList() *cobra.Command {
	var open bool
	var incident string
	most := 50
	cmd := &cobra.Command{Use: "list", Short: "List pages, newest first", Example: "  cordon page list --open", Args: cobra.NoArgs}
	cmd.Flags().BoolVar(&open, "open", false, "only those that are not over")
	cmd.Flags().StringVar(&incident, "incident", "", "only of this incident, by ID")
	cmd.Flags().IntVar(&most, "limit", most, "rows at most; 0 lists all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q := url.Values{}
		if open {
			q.Set("open", "true")
		}
		if incident != "" {
			q.Set("incident", incident)
		}
		pages, err := all[cordon.OnCallPage](cmd.Context(), sh, "/v1/pages", q, most)
		if err != nil {
			return err
		}
		return sh.answer(pages, func() {
			var rows [][]string
			for _, p := range pages.Items {
				rows = append(rows, []string{string(p.ID), p.Severity.String(), string(p.State), stamp(p.TriggeredAt), stamp(p.AcknowledgedAt), p.Title})
			}
			sh.table("PAGE SEVERITY STATE TRIGGERED ACKNOWLEDGED TITLE", rows)
			sh.more(pages.Next)
		})
	}
	return cmd
}

type pageShown struct {
	Page   cordon.OnCallPage  `json:"page"`
	Events []cordon.PageEvent `json:"events"`
}

func (sh *shell) pageShow() *cobra.Command {
	return &cobra.Command{
		Use: "show PAGE", Short: "Show a page and what happened to it", Example: "  cordon page show pag_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var s pageShown
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/pages/" + url.PathEscape(args[0])}, &s); err != nil {
				return err
			}
			names := map[cordon.OnCallContactID]string{}
			if list, err := sh.contacts(cmd.Context()); err == nil { // IDs are shown otherwise
				for _, c := range list {
					names[c.ID] = c.Name
				}
			}
			return sh.answer(s, func() {
				sh.say("%s  %s: %s", s.Page.State, s.Page.Severity, s.Page.Title)
				if !s.Page.FirstSentAt.IsZero() && !s.Page.AcknowledgedAt.IsZero() {
					sh.say("first sent %s, acknowledged %s later", stamp(s.Page.FirstSentAt), s.Page.AcknowledgedAt.Sub(s.Page.FirstSentAt).Round(time.Second))
				}
				if !s.Page.NextAt.IsZero() {
					sh.say("goes on by itself %s", stamp(s.Page.NextAt))
				}
				var rows [][]string
				for _, e := range s.Events {
					who := names[e.Contact]
					if who == "" {
						who = string(e.Contact)
					}
					if who == "" {
						who = e.By
					}
					rows = append(rows, []string{stamp(e.At), e.Kind, orDash(who), orDash(string(e.Channel)), e.Text})
				}
				sh.table("AT WHAT WHO CHANNEL MORE", rows)
			})
		},
	}
}

func (sh *shell) pageAck() *cobra.Command {
	var lasts time.Duration
	cmd := &cobra.Command{
		Use: "ack PAGE", Short: "Say that you have it, or still have it",
		Long:    "Say that you have it, or still have it. An acknowledgement lapses after hold_minutes\n(cordon oncall settings), unless the page's incident has left triage meanwhile.",
		Example: "  cordon page ack pag_…\n  cordon page ack pag_… --for 1h", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().DurationVar(&lasts, "for", 0, "for how long, in whole minutes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		minutes, err := minutesOf(lasts)
		if err != nil {
			return misused("--for", err.Error(), "give it like 30m")
		}
		body := map[string]any{}
		if minutes > 0 {
			body["minutes"] = minutes
		}
		var p cordon.OnCallPage
		if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/pages/" + url.PathEscape(args[0]) + "/ack", json: body}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() { sh.say("%s: acknowledged until %s", p.ID, stamp(p.AckUntil)) })
	}
	return cmd
}

func (sh *shell) pageEscalate() *cobra.Command {
	return sh.pageDo("escalate", "Wake the next step now", func(p cordon.OnCallPage) string { return "the next step after " + strconv.Itoa(p.Step+1) + " is paged" })
}

func (sh *shell) pageResolve() *cobra.Command {
	return sh.pageDo("resolve", "End a page: those who were paged are told", func(cordon.OnCallPage) string { return "resolved" })
}

func (sh *shell) pageDo(verb, short string, said func(cordon.OnCallPage) string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " PAGE", Short: short, Example: "  cordon page " + verb + " pag_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p cordon.OnCallPage
			if err := sh.ask(cmd.Context(), request{method: post, path: "/v1/pages/" + url.PathEscape(args[0]) + "/" + verb}, &p); err != nil {
				return err
			}
			return sh.answer(p, func() { sh.say("%s: %s", p.ID, said(p)) })
		},
	}
}
