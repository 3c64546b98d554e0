package main

import (
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

func (sh *shell) reportCommand() *cobra.Command {
	return noun("report", "What people outside say of mail", sh.reportAdd(), sh.reportList(), sh.reportShow(), sh.reportRead(), sh.reportReturned(), sh.reportBounces())
}

func (sh *shell) reportAdd() *cobra.Command {
	var xarf bool
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Hand in a report, or a reported mail, as it came",
		Long:    "Hand in one message: a feedback report (ARF), a forwarded mail, an abuse notice, or the\nreported mail itself. With --xarf, an XARF document (JSON, version 3 or 4). A FILE of -\nreads from standard input. It is safe when this returns, and read soon after.",
		Example: "  cordon report add complaint.eml\n  cordon report add --xarf report.json\n  cordon report add - < message.eml", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&xarf, "xarf", false, "the file is an XARF document")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := sh.openFile(args[0])
		if err != nil {
			return err
		}
		defer body.Close()
		r := request{method: post, path: "/v1/reports", body: body, media: "message/rfc822"}
		if xarf {
			r.path, r.media = "/v1/reports/xarf", "application/json"
		}
		var got struct {
			Report    cordon.Report `json:"report"`
			Duplicate bool          `json:"duplicate"`
		}
		if err := sh.ask(cmd.Context(), r, &got); err != nil {
			return err
		}
		return sh.answer(got, func() {
			if got.Duplicate {
				sh.say("%s: exactly this came in before; it is counted once", got.Report.Name())
				return
			}
			sh.say("%s received", got.Report.Name())
		})
	}
	return cmd
}

// openFile opens a file for an upload; - is standard input.
func (sh *shell) openFile(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(sh.in), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, misused("FILE", name+" cannot be read", "name a file that this user may read")
	}
	return f, nil
}

func (sh *shell) reportList() *cobra.Command {
	var tenant, problem string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List reports, newest first",
		Example: "  cordon report list\n  cordon report list --problem prb_…", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "only about mail of this tenant, by ID or handle")
	f.StringVar(&problem, "problem", "", "only of this problem")
	f.IntVar(&limit, "limit", 50, "at most so many; 0 lists all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"tenant": tenant, "problem": problem} {
			if value != "" {
				query.Set(name, value)
			}
		}
		reports, err := all[cordon.Report](cmd.Context(), sh, "/v1/reports", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(reports, func() {
			var rows [][]string
			for _, r := range reports.Items {
				rows = append(rows, []string{r.Name(), string(r.ID), stamp(r.At), string(r.Way), orDash(string(r.Kind)), orDash(string(r.Match)), orDash(r.Vouched), orDash(string(r.Problem)), string(r.Answer)})
			}
			sh.table("REPORT ID AT WAY KIND MATCH VOUCHED PROBLEM ANSWER", rows)
			sh.more(reports.Next)
		})
	}
	return cmd
}

func (sh *shell) reportShow() *cobra.Command {
	return &cobra.Command{
		Use: "show REPORT", Short: "Show a report, without what it says", Example: "  cordon report show rep_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var r cordon.Report
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/reports/" + url.PathEscape(args[0])}, &r); err != nil {
				return err
			}
			return sh.answer(r, func() { sh.showReport(r) })
		},
	}
}

func (sh *shell) showReport(r cordon.Report) {
	sh.say("%s  %s  by %s, %s", r.Name(), r.ID, r.Way, stamp(r.At))
	sh.say("  says         %s", orDash(string(r.Kind)))
	sh.say("  matched by   %s", orDash(string(r.Match)))
	sh.say("  vouched by   %s", orDash(r.Vouched))
	sh.say("  tenant       %s", orDash(string(r.Tenant)))
	sh.say("  dispatch     %s", orDash(string(r.Dispatch)))
	sh.say("  problem      %s", orDash(string(r.Problem)))
	sh.say("  copies       %s", count(r.Copies))
	sh.say("  answer       %s", r.Answer)
}

func (sh *shell) reportRead() *cobra.Command {
	return &cobra.Command{
		Use: "read REPORT", Short: "Open what a report says, as text; the ledger keeps who did",
		Example: "  cordon report read rep_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var o report.Opened
			if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/reports/" + url.PathEscape(args[0]) + "/evidence"}, &o); err != nil {
				return err
			}
			return sh.answer(o, func() {
				sh.showReport(o.Report)
				sh.message("\nthe report", o.Fields, o.Text)
				sh.message("\nthe mail it is about", o.Original, o.Body)
			})
		},
	}
}

// message prints a message that was made harmless.
func (sh *shell) message(title string, fields []report.OpenedField, text string) {
	if len(fields) == 0 && text == "" {
		return
	}
	sh.say("%s", title)
	for _, f := range fields {
		sh.say("  %s: %s", f.Name, f.Value)
	}
	if text != "" {
		sh.say("\n  %s", strings.ReplaceAll(text, "\n", "\n  "))
	}
}

func (sh *shell) reportReturned() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use: "returned", Short: "How much mail came back and was only counted",
		Example: "  cordon report returned --days 30", Args: cobra.NoArgs,
	}
	cmd.Flags().IntVar(&days, "days", 7, "how many days back, today included")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var got part[struct {
			What string `json:"what"`
			N    int64  `json:"n"`
		}]
		r := request{method: get, path: "/v1/returned", query: url.Values{"days": {strconv.Itoa(days)}}}
		if err := sh.ask(cmd.Context(), r, &got); err != nil {
			return err
		}
		return sh.answer(got, func() {
			var rows [][]string
			for _, x := range got.Items {
				rows = append(rows, []string{x.What, count(x.N)})
			}
			sh.table("WHAT COUNT", rows)
		})
	}
	return cmd
}

func (sh *shell) reportBounces() *cobra.Command {
	var tenant, dispatch string
	cmd := &cobra.Command{
		Use: "bounces --tenant TENANT --dispatch D", Short: "Copies of a dispatch that came back by mail after they had been handed over",
		Long:    "A copy that comes back by mail stays delivered: what was handed over was handed over.\nIt counts as evidence, once.",
		Example: "  cordon report bounces --tenant northside --dispatch dsp_…", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&dispatch, "dispatch", "", "the dispatch")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant", "dispatch"); err != nil {
			return err
		}
		var got struct {
			Hard int64 `json:"hard"`
			Soft int64 `json:"soft"`
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: tenantPath(tenant, "/dispatches/"+url.PathEscape(dispatch)+"/bounces")}, &got); err != nil {
			return err
		}
		return sh.answer(got, func() { sh.say("%s came back for good, %s for now", count(got.Hard), count(got.Soft)) })
	}
	return cmd
}
