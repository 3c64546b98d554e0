package main

import (
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

func (sh *shell) announceApprove() *cobra.Command {
	var version int64
	cmd := &cobra.Command{
		Use: "approve DRAFT", Short: "Approve a draft that somebody else wrote and a third may post",
		Example: "  cordon announce approve adr_… --version 2 --as berta", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().Int64Var(&version, "version", 0, "the version that was read; left out, the newest")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return sh.actOnDraft(cmd, args[0], "/approve", version, func() { sh.say("approved; it can be posted by somebody else") })
	}
	return cmd
}

func (sh *shell) actOnDraft(cmd *cobra.Command, id, verb string, version int64, said func()) error {
	if version == 0 {
		var err error
		if version, err = sh.versionOf(cmd, id); err != nil {
			return err
		}
	}
	r := request{method: post, path: draftsPath + "/" + url.PathEscape(id) + verb, json: map[string]any{"version": version}}
	if err := sh.ask(cmd.Context(), r, nil); err != nil {
		return err
	}
	return sh.answer(map[string]any{"draft": id, "version": version}, said)
}

func (sh *shell) announceDrop() *cobra.Command {
	var version int64
	cmd := &cobra.Command{
		Use: "drop DRAFT", Short: "Drop a draft", Example: "  cordon announce drop adr_…", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().Int64Var(&version, "version", 0, "the version that was read; left out, the newest")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return sh.actOnDraft(cmd, args[0], "/drop", version, func() { sh.say("dropped") })
	}
	return cmd
}

func (sh *shell) announcePost() *cobra.Command {
	var p postFlags
	var version int64
	cmd := &cobra.Command{
		Use: "post [DRAFT]", Short: "Post a draft, or these words at once: it never changes again",
		Example: "  cordon announce post adr_… --signed-by 'Duty officer'\n" +
			"  cordon announce post --kind update --number 42837 --body 'We found the cause.' --state identified --next 20m --signed-by 'Duty officer'", Args: cobra.MaximumNArgs(1),
	}
	p.add(cmd.Flags(), true)
	cmd.Flags().Int64Var(&version, "version", 0, "the version that was read; left out, the newest")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := sh.draftToPost(cmd, args, &p, &version)
		if err != nil {
			return err
		}
		in := map[string]any{"version": version}
		if p.signedBy != "" {
			in["signed_by"] = p.signedBy
		}
		if p.next > 0 {
			in["next_in_seconds"] = int(p.next / time.Second)
		}
		var posted announce.Posted
		if err := sh.ask(cmd.Context(), request{method: post, path: draftsPath + "/" + url.PathEscape(id) + "/post", json: in}, &posted); err != nil {
			if len(args) == 0 {
				sh.note("the words are kept as draft %s", id)
			}
			return err
		}
		for _, warning := range posted.Warnings {
			sh.note("look again: %s", warning)
		}
		return sh.answer(posted, func() {
			if posted.Waiting != nil {
				sh.say("kept back until a witness has seen the ledger of its figures; then it is posted by itself")
				return
			}
			sh.say("posted %d/%d", posted.Post.Number, posted.Post.Seq)
			sh.showPost(*posted.Post)
		})
	}
	return cmd
}

// draftToPost is the draft that is named, or one made of the flags.
func (sh *shell) draftToPost(cmd *cobra.Command, args []string, p *postFlags, version *int64) (string, error) {
	if len(args) == 1 {
		if p.title != "" || p.body != "" || p.bodyFile != "" || p.number != 0 {
			return "", misused("post", "takes a draft or words, not both", "change the draft with cordon announce edit")
		}
		if *version == 0 {
			var err error
			*version, err = sh.versionOf(cmd, args[0])
			return args[0], err
		}
		return args[0], nil
	}
	if p.body == "" && p.bodyFile == "" {
		return "", misused("post", "names no draft and has no words", "give a draft, or --body")
	}
	in, err := p.begin(sh)
	if err != nil {
		return "", err
	}
	var d cordon.AnnouncementDraft
	err = sh.ask(cmd.Context(), request{method: post, path: draftsPath, json: in}, &d)
	*version = d.Version
	return string(d.ID), err
}
