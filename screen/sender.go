package screen

import (
	"strings"
	"unicode"
)

// addressInName: mail programs on telephones show the name alone, so an address
// or a site written there passes for the sender.
func addressInName(v *view) string {
	for word := range strings.FieldsSeq(v.FromName) {
		word = strings.Trim(word, `"'<>()[],;`)
		host := word
		if at := strings.LastIndexByte(word, '@'); at >= 0 {
			host = word[at+1:]
		}
		if !bareDomain(host) || host == word && !strings.Contains(word, ".") {
			continue
		}
		name, trick := hostName(host)
		domain := domainOf(name, trick)
		if v.from != "" && domain != domainOf(v.from, 0) && !v.approved(name) {
			return "The sender's name is an address of " + shown(domain) + "."
		}
	}
	return ""
}

// brandInName: it says it is from a well-known house, and nothing in it leads
// there.
func brandInName(v *view) string {
	if b := brandTable().named(v.FromName); b != nil && !v.ownedBy(b) {
		return "The sender calls itself " + b.label + ", and nothing in the letter is theirs."
	}
	return ""
}

// brandInSubject: it is about a well-known house, leads somewhere, and nowhere
// to that house.
func brandInSubject(v *view) string {
	if len(v.hosts) == 0 {
		return ""
	}
	if b := brandTable().named(v.Subject); b != nil && !v.ownedBy(b) {
		return "The subject speaks of " + b.label + ", and no link leads there."
	}
	return ""
}

// ownedBy says whether the sender or a link is the brand's own, or the brand is
// the tenant's.
func (v *view) ownedBy(b *brand) bool {
	t := brandTable()
	if v.from != "" && t.owns(b, domainOf(v.from, 0)) {
		return true
	}
	for _, list := range [][]*Link{v.hosts, v.remote} {
		for _, l := range list {
			if t.owns(b, l.Domain) {
				return true
			}
		}
	}
	return containsFold(v.about.TenantName, b.label)
}

// named says which brand a sender's name bears, disguised or not.
func (t *brandBook) named(name string) *brand {
	if name == "" {
		return nil
	}
	fields := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i, f := range fields {
		for _, candidate := range []string{f, joinNext(fields, i)} {
			if len(candidate) < 3 {
				continue
			}
			if b := t.byLabel[strings.ToLower(candidate)]; b != nil && !b.word {
				return b
			}
			if len(candidate) > 3 && (!isASCII(candidate) || hasDigit(candidate)) {
				if b := t.byLikeness[likeness(strings.ToLower(candidate))]; b != nil && !b.word {
					return b
				}
			}
		}
	}
	return nil
}

// joinNext is a word with the one behind it: "Wells Fargo".
func joinNext(fields []string, i int) string {
	if i+1 < len(fields) {
		return fields[i] + fields[i+1]
	}
	return ""
}

// oddLettersInName finds names that mix alphabets or turn direction.
func oddLettersInName(v *view) string {
	if isASCII(v.FromName) {
		return ""
	}
	for word := range strings.FieldsFuncSeq(v.FromName, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(word) >= 4 && mixedScripts(word) {
			return "The sender's name mixes letters of different alphabets."
		}
	}
	return ""
}

// freeReply: answers go to a mailbox anyone can get, while the sender's is not.
func freeReply(v *view) string {
	at := strings.LastIndexByte(v.ReplyTo, '@')
	if at < 0 || v.from == "" {
		return ""
	}
	host := strings.ToLower(v.ReplyTo[at+1:])
	if domainOf(host, 0) == domainOf(v.from, 0) || serviceOf(host, domainOf(host, 0)) != freeMail || serviceOf(v.from, domainOf(v.from, 0)) == freeMail {
		return ""
	}
	return "Answers go to a private mailbox at " + shown(host) + "."
}

// pretendedReply: the subject says it is an answer, and the text quotes nothing
// while it leads somewhere.
func pretendedReply(v *view) string {
	if v.Threaded || len(v.hosts) == 0 || !v.HasHTML {
		return ""
	}
	s := v.Subject
	if !foldPrefix(s, "re:") && !foldPrefix(s, "fw:") && !foldPrefix(s, "fwd:") && !foldPrefix(s, "aw:") {
		return ""
	}
	if strings.Contains(v.Text, "\n>") || containsFold(v.Text, "wrote:") || containsFold(v.Text, "original message") || containsFold(v.Text, "from:") {
		return ""
	}
	return "The subject pretends to be an answer."
}

// shoutedSubject: capitals, exclamation marks or currency signs throughout.
func shoutedSubject(v *view) string {
	upper, lower, marks := 0, 0, 0
	for _, r := range v.Subject {
		switch {
		case r == '!' || r == '$' || r == '€' || r == '£' || r == '*' || r == '%':
			marks++
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	if upper > 12 && upper > 4*lower || marks >= 3 {
		return "The subject shouts."
	}
	return ""
}

// disguisedSubject: letters that are not what they seem.
func disguisedSubject(v *view) string {
	var t Salt
	w := writer{limit: maxSubject, salt: &t}
	w.write([]byte(v.Subject), ' ')
	t.words(v.Subject, v.words[:min(v.split, len(v.words))])
	if t.Homoglyphs+t.Spaced+t.Digits > 0 || t.Fancy >= 4 {
		return "The subject disguises its words."
	}
	return ""
}
