package main

import (
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) announceList() *cobra.Command {
	var incident string
	var number int64
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List posts, newest first", Example: "  cordon announce list --number 42837", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&incident, "incident", "", "only about this incident, by ID or number")
	cmd.Flags().Int64Var(&number, "number", 0, "only under this number")
	cmd.Flags().IntVar(&limit, "limit", 50, "rows; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		if incident != "" {
			query.Set("incident", incident)
		}
		if number != 0 {
			query.Set("number", strconv.FormatInt(number, 10))
		}
		posts, err := all[cordon.Announcement](cmd.Context(), sh, "/v1/announcements", query, limit)
		if err != nil {
			return err
		}
		return sh.answer(posts, func() {
			var rows [][]string
			for _, a := range posts.Items {
				rows = append(rows, []string{strconv.FormatInt(a.Number, 10) + "/" + strconv.Itoa(a.Seq), string(a.State), string(a.Audience), stamp(a.PostedAt), a.Heading()})
			}
			sh.table("POST STATE FOR POSTED HEADING", rows)
			sh.more(posts.Next)
		})
	}
	return cmd
}

func (sh *shell) announcePromises() *cobra.Command {
	var owed bool
	var limit int
	cmd := &cobra.Command{
		Use: "promises", Short: "List what readers were promised: open, kept, missed",
		Example: "  cordon announce promises --owed", Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&owed, "owed", false, "only those that are still owed")
	cmd.Flags().IntVar(&limit, "limit", 50, "rows; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		promises, err := all[cordon.Promise](cmd.Context(), sh, "/v1/promises", url.Values{"owed": {strconv.FormatBool(owed)}}, limit)
		if err != nil {
			return err
		}
		return sh.answer(promises, func() {
			var rows [][]string
			for _, p := range promises.Items {
				rows = append(rows, []string{string(p.Kind), numberText(p.Number), string(p.State), stamp(p.DueAt), stamp(p.SettledAt)})
			}
			sh.table("PROMISE NUMBER STATE DUE CAME", rows)
			sh.more(promises.Next)
		})
	}
	return cmd
}
