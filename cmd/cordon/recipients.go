package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

func (sh *shell) recipientsCommand() *cobra.Command {
	return noun("recipients", "The people who may be mailed, opaque", sh.recipientsImport(), sh.recipientsList(), sh.recipientsShow(), sh.recipientsErase(), sh.recipientsReveal())
}

// importReport is the last line of the house's answer.
type importReport struct {
	OK       bool     `json:"ok"`
	Rows     int64    `json:"rows"`
	Inserted int64    `json:"inserted"`
	Updated  int64    `json:"updated"`
	Bad      int64    `json:"bad"`
	Charset  string   `json:"charset,omitempty"`
	Columns  []string `json:"columns"`
	Why      string   `json:"why,omitempty"`
}

func (sh *shell) recipientsImport() *cobra.Command {
	var tenant, faults string
	var skipBad, shared bool
	cmd := &cobra.Command{
		Use: "import --tenant TENANT FILE|-", Short: "Import recipients from CSV: any number of rows, all or nothing",
		Long:    "Import recipients from a CSV file of any size, or from standard input (-).\nThe first line names the columns: email, name, ref, tags (separated by ;), and\nany other as a personal field. A ref known already is updated. One bad row\nimports nothing, unless --skip-bad; every bad row is named.",
		Example: "  cordon recipients import --tenant northside people.csv\n  cordon recipients import --tenant northside --skip-bad --faults bad.txt people.csv",
		Args:    cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	f.BoolVar(&skipBad, "skip-bad", false, "import the good rows although others are bad")
	f.BoolVar(&shared, "allow-shared-address", false, "take several recipients with one address, as in a family")
	f.StringVar(&faults, "faults", "", "write every bad row's line and reason to this file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(f, "tenant"); err != nil {
			return err
		}
		query := url.Values{}
		if skipBad {
			query.Set("skip_bad", "true")
		}
		if shared {
			query.Set("allow_shared_address", "true")
		}
		return sh.importFile(cmd.Context(), args[0], faults, request{method: post, path: tenantPath(tenant, "/recipients/import"), query: query, media: "text/csv"})
	}
	return cmd
}

func (sh *shell) importFile(ctx context.Context, file, faults string, r request) error {
	from, closeFile, err := sh.openInput(file)
	if err != nil {
		return err
	}
	defer closeFile()
	list, err := sh.newFaultList(faults)
	if err != nil {
		return err
	}
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	r.body = from
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	report, err := sh.followImport(resp.Body, list)
	if err := list.close(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &cordon.Error{Code: cordon.Unavailable, Message: "was interrupted; some of the rows may be imported", Remedy: "import the file again: rows with a ref are updated, not doubled"}
	}
	if err != nil {
		return err
	}
	err = sh.answer(report, func() {
		if report.OK {
			sh.say("%s new, %s updated, %s bad", count(report.Inserted), count(report.Updated), count(report.Bad))
		}
	})
	if err == nil && !report.OK {
		sh.note("cordon: file: %s", report.Why)
		sh.note("fix: correct the rows named above, or leave them out with --skip-bad")
		return silent{1}
	}
	return err
}

// openInput opens a file, or standard input for "-".
func (sh *shell) openInput(file string) (io.Reader, func(), error) {
	if file == "-" {
		return sh.in, func() {}, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, cordon.InvalidField(file, "cannot be read", "name a file this user may read, or - for standard input")
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		f.Close()
		return nil, nil, cordon.InvalidField(file, "is not a file", "name a CSV file, or - for standard input")
	}
	return f, func() { f.Close() }, nil
}

// followImport reads the answer line by line: progress, faults, the report.
func (sh *shell) followImport(from io.Reader, list *faultList) (importReport, error) {
	m := sh.meter()
	defer m.clear()
	dec, phase := json.NewDecoder(from), ""
	for {
		var line struct {
			Progress *struct {
				Phase string `json:"phase"`
				Bytes int64  `json:"bytes"`
				Of    int64  `json:"of"`
				Rows  int64  `json:"rows"`
			} `json:"progress"`
			Fault   *cordon.Fault   `json:"fault"`
			Report  *importReport   `json:"report"`
			Problem json.RawMessage `json:"problem"`
		}
		if err := dec.Decode(&line); err != nil {
			return importReport{}, &cordon.Error{Code: cordon.Unavailable, Message: "the answer broke off; it is not known whether the rows were imported", Remedy: "import the file again: rows with a ref are updated, not doubled"}
		}
		switch {
		case line.Report != nil:
			return *line.Report, nil
		case line.Problem != nil:
			return importReport{}, problemLine(line.Problem)
		case line.Fault != nil:
			m.clear()
			list.add(*line.Fault)
		case line.Progress != nil:
			p := line.Progress
			if p.Phase != phase {
				phase = p.Phase
				m.phase()
			}
			if phase == "writing" {
				m.show(phase, p.Rows, p.Of, "rows")
			} else {
				m.show(phase, p.Bytes, p.Of, "bytes")
			}
		}
	}
}

// problemLine reads a problem that ended a stream.
func problemLine(raw json.RawMessage) error {
	var p struct {
		Code   cordon.Code    `json:"code"`
		Detail string         `json:"detail"`
		Field  string         `json:"field"`
		Remedy string         `json:"remedy"`
		Faults []cordon.Fault `json:"faults"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return &cordon.Error{Code: p.Code, Field: p.Field, Message: p.Detail, Remedy: p.Remedy, Faults: p.Faults}
}

// faultList shows the first bad rows and writes all of them to a file.
type faultList struct {
	sh    *shell
	file  *os.File
	buf   *bufio.Writer
	total int
}

func (sh *shell) newFaultList(path string) (*faultList, error) {
	l := &faultList{sh: sh}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, cordon.InvalidField("--faults", "cannot be written", "choose a place this user may write to")
	}
	l.file, l.buf = f, bufio.NewWriter(f)
	return l, nil
}

func (l *faultList) add(f cordon.Fault) {
	l.total++
	if l.total <= faultsShown {
		l.sh.note("%s", faultText(f))
	}
	if l.buf != nil {
		fmt.Fprintln(l.buf, faultText(f)) // a fault stays in buf and is seen by Flush
	}
}

func (l *faultList) close() error {
	if hidden := l.total - faultsShown; hidden > 0 && l.buf == nil {
		l.sh.note("… and %s more; --faults FILE writes all of them", count(int64(hidden)))
	}
	if l.buf == nil {
		return nil
	}
	if err := l.buf.Flush(); err != nil {
		return cordon.InvalidField("--faults", "cannot be written to the end", "make room, or choose another place")
	}
	return l.file.Close()
}

func (sh *shell) recipientsList() *cobra.Command {
	var tenant, tag string
	var limit int
	cmd := &cobra.Command{
		Use: "list --tenant TENANT", Short: "List recipients: opaque IDs, references and tags",
		Example: "  cordon recipients list --tenant northside --tag recall --limit 0", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&tag, "tag", "", "only recipients with this tag")
	cmd.Flags().IntVar(&limit, "limit", 500, "rows, at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		query := url.Values{}
		if tag != "" {
			query.Set("tag", tag)
		}
		people, err := all[cordon.Recipient](cmd.Context(), sh, tenantPath(tenant, "/recipients"), query, limit)
		if err != nil {
			return err
		}
		return sh.answer(people, func() {
			var rows [][]string
			for _, r := range people.Items {
				rows = append(rows, []string{string(r.ID), orDash(r.ExternalRef), string(r.State), joined(r.Tags)})
			}
			sh.table("ID REF STATE TAGS", rows)
			sh.more(people.Next)
		})
	}
	return cmd
}

func (sh *shell) recipientsShow() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "show REF --tenant TENANT", Short: "Find a recipient by the tenant's own reference",
		Example: "  cordon recipients show P-10234 --tenant northside", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		r, err := sh.byRef(cmd.Context(), tenant, args[0])
		if err != nil {
			return err
		}
		return sh.answer(r, func() { sh.say("%s  %s  %s  %s", r.ID, r.ExternalRef, r.State, joined(r.Tags)) })
	}
	return cmd
}

func (sh *shell) byRef(ctx context.Context, tenant, ref string) (cordon.Recipient, error) {
	var r cordon.Recipient
	err := sh.ask(ctx, request{method: get, path: tenantPath(tenant, "/refs/"+url.PathEscape(ref))}, &r)
	return r, err
}

func (sh *shell) recipientsErase() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "erase RECIPIENT --tenant TENANT", Short: "Erase a recipient's personal data for good",
		Example: "  cordon recipients erase rcp_… --tenant northside", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		if err := sh.ask(cmd.Context(), request{method: del, path: tenantPath(tenant, "/recipients/"+url.PathEscape(args[0]))}, nil); err != nil {
			return err
		}
		return sh.answer(map[string]any{"recipient": args[0], "erased": true}, func() { sh.say("recipient %s is erased", args[0]) })
	}
	return cmd
}

func (sh *shell) recipientsReveal() *cobra.Command {
	var tenant, purpose string
	cmd := &cobra.Command{
		Use: "reveal RECIPIENT --tenant TENANT --purpose TEXT", Short: "Open a recipient's personal data; the ledger keeps who did and why",
		Example: "  cordon recipients reveal rcp_… --tenant northside --purpose 'the person asked what we hold'", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&purpose, "purpose", "", "why; it goes into the ledger")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant", "purpose"); err != nil {
			return err
		}
		var p cordon.Person
		r := request{method: post, path: tenantPath(tenant, "/recipients/"+url.PathEscape(args[0])+"/reveal"), json: map[string]any{"purpose": purpose}}
		if err := sh.ask(cmd.Context(), r, &p); err != nil {
			return err
		}
		return sh.answer(p, func() {
			sh.say("address  %s", string(p.Address))
			sh.say("name     %s", p.Name)
			for _, name := range sortedKeys(p.Fields) {
				sh.say("%-8s %s", name, p.Fields[name])
			}
		})
	}
	return cmd
}

func (sh *shell) suppressCommand() *cobra.Command {
	return noun("suppress", "People who must not be mailed", sh.suppressVerb("add", "", "Never mail these recipients or addresses again"), sh.suppressVerb("lift", "/lift", "Take suppressions back"))
}

func (sh *shell) suppressVerb(verb, rest, short string) *cobra.Command {
	var tenant, reason string
	cmd := &cobra.Command{
		Use: verb + " --tenant TENANT RECIPIENT…|-", Short: short,
		Long:    short + ".\nAddresses are read from standard input, one a line: other users of this machine\ncan see a command's arguments.",
		Example: "  cordon suppress " + verb + " --tenant northside rcp_…\n  cordon suppress " + verb + " --tenant northside - < addresses.txt",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.Flags().StringVar(&reason, "reason", string(cordon.SuppressedByHand), "bounce, complaint, unsubscribe or by-hand")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		path, n := tenantPath(tenant, "/suppressions"+rest), 0
		one := func(field, value string) error {
			if err := sh.ask(cmd.Context(), request{method: post, path: path, json: map[string]any{field: value, "reason": reason}}, nil); err != nil {
				return err
			}
			n++
			return nil
		}
		if err := sh.eachNamed(args, one); err != nil {
			if n > 0 {
				sh.note("%d were done before this", n)
			}
			return err
		}
		return sh.answer(map[string]any{"done": n}, func() { sh.say("%d done", n) })
	}
	return cmd
}

// eachNamed goes through recipient IDs, and the lines of standard input for "-".
func (sh *shell) eachNamed(args []string, one func(field, value string) error) error {
	for _, arg := range args {
		if arg != "-" {
			if !cordon.RecipientID(arg).Valid() {
				return misused("RECIPIENT", "is not a recipient's ID", "give IDs (rcp_…), or - and addresses on standard input")
			}
			if err := one("recipient", arg); err != nil {
				return err
			}
			continue
		}
		lines := bufio.NewScanner(sh.in)
		for n := 1; lines.Scan(); n++ {
			if lines.Text() == "" {
				continue
			}
			if err := one("address", lines.Text()); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
		if err := lines.Err(); err != nil {
			return cordon.InvalidField("-", "standard input cannot be read", "give one address a line")
		}
	}
	return nil
}
