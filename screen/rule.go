package screen

import (
	"strings"

	"github.com/cordonmail/cordon"
)

// Context is what the house knows of whose mail it is. Zero: nothing is known,
// as with a raw message from anywhere.
type Context struct {
	TenantName    string
	OwnDomains    []string // of the tenant; hosts under them are its own
	ApprovedHosts []string // nil: unknown, and the rule on unapproved hosts is silent
	OtherNames    []string // names of the other tenants of the house
	Values        []string // merge values as given
}

// house says whether the mail is a tenant's of ours.
func (c *Context) house() bool {
	return c.TenantName != "" || c.OwnDomains != nil || c.ApprovedHosts != nil
}

// Finding is one thing a rule saw.
type Finding struct {
	Rule     string          // its name in the table
	Decision cordon.Decision // Pass: only a hint, which adds Weight
	Weight   float64         // how much it speaks for spam: 1 is a clear sign
	Message  string          // for a practice manager: no personal data, at most a host
}

// rule is one line of the table.
type rule struct {
	name string
	// raw is what it comes to in a message from anywhere: Hold only where
	// legitimate mail practically never does such a thing. house is what it comes
	// to in a tenant's own letter, where we know what is approved.
	raw, house cordon.Decision
	weight     float64
	// sees answers what it saw, in words for a practice manager; "" is nothing.
	sees func(*view) string
}

const (
	hint = cordon.Pass
	hold = cordon.Hold
)

// rules is every content rule, in the order in which reasons are shown.
var rules = []rule{
	// Where links lead.
	{ruleUnapprovedHost, hint, hold, 1.0, unapprovedHost},
	{"value-link", hold, hold, 2.0, valueLink},
	{"script-link", hold, hold, 2.5, scriptLink},
	{"mixed-host", hold, hold, 3.0, mixedHost},
	{"lookalike-host", hold, hold, 3.0, lookalikeHost},
	{"own-lookalike", hold, hold, 3.0, ownLookalike},
	{"brand-in-host", hint, hold, 1.5, brandInHost},
	{"near-brand", hint, hint, 1.0, nearBrand},
	{"user-in-link", hint, hold, 1.5, userInLink},
	{"ip-host", hint, hold, 1.0, ipHost},
	{"escaped-host", hint, hold, 2.0, escapedHost},
	{"odd-port", hint, hold, 0.6, oddPort},
	{"odd-slashes", hint, hold, 0.5, oddSlashes},
	{"long-host", hint, hint, 0.7, longHost},
	{"foreign-host", hint, hint, 0.5, foreignHost},
	{"shortener", hint, hold, 0.9, shortenedLink},
	{"free-page", hint, hint, 0.8, freePageLink},
	{"form-maker", hint, hold, 0.8, formMakerLink},
	{"throwaway-host", hint, hint, 0.7, throwawayHost},
	{"sends-on", hint, hint, 0.5, sendsOn},
	{"text-names-other", hint, hold, 0.5, textNamesOther},
	{"program-link", hint, hold, 1.0, programLink},

	// What the words promise.
	{"missing-attachment", hint, hold, 0.2, missingAttachment},
	{"other-tenant", hint, hold, 0.5, otherTenant},

	// What is hidden from the reader.
	{"hidden-text", hint, hint, 0.5, hiddenText},
	{"much-hidden-text", hint, hold, 1.2, muchHiddenText},
	{"bait-comments", hint, hint, 0.7, baitComments},
	{"split-words", hold, hold, 1.5, splitWords},
	{"invented-tags", hint, hint, 0.8, inventedTags},
	{"invisible-letters", hint, hold, 0.5, invisibleLetters},
	{"soft-hyphens", hint, hint, 0.4, softHyphens},
	{"lookalike-letters", hold, hold, 1.5, lookalikeLetters},
	{"fancy-letters", hint, hint, 0.8, fancyLetters},
	{"spaced-words", hint, hint, 0.6, spacedWords},
	{"digits-in-words", hint, hint, 0.6, digitsInWords},
	{"turned-text", hint, hold, 1.5, turnedText},
	{"parts-disagree", hint, hint, 0.8, partsDisagree},

	// What a letter does not need.
	{"script", hint, hold, 1.0, script},
	{"password-field", hold, hold, 3.0, passwordField},
	{"form", hint, hold, 0.8, form},
	{"event-handler", hint, hold, 0.7, eventHandler},
	{"frame", hint, hold, 0.8, frame},
	{"refresh", hold, hold, 2.0, refresh},
	{"base", hint, hold, 0.5, baseAddress},

	// Pictures.
	{"image-only", hint, hint, 1.2, imageOnly},
	{"image-heavy", hint, hint, 0.4, imageHeavy},
	{"one-big-link", hint, hint, 0.8, oneBigLink},

	// Who it says it is from.
	{"address-in-name", hint, hold, 1.0, addressInName},
	{"brand-in-name", hint, hold, 1.2, brandInName},
	{"brand-in-subject", hint, hint, 0.3, brandInSubject},
	{"odd-letters-in-name", hold, hold, 2.0, oddLettersInName},
	{"free-reply", hint, hint, 0.7, freeReply},
	{"pretended-reply", hint, hint, 0.3, pretendedReply},
	{"shouted-subject", hint, hint, 0.4, shoutedSubject},
	{"disguised-subject", hint, hint, 0.8, disguisedSubject},

	// How it is made.
	{"program-attached", hold, hold, 3.0, programAttached},
	{"page-attached", hint, hold, 1.0, pageAttached},
	{"broken", hint, hold, 0.3, broken},
	{"too-much", hint, hold, 0.3, tooMuch},
}

// Findings lists what the rules saw, in the order of the table.
func Findings(s *Sheet, about Context) []Finding {
	v := newView(s, &about)
	house := about.house()
	var found []Finding
	for i := range rules {
		r := &rules[i]
		message := r.sees(v)
		if message == "" {
			continue
		}
		f := Finding{Rule: r.name, Decision: r.raw, Weight: r.weight, Message: message}
		if house {
			f.Decision = r.house
		}
		found = append(found, f)
	}
	return found
}

// RuleNames lists the names a Finding may have, in the order of the table.
func RuleNames() []string {
	names := make([]string, len(rules))
	for i := range rules {
		names[i] = rules[i].name
	}
	return names
}

// view is a sheet with what several rules ask of it, worked out once.
type view struct {
	*Sheet
	about   *Context
	hosts   []*Link // one link for each host: web links, not pictures alone
	strange []*Link // of hosts, those that are not approved
	remote  []*Link // one link for each host of pictures, where no other link names it
	from    string  // the sender's host, lower case
	letters int     // bytes of Text that are part of words
}

func newView(s *Sheet, about *Context) *view {
	v := &view{Sheet: s, about: about}
	for i := range s.Links {
		l := &s.Links[i]
		if l.Host == "" || l.Scheme == "mailto" {
			continue
		}
		if l.Kind == LinkImage {
			v.remote = onceHost(v.remote, l)
		} else {
			v.hosts = onceHost(v.hosts, l)
		}
	}
	for _, l := range v.hosts {
		if !v.approved(l.Host) {
			v.strange = append(v.strange, l)
		}
	}
	if i := strings.LastIndexByte(s.FromAddress, '@'); i >= 0 {
		v.from = strings.ToLower(s.FromAddress[i+1:])
	}
	words := s.words
	if words == nil {
		words, _ = wordsOf("", s.Text)
	} else {
		words = words[s.split:]
	}
	for _, w := range words {
		v.letters += int(w.length)
	}
	return v
}

func onceHost(list []*Link, l *Link) []*Link {
	for _, have := range list {
		if have.Host == l.Host {
			return list
		}
	}
	return append(list, l)
}

// under says whether host is domain or stands under it.
func under(host, domain string) bool {
	return domain != "" && (host == domain || len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.')
}

// approved says whether a host may stand in this tenant's letters.
func (v *view) approved(host string) bool {
	for _, a := range v.about.ApprovedHosts {
		if strings.EqualFold(host, a) {
			return true
		}
	}
	for _, d := range v.about.OwnDomains {
		if under(host, strings.ToLower(d)) {
			return true
		}
	}
	return false
}

// each answers the message for the first host that test accepts. Hosts the
// tenant has approved are never asked about.
func (v *view) each(message string, test func(*Link) bool) string {
	for _, l := range v.strange {
		if test(l) {
			return message + shown(l.Host) + "."
		}
	}
	return ""
}

// shown is a host as it may stand in a message: never longer than a line.
func shown(host string) string {
	if len(host) > 60 {
		return host[:28] + "…" + host[len(host)-28:]
	}
	return host
}
