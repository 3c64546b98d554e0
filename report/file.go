package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
	"github.com/cordonmail/cordon/screen"
)

// reading is one report while it is read.
type reading struct {
	open     cordon.OpenReport
	head     head
	found    inspect.Found
	original []byte   // the reported mail, as far as it is there
	whole    bool     // the original came as a message of its own
	signed   []signed // of the report itself, by keys that DNS gave
	sender   string   // domain of the original's From
	print    cordon.Fingerprint
	hosts    []string
}

// file reads one report and files it.
func (c *Clerk) file(ctx context.Context, id cordon.ReportID) error {
	open, err := c.Store.OpenReport(ctx, id)
	if err != nil {
		return err
	}
	r := c.read(open)
	if open.Way == cordon.WayMail { // a file proves nothing about who hands it in
		if r.signed, err = verify(ctx, open.Raw, c.dns()); err != nil && open.Tries < len(filingWaits)-1 {
			return err
		} // and what does not answer for a day is filed without
	}
	f, err := c.filing(ctx, r)
	if err != nil {
		return err
	}
	_, _, err = c.Store.FileReport(ctx, f)
	return err
}

// read takes a report apart. What cannot be read is filed as it is.
func (c *Clerk) read(open cordon.OpenReport) reading {
	r := reading{open: open}
	if len(open.Raw) == 0 {
		return r
	}
	r.head, _ = readHead(open.Raw)
	found, err := c.Read(open.Raw)
	if err != nil {
		return r
	}
	r.found = found
	r.original, r.whole = originalOf(open, found)
	if len(r.original) == 0 {
		return r
	}
	sheet, err := screen.Read(r.original)
	if err != nil {
		return r
	}
	r.print = cordon.Fingerprint(screen.Fingerprint(sheet, nil))
	if _, domain, ok := strings.Cut(sheet.FromAddress, "@"); ok {
		r.sender = plainDomain(domain)
	}
	for _, l := range sheet.Links {
		if d := plainDomain(l.Domain); d != "" && l.Host != c.siteHost && !slices.Contains(r.hosts, d) && len(r.hosts) < maxHosts {
			r.hosts = append(r.hosts, d)
		}
	}
	slices.Sort(r.hosts)
	return r
}

const maxHosts = 20

// plainDomain is a domain as it may be stored and shown, or "".
func plainDomain(d string) string {
	d = strings.ToLower(strings.TrimSuffix(d, "."))
	if d == "" || len(d) > 253 || strings.Trim(d, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || !strings.Contains(d, ".") {
		return ""
	}
	return d
}

// originalOf finds the reported mail in a report: the most whole of what is
// enclosed, or the report itself where a program handed over the mail as it is.
func originalOf(open cordon.OpenReport, found inspect.Found) (raw []byte, whole bool) {
	for _, how := range []inspect.EnclosedHow{inspect.AsMessage, inspect.AsEvidence, inspect.AsQuote, inspect.AsHeaders} {
		for _, e := range found.Enclosed {
			if e.How == how && len(e.Raw) > 0 {
				return e.Raw, how == inspect.AsMessage || how == inspect.AsEvidence
			}
		}
	}
	if open.Way == cordon.WayREST || open.Way == cordon.WayHand {
		return open.Raw, true
	}
	if open.Way == cordon.WayForm {
		return open.Raw, false
	}
	return nil, false
}

// filing judges what was read.
func (c *Clerk) filing(ctx context.Context, r reading) (cordon.Filing, error) {
	f := cordon.Filing{Report: r.open.ID, Kind: r.kind(), Match: cordon.MatchNone, Exercise: r.open.Exercise, Limits: c.Limits}
	f.Clue = cordon.Clue{Print: r.print, Sender: r.sender, Hosts: r.hosts}
	if err := c.match(ctx, r, &f); err != nil {
		return f, err
	}
	f.Title = title(f, c.nameOf(ctx, f))
	c.vouch(r, &f)
	return f, c.answering(ctx, r, &f)
}

// kind is what the report says of the mail: what its reporter chose, else what
// its form says, else what its words say.
func (r reading) kind() cordon.ReportKind {
	if r.open.Asked != "" {
		return r.open.Asked
	}
	if r.found.Feedback != nil {
		switch r.found.Feedback.Type {
		case "abuse", "opt-out", "opt-out-list":
			return cordon.ReportUnwanted
		case "fraud":
			return cordon.ReportPhishing
		case "virus":
			return cordon.ReportMalware
		case "not-spam":
			return cordon.ReportNotSpam
		}
		return cordon.ReportOther
	}
	words := strings.ToLower(r.found.Subject)
	if r.found.Report != nil {
		words = strings.ToLower(r.found.Report.Type + " " + r.found.Report.Category)
	}
	switch {
	case strings.Contains(words, "phish") || strings.Contains(words, "fraud") || strings.Contains(words, "scam"):
		return cordon.ReportPhishing
	case strings.Contains(words, "malware") || strings.Contains(words, "virus") || strings.Contains(words, "ransom"):
		return cordon.ReportMalware
	case strings.Contains(words, "threat"):
		return cordon.ReportThreat
	case strings.Contains(words, "not spam") || strings.Contains(words, "not-spam") || strings.Contains(words, "notspam"):
		return cordon.ReportNotSpam
	case strings.Contains(words, "spam") || r.found.Kind == inspect.Complaint || r.found.Kind == inspect.Other && len(r.original) > 0:
		return cordon.ReportUnwanted
	}
	return cordon.ReportOther
}

// match finds the mail that the report is about among ours: by the code of a
// copy, else by nearly the same text; and when it is not ours, whose directory
// knows the address it came to.
func (c *Clerk) match(ctx context.Context, r reading, f *cordon.Filing) error {
	copied, err := c.copyIn(ctx, r)
	if err != nil {
		return err
	}
	if copied != nil {
		f.Match, f.Copy = cordon.MatchCode, copied
		f.Clue.Tenant, f.Clue.Dispatch, f.Clue.Template = copied.Tenant, copied.Dispatch, copied.Template
		f.Exercise = f.Exercise || copied.Exercise
		return nil
	}
	if found, err := c.alike(ctx, r, f); err != nil || found {
		return err
	}
	return c.leak(ctx, r, f)
}

// maxCodes bounds what one report may ask about.
const maxCodes = 50

// copyIn answers the first copy of ours whose code is in the report.
func (c *Clerk) copyIn(ctx context.Context, r reading) (*cordon.CopyFacts, error) {
	for _, code := range r.codes() {
		ref, ours := c.Codes.Ref(code)
		if !ours {
			continue
		}
		found, err := c.Store.CopyOf(ctx, ref)
		switch {
		case err == nil && found.HandedOver:
			return &found, nil
		case err != nil && cordon.CodeOf(err) != cordon.Missing:
			return nil, err
		}
	}
	return nil, nil
}

// codes lists what is shaped like a code in the report, each once.
func (r reading) codes() []cordon.MessageCode {
	var all []cordon.MessageCode
	add := func(text string) {
		text = strings.TrimPrefix(strings.ToLower(text), "b-")
		text, _, _ = strings.Cut(text, "@")
		if code, err := cordon.ParseMessageCode(text); err == nil && !slices.Contains(all, code) && len(all) < maxCodes {
			all = append(all, code)
		}
	}
	add(string(r.open.Code))
	for _, code := range r.found.Clues.Codes {
		add(string(code))
	}
	for _, list := range [][]string{r.found.Clues.Tokens, r.found.Clues.MessageIDs, r.found.Clues.FeedbackIDs} {
		for _, text := range list {
			first, _, _ := strings.Cut(text, ":")
			add(first)
		}
	}
	return all
}

// textsBack is how far back texts are compared.
const textsBack = 30 * 24 * time.Hour

// alike looks for nearly the same text among those sent. A few bits more may be
// apart when the mail says it is from a domain of the same tenant.
func (c *Clerk) alike(ctx context.Context, r reading, f *cordon.Filing) (bool, error) {
	claimed := map[cordon.TenantID]bool{}
	if r.sender != "" {
		own, err := c.Store.SigningDomains(ctx, r.sender, "")
		if err != nil {
			return false, err
		}
		for _, d := range own {
			claimed[d.Tenant] = true
			f.Clue.Tenant = d.Tenant // in its name, ours or not
		}
	}
	if r.print == 0 {
		return false, nil
	}
	texts, err := c.Store.TextsSince(ctx, c.Now().Add(-textsBack))
	if err != nil {
		return false, err
	}
	for _, x := range texts {
		apart := r.print.Apart(cordon.Fingerprint(x.Fingerprint))
		if apart <= cordon.SameTextBits || apart <= cordon.AlikeBits && claimed[x.Tenant] {
			f.Match = cordon.MatchAlike
			f.Clue.Tenant, f.Clue.Dispatch, f.Clue.Template = x.Tenant, x.Dispatch, x.Template
			f.Exercise = f.Exercise || x.Exercise
			return true, nil
		}
	}
	return false, nil
}

// leak asks, of mail that is not ours and does not claim to be, which directories
// know the address it came to: one of them may be where the address was taken.
func (c *Clerk) leak(ctx context.Context, r reading, f *cordon.Filing) error {
	if f.Clue.Tenant != "" || len(r.original) == 0 || f.Kind == cordon.ReportNotSpam {
		return nil
	}
	a := r.reached()
	if a == "" {
		return nil
	}
	known, err := c.Store.DirectoriesOf(ctx, a, f.Exercise)
	if err != nil || len(known) == 0 {
		return err
	}
	f.Directories, f.Address = known, a
	f.Clue.Leak = true
	if len(known) == 1 {
		f.Clue.Tenant = known[0]
	}
	return nil
}

// reached is the address that the reported mail came to: as the feedback loop
// says, else as the mail says, else the reporter who proved his own.
func (r reading) reached() cordon.Address {
	if r.found.Feedback != nil {
		if to := r.found.Feedback.RcptTo; len(to) == 1 {
			return to[0]
		}
		return ""
	}
	if r.whole {
		if h, err := readHead(r.original); err == nil {
			for _, name := range []string{"delivered-to", "x-original-to", "to"} {
				if a, err := cordon.ParseAddress(bare(h.one(name))); err == nil {
					return a
				}
			}
		}
	}
	if r.open.Reporter != "" && aligned(r.signed, r.open.Reporter) {
		return r.open.Reporter
	}
	return ""
}

// bare is the address of a field that holds one mailbox.
func bare(value string) string {
	if i := strings.LastIndexByte(value, '<'); i >= 0 {
		value, _, _ = strings.Cut(value[i+1:], ">")
	}
	return strings.TrimSpace(value)
}

// vouch says whether the report counts towards a stop: it names a copy that was
// handed over, and whoever reports it had that copy in hand, or is a feedback
// loop whose signature holds.
func (c *Clerk) vouch(r reading, f *cordon.Filing) {
	if f.Copy == nil || !f.Copy.HandedOver {
		return
	}
	f.Authenticated, f.Vouched = true, "code"
	if r.found.Kind != inspect.Complaint {
		return
	}
	for _, s := range r.signed {
		if c.loops[s.domain] {
			f.Vouched = "loop " + s.domain
		}
	}
}

// nameOf is the tenant's name, for titles; "" when there is none.
func (c *Clerk) nameOf(ctx context.Context, f cordon.Filing) string {
	if f.Copy != nil {
		return f.Copy.TenantName
	}
	if f.Clue.Tenant == "" {
		return ""
	}
	t, err := c.Store.Tenant(ctx, f.Clue.Tenant)
	if err != nil {
		return ""
	}
	return t.Name
}

// title says what a problem is about, of words that are nobody's.
func title(f cordon.Filing, name string) string {
	what := map[cordon.ReportKind]string{
		cordon.ReportUnwanted: "unwanted mail", cordon.ReportNotForMe: "mail to the wrong person", cordon.ReportNotMe: "mail not by who it says", cordon.ReportPhishing: "phishing",
		cordon.ReportMalware: "malware", cordon.ReportThreat: "a threat", cordon.ReportNotSpam: "mail that is fine", cordon.ReportOther: "mail",
	}[f.Kind]
	switch {
	case f.Clue.Leak && name != "":
		return "mail of strangers to people of " + name
	case f.Clue.Leak:
		return "mail of strangers to people of several organisations"
	case f.Match != cordon.MatchNone && name != "":
		return what + ", in a letter of " + name
	case name != "":
		return what + ", in the name of " + name
	case f.Clue.Sender != "":
		return what + ", from " + f.Clue.Sender
	}
	return what
}

// answering says whether the reporter gets mail, and words the first one.
func (c *Clerk) answering(ctx context.Context, r reading, f *cordon.Filing) error {
	a := r.open.Reporter
	switch r.found.Kind {
	case inspect.Complaint, inspect.XARF, inspect.AutoReply, inspect.Bounce, inspect.DeliveryReceipt:
		return nil // a machine reads the answers, or nobody
	}
	drill := r.open.Exercise // its mail stays in the house, and who reports is invented
	if a == "" || r.head.automatic || r.open.Way != cordon.WayMail && r.open.Way != cordon.WayForm && !drill {
		return nil
	}
	ours, err := c.Store.SigningDomains(ctx, a.Domain(), "")
	if err != nil {
		return err
	}
	if len(ours) > 0 { // mail to our own senders' addresses might come back here
		return nil
	}
	sent, err := c.Store.MailsToReporter(ctx, a, c.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	f.MayAnswer = true
	f.Proved = drill || r.open.Way == cordon.WayMail && !r.head.twice && aligned(r.signed, a)
	if sent >= c.Limits.MailsPerDay || !f.Proved && sent > 0 {
		return nil // told once today; the page says the rest
	}
	word := ""
	if !f.Proved {
		word = cordon.RandomText(26)
		f.Confirm = confirmHash(word)
	}
	f.Receipt = c.receipt(r, *f, word)
	return nil
}
