package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) templateCommand() *cobra.Command {
	return noun("template", "Letters: versions, and approval by a second person",
		sh.templateCreate(), sh.templateList(), sh.templateWrite(), sh.templateVersions(), sh.templateShow(),
		sh.templatePreview(), sh.templateApprove(), sh.templateRevoke(),
		sh.templateShare(), sh.templateShared(), sh.templateUnshare())
}

func (sh *shell) templateCreate() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "create HANDLE --tenant TENANT", Short: "Create a template, without a text yet",
		Example: "  cordon template create recall --tenant northside --as nurse", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		var t cordon.Template
		r := request{method: post, path: tenantPath(tenant, "/templates"), json: map[string]any{"handle": args[0]}}
		if err := sh.ask(cmd.Context(), r, &t); err != nil {
			return err
		}
		return sh.answer(t, func() { sh.say("template %s  %s", t.Handle, t.ID) })
	}
	return cmd
}

func (sh *shell) templateList() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: "list --tenant TENANT", Short: "List templates", Example: "  cordon template list --tenant northside", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		templates, err := all[cordon.Template](cmd.Context(), sh, tenantPath(tenant, "/templates"), nil, 0)
		if err != nil {
			return err
		}
		return sh.answer(templates, func() {
			var rows [][]string
			for _, t := range templates.Items {
				rows = append(rows, []string{t.Handle, string(t.ID), strconv.Itoa(t.Latest), stamp(t.CreatedAt)})
			}
			sh.table("HANDLE ID LATEST CREATED", rows)
		})
	}
	return cmd
}

// letter is a version as it is written: by flags, or as a TOML file.
type letter struct {
	FromName    string        `toml:"from_name" json:"from_name,omitempty"`
	FromAddress string        `toml:"from_address" json:"from_address"`
	ReplyTo     string        `toml:"reply_to" json:"reply_to,omitempty"`
	Subject     string        `toml:"subject" json:"subject"`
	Text        string        `toml:"text" json:"text,omitempty"`
	TextFile    string        `toml:"text_file" json:"-"`
	HTML        string        `toml:"html" json:"html,omitempty"`
	HTMLFile    string        `toml:"html_file" json:"-"`
	LinkHosts   []string      `toml:"link_hosts" json:"link_hosts,omitempty"`
	Fields      []letterField `toml:"fields" json:"fields,omitempty"`
}

type letterField struct {
	Name      string `toml:"name" json:"name"`
	Type      string `toml:"type" json:"type,omitempty"`
	Source    string `toml:"source" json:"source,omitempty"`
	Optional  bool   `toml:"optional" json:"optional,omitempty"`
	MaxLength int    `toml:"max_length" json:"max_length,omitempty"`
}

func (sh *shell) templateWrite() *cobra.Command {
	var tenant, file string
	var l letter
	var fields []string
	cmd := &cobra.Command{
		Use: "write TEMPLATE --tenant TENANT", Short: "Write a new version, a draft until somebody else approves it",
		Long:    "Write a new version, from flags or from a TOML file with the same names\n(from_name, from_address, reply_to, subject, text or text_file, html or html_file,\nlink_hosts, and [[fields]] with name, type, source, optional, max_length).\nWithout a text body, one is made from the HTML.",
		Example: "  cordon template write recall --tenant northside --as nurse --from care@northside.example \\\n    --subject 'Your visit, {{first_name}}' --html letter.html --field first_name:name --field visit:date:order\n  cordon template write recall --tenant northside --as nurse -f letter.toml",
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	f.StringVarP(&file, "file", "f", "", "TOML file with the whole letter")
	f.StringVar(&l.FromAddress, "from", "", "sender's address; its domain must be one of the tenant's")
	f.StringVar(&l.FromName, "from-name", "", "name shown as the sender")
	f.StringVar(&l.ReplyTo, "reply-to", "", "where answers go")
	f.StringVar(&l.Subject, "subject", "", "subject, with merge fields as {{field}}")
	f.StringVar(&l.HTMLFile, "html", "", "file of the HTML body")
	f.StringVar(&l.TextFile, "text", "", "file of the text body")
	f.StringArrayVar(&fields, "field", nil, "name:type[:source][:optional]; may be repeated")
	f.StringSliceVar(&l.LinkHosts, "link-host", nil, "host that links may name; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(f, "tenant"); err != nil {
			return err
		}
		if err := sh.readLetter(&l, file, fields); err != nil {
			return err
		}
		var v cordon.Version
		r := request{method: post, path: tenantPath(tenant, "/templates/"+url.PathEscape(args[0])+"/versions"), json: l}
		if err := sh.ask(cmd.Context(), r, &v); err != nil {
			return err
		}
		return sh.answer(v, func() {
			sh.say("version %d of %s is written, a draft", v.Number, args[0])
			sh.say("hash %s", v.Hash)
			sh.say("somebody else approves it:  cordon template approve %s %d --tenant %s", args[0], v.Number, tenant)
		})
	}
	return cmd
}

// readLetter completes a letter from its files.
func (sh *shell) readLetter(l *letter, file string, fields []string) error {
	base := "."
	if file != "" {
		for _, given := range []string{l.FromAddress, l.FromName, l.ReplyTo, l.Subject, l.HTMLFile, l.TextFile, strings.Join(fields, ""), strings.Join(l.LinkHosts, "")} {
			if given != "" {
				return misused("--file", "does not go with the letter's flags", "put everything into the file, or into flags")
			}
		}
		meta, err := toml.DecodeFile(file, l)
		if err != nil {
			return cordon.InvalidField(file, tomlFault(err), "see cordon template write --help")
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return cordon.InvalidField(file+": "+unknown[0].String(), "is not part of a letter", "see cordon template write --help")
		}
		base = filepath.Dir(file)
	}
	for _, text := range fields {
		field, err := parseField(text)
		if err != nil {
			return err
		}
		l.Fields = append(l.Fields, field)
	}
	for _, body := range []struct {
		file string
		into *string
	}{{l.HTMLFile, &l.HTML}, {l.TextFile, &l.Text}} {
		if body.file == "" {
			continue
		}
		path := body.file
		if file != "" && !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return cordon.InvalidField(body.file, "cannot be read", "name a file this user may read")
		}
		*body.into = string(raw)
	}
	return nil
}

func tomlFault(err error) string {
	if os.IsNotExist(err) {
		return "does not exist"
	}
	if p, ok := err.(toml.ParseError); ok {
		return "line " + strconv.Itoa(p.Position.Line) + ": " + p.Message
	}
	return err.Error()
}

// parseField reads "name:type[:source][:optional]".
func parseField(text string) (letterField, error) {
	parts := strings.Split(text, ":")
	field := letterField{Name: parts[0]}
	for i, p := range parts[1:] {
		switch {
		case p == "optional":
			field.Optional = true
		case p == string(cordon.FromRecipient) || p == string(cordon.FromOrder):
			field.Source = p
		case i == 0:
			field.Type = p
		default:
			return field, misused("--field", "cannot be read", "write name:type[:source][:optional], such as visit:date:order")
		}
	}
	return field, nil
}

// versionRef is TEMPLATE@VERSION.
type versionRef struct {
	template string
	version  int
}

func (r versionRef) number() string { return strconv.Itoa(r.version) }

func (r versionRef) path(tenant, rest string) string {
	return tenantPath(tenant, "/templates/"+url.PathEscape(r.template)+"/versions/"+r.number()+rest)
}

// parseVersionRef reads TEMPLATE@VERSION; the version is 0 when it is left out.
func parseVersionRef(text string) (versionRef, error) {
	template, number, given := strings.Cut(text, "@")
	if !given {
		return versionRef{template, 0}, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return versionRef{}, misused("--template", "has no version's number behind the @", "write it like recall@3")
	}
	return versionRef{template, n}, nil
}

// templateRef completes a reference: without a version it is the newest
// approved one, and which that is gets said.
func (sh *shell) templateRef(ctx context.Context, tenant string, ref versionRef) (versionRef, error) {
	if ref.version > 0 {
		return ref, nil
	}
	template := ref.template
	versions, err := all[cordon.Version](ctx, sh, tenantPath(tenant, "/templates/"+url.PathEscape(template)+"/versions"), whole(), 0)
	if err != nil {
		return versionRef{}, err
	}
	newest := 0
	for _, v := range versions.Items {
		if v.State == cordon.VersionApproved {
			newest = max(newest, v.Number)
		}
	}
	if newest == 0 {
		return versionRef{}, cordon.InvalidField("--template", "has no approved version", "somebody else than its author approves one: cordon template approve "+template+" VERSION --tenant "+tenant)
	}
	sh.note("template %s@%d, the newest approved version", template, newest)
	return versionRef{template, newest}, nil
}

func (sh *shell) templateVersions() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "versions TEMPLATE --tenant TENANT", Short: "List a template's versions",
		Example: "  cordon template versions recall --tenant northside", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		versions, err := all[cordon.Version](cmd.Context(), sh, tenantPath(tenant, "/templates/"+url.PathEscape(args[0])+"/versions"), whole(), 0)
		if err != nil {
			return err
		}
		return sh.answer(versions, func() {
			var rows [][]string
			for _, v := range versions.Items {
				rows = append(rows, []string{strconv.Itoa(v.Number), string(v.State), string(v.Author), orDash(v.Approver), v.Hash[:12], v.Content.Subject})
			}
			sh.table("VERSION STATE AUTHOR APPROVER HASH SUBJECT", rows)
		})
	}
	return cmd
}

// versionVerb is a verb over TEMPLATE VERSION of a tenant.
func (sh *shell) versionVerb(use, short, example string, do func(ctx context.Context, tenant string, v versionRef) error) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ExactArgs(2)}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 {
			return misused("VERSION", "is not a version's number", "cordon template versions "+args[0]+" --tenant "+tenant+" lists them")
		}
		return do(cmd.Context(), tenant, versionRef{args[0], n})
	}
	return cmd
}

func (sh *shell) templateShow() *cobra.Command {
	return sh.versionVerb("show TEMPLATE VERSION --tenant TENANT", "Show a version", "  cordon template show recall 3 --tenant northside",
		func(ctx context.Context, tenant string, ref versionRef) error {
			var v cordon.Version
			if err := sh.ask(ctx, request{method: get, path: ref.path(tenant, "")}, &v); err != nil {
				return err
			}
			return sh.answer(v, func() { sh.showVersion(ref, v) })
		})
}

func (sh *shell) showVersion(ref versionRef, v cordon.Version) {
	sh.say("template  %s@%d, %s", ref.template, v.Number, v.State)
	sh.say("hash      %s", v.Hash)
	sh.say("author    %s, %s", v.Author, stamp(v.CreatedAt))
	if v.Approver != "" {
		sh.say("approved  by %s, %s", v.Approver, stamp(v.ApprovedAt))
	}
	sh.say("from      %s", strings.TrimSpace(v.Content.FromName+" <"+string(v.Content.FromAddress)+">"))
	if v.Content.ReplyTo != "" {
		sh.say("reply to  %s", string(v.Content.ReplyTo))
	}
	sh.say("subject   %s", v.Content.Subject)
	for _, f := range v.Content.Fields {
		optional := ""
		if f.Optional {
			optional = ", optional"
		}
		sh.say("field     %s: %s from the %s%s", f.Name, f.Type, f.Source, optional)
	}
	if len(v.Content.LinkHosts) > 0 {
		sh.say("links to  %s", joined(v.Content.LinkHosts))
	}
	if v.Content.Text != "" {
		sh.say("\n--- text\n%s", strings.TrimRight(v.Content.Text, "\n"))
	}
	if v.Content.HTML != "" {
		sh.say("\n--- html\n%s", strings.TrimRight(v.Content.HTML, "\n"))
	}
}

func (sh *shell) templatePreview() *cobra.Command {
	return sh.versionVerb("preview TEMPLATE VERSION --tenant TENANT", "Render a version with invented data", "  cordon template preview recall 3 --tenant northside",
		func(ctx context.Context, tenant string, ref versionRef) error {
			var p struct {
				Subject string `json:"subject"`
				Text    string `json:"text"`
				HTML    string `json:"html,omitempty"`
			}
			if err := sh.ask(ctx, request{method: get, path: ref.path(tenant, "/preview")}, &p); err != nil {
				return err
			}
			return sh.answer(p, func() {
				sh.say("subject   %s", p.Subject)
				sh.say("\n--- text\n%s", strings.TrimRight(p.Text, "\n"))
				if p.HTML != "" {
					sh.say("\n--- html\n%s", strings.TrimRight(p.HTML, "\n"))
				}
			})
		})
}

func (sh *shell) templateApprove() *cobra.Command {
	var hash string
	cmd := sh.versionVerb("approve TEMPLATE VERSION --tenant TENANT --hash HASH", "Approve a version, by the hash of what you have seen",
		"  cordon template approve recall 3 --tenant northside --as chief\n  cordon template approve recall 3 --tenant northside --as chief --hash 9f86d0…",
		func(ctx context.Context, tenant string, ref versionRef) error {
			var v cordon.Version
			if hash == "" {
				if err := sh.ask(ctx, request{method: get, path: ref.path(tenant, "")}, &v); err != nil {
					return err
				}
				if !sh.json {
					sh.showVersion(ref, v)
				}
				return cordon.InvalidField("--hash", "is missing: nothing is approved yet", "read the letter, then repeat with --hash "+v.Hash)
			}
			r := request{method: post, path: ref.path(tenant, "/approve"), json: map[string]any{"hash": hash}}
			if err := sh.ask(ctx, r, &v); err != nil {
				return err
			}
			return sh.answer(v, func() { sh.say("%s@%d is approved by %s", ref.template, v.Number, v.Approver) })
		})
	cmd.Flags().StringVar(&hash, "hash", "", "hash of the version you have seen; without it, it is shown")
	return cmd
}

func (sh *shell) templateRevoke() *cobra.Command {
	return sh.versionVerb("revoke TEMPLATE VERSION --tenant TENANT", "Revoke a version: nothing of it leaves any more", "  cordon template revoke recall 3 --tenant northside",
		func(ctx context.Context, tenant string, ref versionRef) error {
			var v cordon.Version
			if err := sh.ask(ctx, request{method: post, path: ref.path(tenant, "/revoke")}, &v); err != nil {
				return err
			}
			return sh.answer(v, func() { sh.say("%s@%d is revoked", ref.template, v.Number) })
		})
}
