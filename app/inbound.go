package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/screen"
	"github.com/cordonmail/cordon/smtpd"
)

// ReportsConfig is for what people outside say of mail, and what comes back.
type ReportsConfig struct {
	Mailbox string `toml:"mailbox"` // addresses of the mailbox for reports, with commas between; "" = none
	Check   string `toml:"check"`   // addresses that answer "is this mail really from you?"; "" = none
	Listen  string `toml:"listen"`  // inbound SMTP for these and for return paths; "" = decoy.listen
	Loops   string `toml:"loops"`   // domains whose verified signature makes a feedback report believed

	BotherFrom     int      `toml:"bother_from"`
	UrgentFrom     int      `toml:"urgent_from"`
	Keep           Duration `toml:"keep"`
	KeepReporter   Duration `toml:"keep_reporter"`
	MailsPerDay    int      `toml:"mails_per_day"`
	SuppressLate   int      `toml:"suppress_late"`
	CheckPerMinute int      `toml:"check_per_minute"`
}

func defaultReports() ReportsConfig {
	l := cordon.DefaultReportLimits()
	return ReportsConfig{
		BotherFrom: l.BotherFrom, UrgentFrom: l.UrgentFrom, Keep: Duration{l.Keep}, KeepReporter: Duration{l.KeepReporter},
		MailsPerDay: l.MailsPerDay, SuppressLate: l.SuppressLate, CheckPerMinute: l.CheckPerMinute,
	}
}

func (c ReportsConfig) limits() cordon.ReportLimits {
	return cordon.ReportLimits{
		BotherFrom: c.BotherFrom, UrgentFrom: c.UrgentFrom, Keep: c.Keep.Duration, KeepReporter: c.KeepReporter.Duration,
		MailsPerDay: c.MailsPerDay, SuppressLate: c.SuppressLate, CheckPerMinute: c.CheckPerMinute,
	}
}

func (c ReportsConfig) validate() error {
	for field, list := range map[string]string{"reports.mailbox": c.Mailbox, "reports.check": c.Check} {
		if _, err := addresses(field, list); err != nil {
			return err
		}
	}
	switch {
	case c.Listen != "" && c.Mailbox == "" && c.Check == "":
		return cordon.InvalidField("reports.listen", "receives nothing", "set reports.mailbox, or leave it empty")
	case c.BotherFrom < 1 || c.UrgentFrom < c.BotherFrom:
		return cordon.InvalidField("reports.bother_from", "must be at least 1, and not above urgent_from", "3 and 10")
	case c.Keep.Duration < time.Hour || c.KeepReporter.Duration < time.Hour:
		return cordon.InvalidField("reports.keep", "and keep_reporter must be at least 1h", "720h is 30 days")
	case c.MailsPerDay < 0 || c.SuppressLate < 0:
		return cordon.InvalidField("reports.mails_per_day", "and suppress_late must not be negative", "0 means none")
	case c.CheckPerMinute < 1 || c.CheckPerMinute > 1000:
		return cordon.InvalidField("reports.check_per_minute", "must be 1 to 1000", "20 is plenty for a person")
	}
	return nil
}

func addresses(field, list string) ([]cordon.Address, error) {
	var all []cordon.Address
	for _, text := range commas(list) {
		a, err := cordon.ParseAddress(text)
		if err != nil {
			return nil, cordon.InvalidField(field, "names what is no address", "write it like abuse@example.org, several with commas between")
		}
		all = append(all, a)
	}
	return all, nil
}

// newClerk makes the room for reports. Addresses were checked by Validate.
func (h *House) newClerk(seen report.Store, o Options, site cordon.StatusSite) *report.Clerk {
	c := h.Config.Reports
	mailboxes, _ := addresses("", c.Mailbox)
	questions, _ := addresses("", c.Check)
	dns := o.DNS
	if dns == nil {
		dns = func(ctx context.Context, name string) ([]string, error) {
			return net.DefaultResolver.LookupTXT(ctx, name)
		}
	}
	return report.New(report.Config{
		Store: seen, Codes: h.Codes, LookupTXT: dns, Mailboxes: mailboxes, Questions: questions, BounceDomain: h.Config.Queue.BounceDomain,
		Loops: commas(c.Loops), Site: site.URL, Name: site.Name, Limits: c.limits(), Now: o.Now, Log: o.Log,
	})
}

// newInbound makes the server for mail that comes in.
func (h *House) newInbound(o Options) *smtpd.Server {
	return smtpd.New(smtpd.Config{Catalog: h.Catalog, Reports: h.Reports, Domains: catalog.DecoyDomains(h.Config.Decoy.Domain), Now: o.Now, Log: o.Log})
}

// listenInbound opens the listeners for mail that comes in: one for planted
// addresses and one for reports, or one for both.
func (h *House) listenInbound() (all []net.Listener, err error) {
	for field, at := range map[string]string{"decoy.listen": h.Config.Decoy.Listen, "reports.listen": h.Config.Reports.Listen} {
		if at == "" || field == "reports.listen" && at == h.Config.Decoy.Listen {
			continue
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			for _, open := range all {
				open.Close()
			}
			return nil, cordon.InvalidField(field, at+" cannot be opened: "+rootCause(err), "choose a free port; below 1024 it takes the right to bind there")
		}
		all = append(all, l)
	}
	if len(all) > 0 && h.Config.TLS.Certificate != "" { // listen has loaded it once already
		pair, err := tls.LoadX509KeyPair(h.Config.TLS.Certificate, h.Config.TLS.Key)
		if err != nil {
			return nil, cordon.InvalidField("tls.certificate", "cannot be loaded: "+rootCause(err), "name a PEM certificate and its key")
		}
		h.Inbound.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return all, nil
}

// inboundPrint is the fingerprint by which mails that arrive at decoys are told
// to be alike; "" for one that cannot be read or says nothing.
func inboundPrint(raw []byte) string {
	sheet, err := screen.Read(raw)
	if err != nil {
		return ""
	}
	print := screen.Fingerprint(sheet, nil)
	if print == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", print)
}

// feedback is where feedback loops are asked to report (RFC 9477); "" for nowhere.
func (c ReportsConfig) feedback() cordon.Address {
	for _, text := range commas(c.Mailbox) {
		if a, err := cordon.ParseAddress(text); err == nil {
			return a
		}
	}
	return ""
}
