package announce

import (
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
)

// postLetter is a post as a subscriber's mail. It carries no link but to the
// status page, and ends at one click (RFC 8058).
func (h *Herald) postLetter(a cordon.Announcement, to cordon.Subscriber) cordon.OutgoingLetter {
	var b strings.Builder
	add := func(lines ...string) { b.WriteString(strings.Join(lines, "\n") + "\n\n") }
	add(a.Heading())
	for _, p := range cordon.Paragraphs(a.Body) {
		add(p)
	}
	if a.NotAffected != "" {
		add("Not affected: " + a.NotAffected)
	}
	if len(a.Figures) > 0 {
		add("Figures as of " + a.Figures[0].AsOf.UTC().Format("2 January 2006, 15:04 UTC") + ", counted from the mail log at its entry " + cordon.Thousands(a.LedgerSize) + ".")
	}
	if !a.NextUpdateDue.IsZero() {
		add("Next update by " + a.NextUpdateDue.UTC().Format("2 January 2006, 15:04 UTC") + ".")
	}
	if !a.ReportBy.IsZero() {
		add("A report by " + a.ReportBy.UTC().Format("2 January 2006, 15:04 UTC") + ".")
	}
	add("Signed: "+a.SignedBy, h.site.Name)
	add("This announcement: "+h.site.URL+a.Path(), "Everything: "+h.site.URL+"/")
	leave := h.site.URL + "/unsubscribe/" + to.Token
	add("You get this because you subscribed. To end it: " + leave)
	return cordon.OutgoingLetter{Title: a.Heading(), Text: strings.TrimRight(b.String(), "\n") + "\n", Mail: []cordon.OutgoingHeader{
		{Name: "List-Unsubscribe", Value: "<" + leave + ">"},                   // RFC 2369 3.2
		{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"},   // RFC 8058 3.1
		{Name: "List-Id", Value: "<announcements." + hostOf(h.site.URL) + ">"}, // RFC 2919
		{Name: "Archived-At", Value: "<" + h.site.URL + a.Path() + ">"},        // RFC 5064
		{Name: "Auto-Submitted", Value: "auto-generated"},                      // RFC 3834 5
	}}
}

func hostOf(site string) string {
	u, err := url.Parse(site)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	return u.Hostname()
}

// confirmLetter asks for the second opt-in, or says that there is nothing to
// confirm.
func (h *Herald) confirmLetter(to cordon.Subscriber) cordon.OutgoingLetter {
	auto := []cordon.OutgoingHeader{{Name: "Auto-Submitted", Value: "auto-generated"}}
	if to.Known {
		leave := h.site.URL + "/unsubscribe/" + to.Token
		return cordon.OutgoingLetter{Title: h.site.Name + ": you are subscribed already", Mail: auto,
			Text: "Somebody, probably you, asked for the announcements of " + h.site.Name + " at this address.\n\nYou get them already; there is nothing to do.\n\nTo end it: " + leave + "\n"}
	}
	return cordon.OutgoingLetter{Title: h.site.Name + ": please confirm", Mail: auto,
		Text: "Somebody, probably you, asked for the announcements of " + h.site.Name + " at this address.\n\n" +
			"If you want them, open this page within 24 hours and press the button:\n" + h.site.URL + "/subscribe/" + to.Token + "\n\n" +
			"If not, do nothing: the address is forgotten after 7 days.\n"}
}
