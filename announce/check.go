package announce

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/cordonmail/cordon"
)

var (
	quoted  = regexp.MustCompile(`\{\{[^}]*\}\}`)
	digits  = regexp.MustCompile(`\d+(?:[.,]\d+)*`)
	address = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"]+`)
	mailbox = regexp.MustCompile(`[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+`)
)

// check looks at the words themselves: a link may lead to the status page alone;
// a number that somebody typed, and a mail address, are pointed out.
func (r *ready) check(d cordon.AnnouncementDraft, site string) {
	words := d.Body + "\n" + d.NotAffected
	for _, link := range address.FindAllString(words, -1) {
		if !ownLink(link, site) {
			r.faults = append(r.faults, cordon.Fault{Field: "body", Message: "links to another place than the status page", Remedy: "announcements carry no link but to the status page: readers are told so"})
			break
		}
	}
	if mailbox.MatchString(words) {
		r.warnings = append(r.warnings, "The text holds a mail address. A post can never be taken back: no person's address belongs in it.")
	}
	for _, typed := range digits.FindAllString(address.ReplaceAllString(quoted.ReplaceAllString(d.Body+"\n"+d.AnnouncementText.Title, " "), " "), -1) {
		warning := fmt.Sprintf("The number %s is typed, not counted.", typed)
		if name := r.named(typed); name != "" {
			warning = fmt.Sprintf("The number %s is typed. {{%s}} says the same, and stays true.", typed, name)
		}
		r.warnings = append(r.warnings, warning)
	}
}

// named is the figure that a typed number equals; "" when none does.
func (r *ready) named(typed string) string {
	plain := strings.NewReplacer(",", "", ".", "").Replace(typed)
	for _, f := range inOrder(r.figures) {
		if f.At.IsZero() && fmt.Sprint(f.Value) == plain && f.Value > 0 {
			return f.Name
		}
	}
	return ""
}

// ownLink says whether a link leads to the status page.
func ownLink(link, site string) bool {
	own, err := url.Parse(site)
	if err != nil || own.Host == "" {
		return false
	}
	to, err := url.Parse(strings.TrimRight(link, ".,;:!?)"))
	return err == nil && to.Scheme == own.Scheme && to.Host == own.Host && to.User == nil
}
