package main

import (
	"context"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) noticeCommand() *cobra.Command {
	return noun("notice", "Tell those whom an incident reached",
		sh.noticeIdentity(), sh.noticeFacts(), sh.noticePreview(), sh.noticeApprove(), sh.noticeTellings(), sh.noticeTell(), sh.noticeTold(),
		sh.noticeFollowUp(), sh.noticePacket(), sh.noticeWorksheet(), sh.noticeDrafts(), sh.noticePost())
}

func noticePath(incident, rest string) string {
	return "/v1/incidents/" + url.PathEscape(incident) + "/notice" + rest
}

func (sh *shell) noticeIdentity() *cobra.Command {
	set := &cobra.Command{
		Use: "set --tenant TENANT --name NAME --address ADDRESS", Short: "Name by whom notices are sent: an organisation's address in a domain of the tenant",
		Example: "  cordon notice identity set --tenant house --name 'Example Health Systems' --address privacy@house.example", Args: cobra.NoArgs,
	}
	var tenant, name, address string
	set.Flags().StringVar(&tenant, "tenant", "", "tenant whose domain it is, by ID or handle")
	set.Flags().StringVar(&name, "name", "", "the organisation, as receivers see it")
	set.Flags().StringVar(&address, "address", "", "an organisation's address, no person's")
	set.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant", "name", "address"); err != nil {
			return err
		}
		return sh.identity(cmd.Context(), request{method: put, path: "/v1/notice-identity", json: map[string]any{"tenant": tenant, "name": name, "address": address}})
	}
	show := &cobra.Command{
		Use: "show", Short: "Show by whom notices are sent", Example: "  cordon notice identity show", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return sh.identity(cmd.Context(), request{method: get, path: "/v1/notice-identity"})
		},
	}
	return noun("identity", "By whom notices are sent", set, show)
}

func (sh *shell) identity(ctx context.Context, r request) error {
	var id cordon.NoticeIdentity
	if err := sh.ask(ctx, r, &id); err != nil {
		return err
	}
	return sh.answer(id, func() { sh.say("notices are sent by %s <%s>", id.Name, string(id.Address)) })
}

// act is what approving would do, as REST says it.
type act struct {
	Facts      cordon.NoticeFacts   `json:"facts"`
	Hash       string               `json:"hash"`
	Missing    []cordon.NoticeField `json:"missing,omitempty"`
	Offers     []cordon.Language    `json:"offers"`
	Reach      cordon.NoticeReach   `json:"reach"`
	Drift      []string             `json:"drift,omitempty"`
	FromNobody bool                 `json:"from_nobody,omitempty"`
	Says       string               `json:"says"`
}

func (sh *shell) noticeFacts() *cobra.Command {
	show := &cobra.Command{
		Use: "show INCIDENT", Short: "Show what is to be told, and whom it would reach; the first call drafts it",
		Example: "  cordon notice facts show INC-12", Args: cobra.ExactArgs(1),
	}
	var language string
	show.Flags().StringVar(&language, "language", "en", "language: en, de, fr, nl or es")
	show.RunE = func(cmd *cobra.Command, args []string) error {
		var a act
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "")}, &a); err != nil {
			return err
		}
		return sh.answer(a, func() { sh.facts(a, cordon.Language(language)) })
	}
	history := &cobra.Command{
		Use: "history INCIDENT", Short: "List every revision of every notice", Example: "  cordon notice facts history INC-12", Args: cobra.ExactArgs(1),
	}
	history.RunE = func(cmd *cobra.Command, args []string) error {
		var p part[cordon.NoticeFacts]
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "/history")}, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			var rows [][]string
			for _, f := range p.Items {
				rows = append(rows, []string{strconv.Itoa(f.Seq) + "." + strconv.Itoa(f.Revision), string(f.State), f.WrittenBy, stamp(f.WrittenAt), orDash(f.ApprovedBy), f.Why})
			}
			sh.table("NOTICE STATE WRITTEN-BY WRITTEN APPROVED-BY WHY", rows)
		})
	}
	return noun("facts", "The facts record: what is told, in texts and figures", show, sh.noticeEdit(), history)
}

// facts prints the record.
func (sh *shell) facts(a act, l cordon.Language) {
	f := a.Facts
	sh.say("notice %d, revision %d: %s, by %s (%s)", f.Seq, f.Revision, f.State, f.WrittenBy, f.Why)
	for _, n := range cordon.NoticeFields() {
		text := f.Texts[l].Text[n]
		if n.Quoted() {
			text = f.Texts[cordon.English].Text[n]
		}
		sh.say("\n%s:\n  %s", n, strings.ReplaceAll(orDash(text), "\n", "\n  "))
	}
	var rows [][]string
	for _, name := range f.Told() {
		figure := f.Figures[name]
		figure.Name = name
		rows = append(rows, []string{name, figure.Text()})
	}
	sh.say("")
	sh.table("FIGURE VALUE", rows)
	sh.say("")
	for _, d := range a.Drift {
		sh.say("changed: %s", d)
	}
	for _, n := range a.Missing {
		sh.say("missing: %s", n)
	}
	if a.FromNobody {
		sh.say("missing: by whom notices are sent (cordon notice identity set)")
	}
	offers := make([]string, len(a.Offers))
	for i, l := range a.Offers {
		offers[i] = string(l)
	}
	sh.say("languages: %s", orDash(strings.Join(offers, ", ")))
	if f.State == cordon.FactsDraft {
		sh.say("approving %s", a.Says)
		sh.say("hash %s", a.Hash)
	}
}

func (sh *shell) noticeEdit() *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit INCIDENT --file FILE", Short: "Write texts of the draft; over an approved notice, begin a correction",
		Long:    "Write texts of the draft, from a TOML file with a table for each language and a\nline for each text; what the file leaves out stays as it is:\n\n  [en]\n  what_happened = \"…\"\n  advice = \"…\"\n\nFigures are never typed: write {{recipients_affected}}. The texts are what_happened,\nconsequences, information_involved, information_not_involved, advice, measures,\nnot_affected, contact, and, of the bad message, message_subject, message_sample and\nmessage_links.",
		Example: "  cordon notice facts edit INC-12 --file facts.toml --as writer\n  cordon notice facts edit INC-12 --set 'en.message_subject=You won' --as writer", Args: cobra.ExactArgs(1),
	}
	var file, why string
	var set []string
	cmd.Flags().StringVar(&file, "file", "", "TOML file; - reads it from the input")
	cmd.Flags().StringArrayVar(&set, "set", nil, "one text, as LANGUAGE.NAME=TEXT; may be repeated")
	cmd.Flags().StringVar(&why, "why", "", "why, for the record")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		texts, err := sh.readTexts(file, set)
		if err != nil {
			return err
		}
		var f cordon.NoticeFacts
		if err := sh.ask(cmd.Context(), request{method: put, path: noticePath(args[0], "/facts"), json: map[string]any{"texts": texts, "why": why}}, &f); err != nil {
			return err
		}
		return sh.answer(f, func() {
			sh.say("notice %d, revision %d is written, a draft", f.Seq, f.Revision)
			for _, c := range f.Changes {
				sh.say("  changed: %s", c)
			}
			sh.say("somebody else approves it:  cordon notice approve %s", args[0])
		})
	}
	return cmd
}

func (sh *shell) readTexts(file string, set []string) (map[string]map[string]string, error) {
	texts := map[string]map[string]string{}
	if file == "" && len(set) == 0 {
		return nil, misused("--file", "is missing, and so is --set", "give one of them")
	}
	if file != "" {
		var raw []byte
		var err error
		if file == "-" {
			raw, err = io.ReadAll(io.LimitReader(sh.in, 1<<20))
		} else {
			raw, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, cordon.InvalidField("--file", "cannot be read", "name a file this user may read")
		}
		if _, err := toml.Decode(string(raw), &texts); err != nil {
			return nil, cordon.InvalidField(file, tomlFault(err), "see cordon notice facts edit --help")
		}
	}
	for _, s := range set {
		name, text, ok := strings.Cut(s, "=")
		language, field, dotted := strings.Cut(name, ".")
		if !ok || !dotted {
			return nil, misused("--set", "is not LANGUAGE.NAME=TEXT", "write it like en.message_subject='You won'")
		}
		if texts[language] == nil {
			texts[language] = map[string]string{}
		}
		texts[language][field] = text
	}
	return texts, nil
}

func (sh *shell) noticePreview() *cobra.Command {
	cmd := &cobra.Command{
		Use: "preview INCIDENT LETTER", Short: "Read one text as it would be told",
		Long:    "Read one text as it would be told: patient or practice (the public pages), sample (a\nletter for practices to send), tenant (to a tenant's contacts), followup (to the\npeople), post (for an announcement).",
		Example: "  cordon notice preview INC-12 followup --language de --tenant northside", Args: cobra.ExactArgs(2),
	}
	var language, tenant string
	var html bool
	cmd.Flags().StringVar(&language, "language", "en", "language: en, de, fr, nl or es")
	cmd.Flags().StringVar(&tenant, "tenant", "", "for this tenant, by ID or handle")
	cmd.Flags().BoolVar(&html, "html", false, "as HTML, which prints well")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q := url.Values{"language": {language}}
		if tenant != "" {
			q.Set("tenant", tenant)
		}
		var d struct {
			Language, Title, Text, HTML string
		}
		if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "/letters/"+url.PathEscape(args[1])), query: q}, &d); err != nil {
			return err
		}
		return sh.answer(map[string]string{"language": d.Language, "title": d.Title, "text": d.Text, "html": d.HTML}, func() {
			if html {
				sh.say("%s", d.HTML)
				return
			}
			sh.say("%s\n\n%s", d.Title, strings.TrimRight(d.Text, "\n"))
		})
	}
	return cmd
}

func (sh *shell) noticeApprove() *cobra.Command {
	cmd := &cobra.Command{
		Use: "approve INCIDENT", Short: "Approve the draft: every affected tenant is told at once",
		Long:    "Approve the draft. Every affected tenant that has a contact is told at once, with its\nown figures, letter and clocks; with --follow-up its people are written to as well.\nWho wrote any of it cannot approve it; what the house drafted needs one person.\nWithout --hash it shows what approving would do, and does nothing.",
		Example: "  cordon notice approve INC-12                        # shows what it would do, and the hash\n  cordon notice approve INC-12 --hash f2a9… --follow-up --as chief", Args: cobra.ExactArgs(1),
	}
	var hash string
	var followUp bool
	cmd.Flags().StringVar(&hash, "hash", "", "of the notice as it was seen")
	cmd.Flags().BoolVar(&followUp, "follow-up", false, "also write to the people of every affected tenant")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if hash == "" {
			var a act
			if err := sh.ask(cmd.Context(), request{method: get, path: noticePath(args[0], "")}, &a); err != nil {
				return err
			}
			if a.Facts.State != cordon.FactsDraft {
				return cordon.Errorf(cordon.Conflict, "there is no draft: notice %d is %s", a.Facts.Seq, a.Facts.State)
			}
			if err := sh.answer(a, func() {
				sh.facts(a, cordon.English)
				sh.say("nothing is approved yet:  cordon notice approve %s --hash %s", args[0], a.Hash)
			}); err != nil {
				return err
			}
			return silent{1}
		}
		var f cordon.NoticeFacts
		if err := sh.ask(cmd.Context(), request{method: post, path: noticePath(args[0], "/approve"), json: map[string]any{"hash": hash, "follow_up": followUp}}, &f); err != nil {
			return err
		}
		return sh.answer(f, func() {
			sh.say("notice %d is approved", f.Seq)
			sh.say("what each tenant got:  cordon notice tellings %s", args[0])
		})
	}
	return cmd
}

func (sh *shell) noticeTellings() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tellings INCIDENT", Short: "List what each tenant is owed, and what it got", Example: "  cordon notice tellings INC-12", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		got, err := all[cordon.Telling](cmd.Context(), sh, noticePath(args[0], "/tellings"), nil, 0)
		if err != nil {
			return err
		}
		return sh.answer(got, func() {
			var rows [][]string
			for _, n := range got.Items {
				state := string(n.State)
				if n.State == cordon.TellingPlanned && n.Contacts == 0 {
					state = "no contact"
				}
				rows = append(rows, []string{n.Handle, state, stamp(n.ToldAt), count(n.Counts.People), count(n.Counts.Beyond), orDash(string(n.FollowUp)), orDash(string(n.Dispatch))})
			}
			sh.table("TENANT STATE TOLD PEOPLE BEYOND FOLLOW-UP DISPATCH", rows)
		})
	}
	return cmd
}

func (sh *shell) noticeTell() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tell INCIDENT", Short: "Tell whoever is still to be told, tenants affected since approval among them",
		Example: "  cordon notice tell INC-12 --as chief", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var d struct {
			Count int64 `json:"count"`
		}
		if err := sh.ask(cmd.Context(), request{method: post, path: noticePath(args[0], "/tell")}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() {
			sh.say("%s more came to be told; what each got:  cordon notice tellings %s", count(d.Count), args[0])
		})
	}
	return cmd
}

func (sh *shell) noticeTold() *cobra.Command {
	cmd := &cobra.Command{
		Use: "told INCIDENT --tenant TENANT --because TEXT", Short: "Say that a tenant was told by other means, and how",
		Example: "  cordon notice told INC-12 --tenant northside --because 'by telephone' --as chief", Args: cobra.ExactArgs(1),
	}
	var tenant, because string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&because, "because", "", "how; it goes into the ledger")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant", "because"); err != nil {
			return err
		}
		if err := sh.ask(cmd.Context(), request{method: post, path: noticePath(args[0], "/told"), json: map[string]any{"tenant": tenant, "because": because}}, nil); err != nil {
			return err
		}
		return sh.answer(map[string]string{"told": tenant}, func() { sh.say("%s counts as told: %s", tenant, because) })
	}
	return cmd
}

func (sh *shell) noticeFollowUp() *cobra.Command {
	cmd := &cobra.Command{
		Use: "followup INCIDENT", Short: "Write to the people of affected tenants, or say why nobody does from here",
		Example: "  cordon notice followup INC-12 --as chief\n  cordon notice followup INC-12 --tenant northside --waive 'the practice writes itself' --as chief", Args: cobra.ExactArgs(1),
	}
	var tenants []string
	var waive string
	cmd.Flags().StringSliceVar(&tenants, "tenant", nil, "only this tenant, by ID or handle; may be repeated")
	cmd.Flags().StringVar(&waive, "waive", "", "do not write, because; it goes into the ledger")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{}
		if len(tenants) > 0 {
			body["tenants"] = tenants
		}
		if waive != "" {
			body["waive"] = waive
		}
		var d struct {
			Count int64 `json:"count"`
		}
		if err := sh.ask(cmd.Context(), request{method: post, path: noticePath(args[0], "/follow-up"), json: body}, &d); err != nil {
			return err
		}
		return sh.answer(d, func() {
			if waive != "" {
				sh.say("the people of %s tenants are not written to from here", count(d.Count))
				return
			}
			sh.say("the people of %s tenants are written to; how far it is:  cordon notice tellings %s", count(d.Count), args[0])
		})
	}
	return cmd
}
