package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) noticePacket() *cobra.Command {
	cmd := &cobra.Command{
		Use: "packet INCIDENT --tenant TENANT", Short: "A tenant's packet: counts, letter, sample letter, clocks; with --csv its exact list",
		Example: "  cordon notice packet INC-12 --tenant northside\n  cordon notice packet INC-12 --tenant northside --csv > northside.csv", Args: cobra.ExactArgs(1),
	}
	var tenant, language string
	var asCSV, reveal bool
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&language, "language", "", "language; left out: the tenant's")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "the exact list, as CSV; taking it is a ledger entry")
	cmd.Flags().BoolVar(&reveal, "reveal", false, "with --csv: open the addresses; each is itself a ledger entry")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		path := noticePath(args[0], "/packets/"+url.PathEscape(tenant))
		if asCSV {
			return sh.copyTo(cmd.Context(), request{method: http.MethodGet, path: path + "/list.csv", query: url.Values{"reveal": {strconv.FormatBool(reveal)}}})
		}
		q := url.Values{}
		if language != "" {
			q.Set("language", language)
		}
		var p struct {
			Counts cordon.TellingCounts `json:"counts"`
			Letter struct{ Title, Text string }
			Sample struct{ Title, Text string }
			Page   string `json:"page,omitempty"`
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: path, query: q}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			sh.say("%s\n\n%s", p.Letter.Title, strings.TrimRight(p.Letter.Text, "\n"))
			sh.say("\n════ a letter that the practice may send ════\n\n%s\n\n%s", p.Sample.Title, strings.TrimRight(p.Sample.Text, "\n"))
		})
	}
	return cmd
}

// copyTo writes an answer as it comes; one that breaks off is an error.
func (sh *shell) copyTo(ctx context.Context, r request) error {
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(sh.out, resp.Body); err != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "the answer broke off: what was written is only a part", Remedy: "ask again"}
	}
	return nil
}

func (sh *shell) noticeWorksheet() *cobra.Command {
	cmd := &cobra.Command{
		Use: "worksheet INCIDENT --tenant TENANT", Short: "The four factors of 45 CFR 164.402, filled in as far as the records go",
		Example: "  cordon notice worksheet INC-12 --tenant northside", Args: cobra.ExactArgs(1),
	}
	var tenant string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var w struct {
			Name    string `json:"name"`
			Factors []struct {
				Number   int      `json:"number"`
				Law      string   `json:"law"`
				Known    []string `json:"known"`
				ToAnswer string   `json:"to_answer"`
			} `json:"factors"`
			Keep string `json:"keep"`
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "/packets/"+url.PathEscape(tenant)+"/worksheet")}, &w); err != nil {
			return err
		}
		return sh.answer(w, func() {
			sh.say("Four factors, 45 CFR 164.402(2), for %s", w.Name)
			for _, f := range w.Factors {
				sh.say("\n%d. %s", f.Number, f.Law)
				for _, k := range f.Known {
					sh.say("   - %s", k)
				}
				sh.say("   To answer: %s", f.ToAnswer)
			}
			sh.say("\n%s", w.Keep)
		})
	}
	return cmd
}

func (sh *shell) noticeDrafts() *cobra.Command {
	cmd := &cobra.Command{
		Use: "drafts INCIDENT --tenant TENANT", Short: "Drafts for authorities, one a regime, with what is missing marked",
		Example: "  cordon notice drafts INC-12 --tenant northside --regime gdpr-33", Args: cobra.ExactArgs(1),
	}
	var tenant, regime string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&regime, "regime", "", "only this one")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		type draft struct {
			Regime  string `json:"regime"`
			Missing int    `json:"missing"`
			Text    string `json:"text"`
		}
		var p part[draft]
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "/packets/"+url.PathEscape(tenant)+"/drafts")}, &p); err != nil {
			return err
		}
		kept := part[draft]{Items: []draft{}}
		for _, d := range p.Items {
			if regime == "" || d.Regime == regime {
				kept.Items = append(kept.Items, d)
			}
		}
		if regime != "" && len(kept.Items) == 0 {
			return &cordon.Error{Code: cordon.Missing, Field: "--regime", Message: "has no clock for this tenant, or does not apply", Remedy: "cordon clock list shows them"}
		}
		return sh.answer(kept, func() {
			for i, d := range kept.Items {
				if i > 0 {
					sh.say("\n════════════════════════════════════════\n")
				}
				sh.say("%s", strings.TrimRight(d.Text, "\n"))
			}
		})
	}
	return cmd
}

func (sh *shell) noticePost() *cobra.Command {
	cmd := &cobra.Command{
		Use: "post INCIDENT", Short: "A draft for an announcement, its figures bound and not typed", Example: "  cordon notice post INC-12", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var d struct {
			Title string `json:"title"`
			Text  string `json:"text"`
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "/post")}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() { sh.say("%s\n\n%s", d.Title, strings.TrimRight(d.Text, "\n")) })
	}
	return cmd
}
