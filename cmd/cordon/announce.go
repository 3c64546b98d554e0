package main

import (
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

func (sh *shell) announceCommand() *cobra.Command {
	return noun("announce", "Numbered public posts that never change, and the promises they make",
		sh.announceDraft(), sh.announceDrafts(), sh.announceShow(), sh.announceEdit(), sh.announceApprove(), sh.announcePost(), sh.announceDrop(), sh.announceList(), sh.announcePromises())
}

const draftsPath = "/v1/announcement-drafts"

// postFlags are the words of a post.
type postFlags struct {
	number                             int64
	kind, audience, incident           string
	title, body, notAffected, signedBy string
	state, impact, reportBy, bodyFile  string
	components                         []string
	next                               time.Duration
	exercise                           bool
}

func (p *postFlags) add(f *pflag.FlagSet, begin bool) {
	if begin {
		f.Int64Var(&p.number, "number", 0, "announcement it follows; left out for an original")
		f.StringVar(&p.audience, "audience", "", "public, tenants, recipients or staff")
		f.StringVar(&p.incident, "incident", "", "incident it is about, by ID or number; its figures can be quoted")
		f.BoolVar(&p.exercise, "exercise", false, "watermark it EXERCISE and mail it to nobody")
	}
	f.StringVar(&p.kind, "kind", "", "original, update, correction, resolved or retraction")
	f.StringVar(&p.title, "title", "", "title, without number, UPDATE or date")
	f.StringVar(&p.body, "body", "", "text; {{copies_delivered}} and other figures are put in when it is posted")
	f.StringVar(&p.bodyFile, "body-file", "", "file with the text, - for standard input")
	f.StringVar(&p.notAffected, "not-affected", "", "what works as it should; every original says it")
	f.StringVar(&p.state, "state", "", "investigating, identified, monitoring, resolved or postmortem")
	f.StringVar(&p.impact, "impact", "", "none, minor, major or critical")
	f.StringSliceVar(&p.components, "component", nil, "part of the service it touches, by ID; left out, by the incident's kinds of mail")
	f.DurationVar(&p.next, "next", 0, "how long until readers hear more: 20m")
	f.StringVar(&p.reportBy, "report-by", "", "by when there will be a report: 2026-11-27T17:00:00Z")
	f.StringVar(&p.signedBy, "signed-by", "", "role or name, as readers see it")
}

// words puts what was given over what is there.
func (p *postFlags) words(sh *shell, t cordon.AnnouncementText) (map[string]any, error) {
	if p.bodyFile != "" {
		raw, err := sh.readText(p.bodyFile)
		if err != nil {
			return nil, err
		}
		p.body = raw
	}
	out := map[string]any{"title": or(p.title, t.Title), "body": or(p.body, t.Body), "not_affected": or(p.notAffected, t.NotAffected), "signed_by": or(p.signedBy, t.SignedBy)}
	for name, value := range map[string]string{"state": or(p.state, string(t.State)), "impact": or(p.impact, string(t.Impact)), "kind": p.kind} {
		if value != "" {
			out[name] = value
		}
	}
	if len(p.components) > 0 {
		out["components"] = p.components
	} else if len(t.Components) > 0 {
		out["components"] = t.Components
	}
	if next := t.NextUpdateDue; p.next > 0 || !next.IsZero() {
		if p.next > 0 {
			next = time.Now().Add(p.next)
		}
		out["next_update_due"] = next.UTC().Format(time.RFC3339)
	}
	switch {
	case p.reportBy != "":
		if _, err := time.Parse(time.RFC3339, p.reportBy); err != nil {
			return nil, misused("--report-by", "is not a time", "write it like 2026-11-27T17:00:00Z")
		}
		out["report_by"] = p.reportBy
	case !t.ReportBy.IsZero():
		out["report_by"] = t.ReportBy.UTC().Format(time.RFC3339)
	}
	return out, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// begin is the request for a new draft.
func (p *postFlags) begin(sh *shell) (map[string]any, error) {
	out, err := p.words(sh, cordon.AnnouncementText{})
	if err != nil {
		return nil, err
	}
	if p.number > 0 {
		out["number"] = p.number
	}
	for name, value := range map[string]string{"audience": p.audience, "incident": p.incident} {
		if value != "" {
			out[name] = value
		}
	}
	if p.exercise {
		out["exercise"] = true
	}
	return out, nil
}

const maxTextFile = 64 << 10

func (sh *shell) readText(name string) (string, error) {
	from := sh.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", cordon.InvalidField("--body-file", "cannot be read", "name a file this user may read")
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxTextFile+1))
	if err != nil || len(raw) > maxTextFile {
		return "", cordon.InvalidField("--body-file", "cannot be read, or is larger than 64 KiB", "shorten it")
	}
	return strings.TrimSpace(string(raw)), nil
}

func (sh *shell) announceDraft() *cobra.Command {
	var p postFlags
	cmd := &cobra.Command{
		Use: "draft", Short: "Write a draft, and see how it would be posted",
		Example: "  cordon announce draft --incident INC-12 --title 'Reports of spam email' --body-file post.txt --not-affected 'Appointment letters go out as usual.'\n" +
			"  cordon announce draft --number 42837 --body 'So far {{copies_delivered}} messages were delivered.' --next 20m", Args: cobra.NoArgs,
	}
	p.add(cmd.Flags(), true)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in, err := p.begin(sh)
		if err != nil {
			return err
		}
		var d cordon.AnnouncementDraft
		if err := sh.ask(cmd.Context(), request{method: post, path: draftsPath, json: in}, &d); err != nil {
			return err
		}
		return sh.showDraft(cmd, d.ID)
	}
	return cmd
}

// showDraft prints a draft as it would be posted.
func (sh *shell) showDraft(cmd *cobra.Command, id cordon.AnnouncementDraftID) error {
	var p announce.Galley
	if err := sh.ask(cmd.Context(), request{method: get, path: draftsPath + "/" + url.PathEscape(string(id))}, &p); err != nil {
		return err
	}
	return sh.answer(p, func() {
		sh.say("%s   %s, version %d, for %s", p.Draft.ID, p.Draft.Stage, p.Draft.Version, p.Draft.Audience)
		if p.Draft.Why != "" {
			sh.say("written by the house: %s", p.Draft.Why)
		}
		sh.say("\n%s\n\n%s\n", p.Heading, p.Body)
		if p.Text.NotAffected != "" {
			sh.say("Not affected: %s", p.Text.NotAffected)
		}
		sh.postFacts(p.Text)
		for _, f := range p.Faults {
			sh.say("cannot be posted yet: %s", faultText(f))
		}
		for _, w := range p.Warnings {
			sh.say("look again: %s", w)
		}
		if p.Approval {
			sh.say("a second person must approve it: cordon announce approve %s", p.Draft.ID)
		}
		if p.Waits {
			sh.say("its figures wait for the ledger's witness")
		}
		if len(p.Figures) > 0 {
			sh.say("\nfigures of this moment:")
			var rows [][]string
			for _, f := range p.Figures {
				rows = append(rows, []string{"{{" + f.Name + "}}", f.Text()})
			}
			sh.indented("  ", "FIGURE VALUE", rows)
		}
	})
}

func (sh *shell) postFacts(t cordon.AnnouncementText) {
	sh.say("%s, impact %s, signed: %s", t.State, t.Impact, orDash(t.SignedBy))
	if !t.NextUpdateDue.IsZero() {
		sh.say("next update by %s", stamp(t.NextUpdateDue))
	}
	if !t.ReportBy.IsZero() {
		sh.say("report by %s", stamp(t.ReportBy))
	}
}

func (sh *shell) announceDrafts() *cobra.Command {
	var whole bool
	cmd := &cobra.Command{
		Use: "drafts", Short: "List drafts that await a signature; the house's own are among them",
		Example: "  cordon announce drafts", Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&whole, "all", false, "also those that were posted or dropped")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		drafts, err := all[cordon.AnnouncementDraft](cmd.Context(), sh, draftsPath, url.Values{"all": {strconv.FormatBool(whole)}}, 0)
		if err != nil {
			return err
		}
		return sh.answer(drafts, func() {
			var rows [][]string
			for _, d := range drafts.Items {
				rows = append(rows, []string{string(d.ID), string(d.Stage), string(d.Kind), numberText(d.Number), d.Title, d.Author, stamp(d.UpdatedAt)})
			}
			sh.table("DRAFT STAGE KIND NUMBER TITLE BY CHANGED", rows)
		})
	}
	return cmd
}

func numberText(n int64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

func (sh *shell) announceShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NUMBER[/SEQ]|DRAFT", Short: "Show a post, or a draft as it would be posted now",
		Example: "  cordon announce show 42837/2\n  cordon announce show adr_…", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if id := cordon.AnnouncementDraftID(args[0]); id.Valid() {
			return sh.showDraft(cmd, id)
		}
		number, seq, _ := strings.Cut(args[0], "/")
		var a cordon.Announcement
		if err := sh.ask(cmd.Context(), request{method: get, path: "/v1/announcements/" + url.PathEscape(number) + "/" + url.PathEscape(or(seq, "0"))}, &a); err != nil {
			return err
		}
		return sh.answer(a, func() { sh.showPost(a) })
	}
	return cmd
}

func (sh *shell) showPost(a cordon.Announcement) {
	if a.SupersededAs != "" {
		sh.say("superseded by %s", a.SupersededAs)
	}
	sh.say("%s\n\n%s\n", a.Heading(), a.Body)
	if a.NotAffected != "" {
		sh.say("Not affected: %s", a.NotAffected)
	}
	sh.postFacts(a.AnnouncementText)
	alone := "posted alone"
	if a.ApprovedBy != "" {
		alone = "approved by " + a.ApprovedBy
	}
	sh.say("for %s, posted %s by %s, %s", a.Audience, stamp(a.PostedAt), a.PostedBy, alone)
	if len(a.Figures) > 0 {
		sh.say("figures as of %s, ledger entry %s", stamp(a.Figures[0].AsOf), count(a.LedgerSize))
	}
}

func (sh *shell) announceEdit() *cobra.Command {
	var p postFlags
	cmd := &cobra.Command{
		Use: "edit DRAFT", Short: "Change the words of a draft; an approval ends with it",
		Example: "  cordon announce edit adr_… --body-file post.txt", Args: cobra.ExactArgs(1),
	}
	p.add(cmd.Flags(), false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := draftsPath + "/" + url.PathEscape(args[0])
		var seen announce.Galley
		if err := sh.ask(cmd.Context(), request{method: get, path: path}, &seen); err != nil {
			return err
		}
		in, err := p.words(sh, seen.Draft.AnnouncementText)
		if err != nil {
			return err
		}
		in["version"] = seen.Draft.Version
		if err := sh.ask(cmd.Context(), request{method: put, path: path, json: in}, nil); err != nil {
			return err
		}
		return sh.showDraft(cmd, seen.Draft.ID)
	}
	return cmd
}

// versionOf is the newest version of a draft.
func (sh *shell) versionOf(cmd *cobra.Command, id string) (int64, error) {
	var seen announce.Galley
	err := sh.ask(cmd.Context(), request{method: get, path: draftsPath + "/" + url.PathEscape(id)}, &seen)
	return seen.Draft.Version, err
}
