package screen

import (
	"strings"
)

func unapprovedHost(v *view) string {
	if v.about.ApprovedHosts == nil {
		return ""
	}
	for _, list := range [][]*Link{v.strange, v.remote} {
		for _, l := range list {
			if !v.approved(l.Host) {
				return "It links to a host that is not approved: " + shown(l.Host) + "."
			}
		}
	}
	return ""
}

// scriptLink finds links that run something instead of leading somewhere.
func scriptLink(v *view) string {
	if v.HTML.ScriptURLs > 0 {
		return "A link runs a script."
	}
	for i := range v.Links {
		l := &v.Links[i]
		if l.Scheme == "data" && l.Kind != LinkImage && (foldPrefix(l.URL, "data:text/html") || foldPrefix(l.URL, "data:application")) {
			return "A link carries a whole page in itself."
		}
	}
	return ""
}

// mixedHost finds hosts that mix alphabets, or pass for another in one of them
// (UTS 39, 5).
func mixedHost(v *view) string {
	return v.each("It links to a host that mixes alphabets to look like another: ", func(l *Link) bool {
		return l.Trick.Has(TrickForeign) && deceptive(l.Host)
	})
}

func deceptive(host string) bool {
	name := unicodeHost(host)
	ending := name[strings.LastIndexByte(name, '.')+1:]
	for label := range strings.SplitSeq(name, ".") {
		if mixedScripts(label) || isASCII(ending) && disguisedLabel(label) {
			return true
		}
	}
	return false
}

func lookalikeHost(v *view) string {
	t := brandTable()
	for _, l := range v.strange {
		if l.Trick&(TrickIP|TrickBad) != 0 {
			continue
		}
		if b, how := t.imitates(l.Host, l.Domain); how == looksLike {
			return "It links to a host that is made to look like " + b.label + ": " + shown(l.Host) + "."
		}
	}
	return ""
}

func brandInHost(v *view) string {
	t := brandTable()
	for _, l := range v.strange {
		if l.Trick&(TrickIP|TrickBad) != 0 {
			continue
		}
		if b, how := t.imitates(l.Host, l.Domain); how == carries {
			return "It links to a host that bears the name " + b.label + " and is not theirs: " + shown(l.Host) + "."
		}
	}
	return ""
}

// nearBrand finds domains one slip away from a brand: paypall, netfllix.
func nearBrand(v *view) string {
	t := brandTable()
	return v.each("It links to a host one letter away from a well-known one: ", func(l *Link) bool {
		label, suffix, _ := strings.Cut(l.Domain, ".")
		if l.Trick&(TrickIP|TrickBad) != 0 || len(label) < 6 || t.byLabel[label] != nil || t.owners[l.Domain] != "" {
			return false
		}
		for i := range brands {
			b := &brands[i]
			if d := len(b.label) - len(label); d < -1 || d > 1 || len(b.label) < 6 || b.word || suffix == "" || b.label[0] != label[0] {
				continue
			}
			if oneSlip(label, b.label) {
				return true
			}
		}
		return false
	})
}

// oneSlip says whether two words differ by one letter left out, added, changed
// or swapped with its neighbour.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return len(b)-len(a) == 1 && a[i:] == b[i+1:]
	}
	if i == len(a) {
		return false
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// ownLookalike compares hosts with the tenant's own and approved ones.
func ownLookalike(v *view) string {
	if len(v.about.OwnDomains)+len(v.about.ApprovedHosts) == 0 {
		return ""
	}
	return v.each("It links to a host that looks like one of yours and is not: ", func(l *Link) bool {
		if l.Trick&(TrickIP|TrickBad) != 0 {
			return false
		}
		for _, list := range [][]string{v.about.OwnDomains, v.about.ApprovedHosts} {
			for _, mine := range list {
				if resembles(l, strings.ToLower(mine)) {
					return true
				}
			}
		}
		return false
	})
}

// resembles says whether a link's host would be taken for a host it is not: the
// same at a glance, one slip away, the same name under another ending, or the
// name as a part of it.
func resembles(l *Link, mine string) bool {
	domain := domainOf(mine, 0)
	if l.Domain == domain {
		return false
	}
	label, _, _ := strings.Cut(domain, ".")
	other, _, _ := strings.Cut(l.Domain, ".")
	if len(label) < 5 {
		return likeness(unicodeLabel(other)) == likeness(label) && other != label
	}
	return likeness(unicodeLabel(other)) == likeness(label) || oneSlip(other, label) || strings.Contains(l.Host, domain+".") || strings.Contains(l.Host, label+"-") || strings.Contains(l.Host, "-"+label)
}

func userInLink(v *view) string {
	return v.each("A link names one host and leads to another: ", func(l *Link) bool { return l.Trick.Has(TrickUser) && l.Scheme != "ftp" })
}

func ipHost(v *view) string {
	return v.each("It links to a bare number instead of a name: ", func(l *Link) bool { return l.Trick.Has(TrickIP) && !privateIP(l.Host) })
}

func escapedHost(v *view) string {
	for _, l := range v.hosts {
		if l.Trick.Has(TrickEscape) && !l.Trick.Has(TrickBad) {
			return "A link hides the name of its host behind codes: " + shown(l.Host) + "."
		}
	}
	return ""
}

func oddPort(v *view) string {
	return v.each("It links to an unusual port of ", func(l *Link) bool { return l.Trick.Has(TrickPort) && !privateIP(l.Host) })
}

func oddSlashes(v *view) string {
	for _, l := range v.hosts {
		if l.Trick.Has(TrickSlash) && l.Kind != LinkText {
			return "A link is written so that filters misread it: " + shown(l.Host) + "."
		}
	}
	return ""
}

func longHost(v *view) string {
	return v.each("It links to a host with a very long name: ", func(l *Link) bool {
		return !l.Trick.Has(TrickBad) && (len(l.Host) > 70 || strings.Count(l.Host, ".") > 5 && !l.Trick.Has(TrickIP))
	})
}

func foreignHost(v *view) string {
	return v.each("It links to a host in another alphabet: ", func(l *Link) bool { return l.Trick.Has(TrickForeign) })
}

func shortenedLink(v *view) string {
	return v.each("A shortened link hides where it leads: ", func(l *Link) bool { return serviceOf(l.Host, l.Domain) == shortener })
}

func freePageLink(v *view) string {
	return v.each("It links to a page that anyone can put up in a minute: ", func(l *Link) bool {
		return serviceOf(l.Host, l.Domain) == freePage || strings.Contains(l.URL, "/ipfs/")
	})
}

func formMakerLink(v *view) string {
	return v.each("It links to a form that anyone can make: ", func(l *Link) bool {
		return serviceOf(l.Host, l.Domain) == formMaker && (l.Host != "docs.google.com" || strings.Contains(l.URL, "/forms/"))
	})
}

// throwawayHost finds endings that cost next to nothing, and names nobody could
// remember.
func throwawayHost(v *view) string {
	return v.each("It links to a host of the kind that is used once: ", func(l *Link) bool {
		if l.Trick.Has(TrickIP) || senderHosts[l.Domain] != 0 || serviceOf(l.Host, l.Domain) != 0 {
			return false
		}
		ending := " " + l.Domain[strings.LastIndexByte(l.Domain, '.')+1:] + " "
		return !strings.Contains(weakDomains, ending) && (strings.Contains(badDomains, ending) || noisy(l.Domain))
	})
}

// sendsOn finds links to a well-known site that leads on to whatever the link
// says, and links with another host's address inside.
func sendsOn(v *view) string {
	for i := range v.Links {
		l := &v.Links[i]
		if l.Kind != LinkAnchor && l.Kind != LinkText || l.Host == "" || v.approved(l.Host) || !l.Trick.Has(TrickInner) {
			continue
		}
		if serviceOf(l.Host, l.Domain) == redirects || strings.HasPrefix(l.Domain, "google.") && (strings.Contains(l.URL, "/url?") || strings.Contains(l.URL, "/amp/")) ||
			strings.Contains(l.URL, "redirect") || strings.Contains(l.URL, "?url=http") || strings.Contains(l.URL, "/*http") {
			return "A link leads through another site: " + shown(l.Host) + "."
		}
	}
	return ""
}

// textNamesOther finds anchors whose words are the address of one site while
// they lead to another.
func textNamesOther(v *view) string {
	for i := range v.Links {
		l := &v.Links[i]
		if l.Kind != LinkAnchor || l.Host == "" || l.Scheme == "mailto" || !strings.Contains(l.Text, ".") {
			continue
		}
		if named := namedDomain(l.Text); named != "" && named != l.Domain {
			return "A link says " + shown(named) + " and leads to " + shown(l.Host) + "."
		}
	}
	return ""
}

// namedDomain is the registrable domain that words name, when they are an
// address and little else; "" otherwise.
func namedDomain(words string) string {
	s := strings.TrimSpace(words)
	if len(s) > 200 || strings.ContainsAny(s, " \n") {
		return ""
	}
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	} else if strings.Contains(s, "@") {
		return ""
	}
	if i := strings.IndexAny(s, "/?#:\\"); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, ".,;()[]'\"")
	if !bareDomain(s) {
		return ""
	}
	host, trick := hostName(s)
	return domainOf(host, trick)
}

// programLink finds links to files that run when they are opened.
func programLink(v *view) string {
	for i := range v.Links {
		l := &v.Links[i]
		if l.Kind != LinkAnchor && l.Kind != LinkText || l.Host == "" {
			continue
		}
		path, _, _ := strings.Cut(l.URL, "?")
		path, _, _ = strings.Cut(path, "#")
		if slash := strings.LastIndexByte(path, '/'); slash > len(l.Scheme)+3 && runs(path[slash+1:]) {
			return "A link leads to a program: " + shown(l.Host) + "."
		}
	}
	return ""
}

// runs says whether a file of this name runs when it is opened.
func runs(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	switch strings.ToLower(strings.TrimRight(name[dot+1:], " .")) {
	case "exe", "scr", "pif", "com", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi", "msp", "lnk", "jar", "ps1", "cpl", "reg", "iso", "img", "vhd", "apk", "appx", "msix", "url", "scf", "chm", "xll", "one", "ace":
		return true
	}
	return false
}
