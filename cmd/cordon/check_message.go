package main

import (
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon/report"
)

func (sh *shell) genuineCommand() *cobra.Command {
	var incident int64
	cmd := &cobra.Command{
		Use: "genuine CODE|FILE", Short: "Is a message really from here? By its code, or the message itself",
		Long:    "Ask with the code at the end of a message, or with the message as a file (.eml; - is\nstandard input). A code says that we sent such a message; only the file can be proved:\nits signature and the ledger are checked. Exit status 0 when the message is ours and part\nof no incident, 1 otherwise.",
		Example: "  cordon genuine g2h0k-9m3vx-77q1c-e8zrs-4tdw5b\n  cordon genuine message.eml\n  cordon genuine g2h0k-9m3vx-77q1c-e8zrs-4tdw5b --incident 12", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().Int64Var(&incident, "incident", 0, "also ask whether INC-<number> reached who got the message")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"code": args[0]}
		if incident != 0 {
			body["incident"] = incident
		}
		r := request{method: post, path: "/v1/check", json: body}
		if _, err := os.Stat(args[0]); err == nil || args[0] == "-" {
			file, err := sh.openFile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			r = request{method: post, path: "/v1/check/message", body: file, media: "message/rfc822"}
			if incident != 0 {
				r.query = url.Values{"incident": {strconv.FormatInt(incident, 10)}}
			}
		}
		var a report.Answer
		if err := sh.ask(cmd.Context(), r, &a); err != nil {
			return err
		}
		if err := sh.answer(a, func() { sh.showAnswer(a) }); err != nil {
			return err
		}
		if a.Verdict != report.Genuine {
			return silent{1}
		}
		return nil
	}
	return cmd
}

func (sh *shell) showAnswer(a report.Answer) {
	if a.Exercise {
		sh.say("EXERCISE: the message belongs to a drill")
	}
	sh.say("%s: %s", a.Verdict, a.Words)
	if a.Organisation != "" {
		sh.say("  sent in the name of  %s", a.Organisation)
		sh.say("  from                 %s", orDash(a.From))
		sh.say("  subject              %s", orDash(a.Subject))
		sh.say("  sent on              %s", a.Sent)
	}
	for _, c := range a.Checks {
		sh.say("  %-20s %s", c.State, c.Words)
	}
}
