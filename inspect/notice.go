package inspect

import (
	"net/netip"
	"regexp"
	"strings"
)

const (
	maxSources   = 50
	noticeNeeded = 6 // points of what speaks for an abuse notice
)

// deskNames are senders that report for a living: desks, teams, feeds, folded.
var deskNames = []string{
	"abuse", "takedown", "csirt", "cert@", "cert-", "cert ", "-cert", "incident", "spamcop", "spamexperts", "netcraft", "abusix", "blocklist", "fail2ban", "shadowserver", "phishtank", "phishlabs", "antiphish", "anti-phish", "antispam", "anti-spam", "spamhaus", "spam report", "spamreport", "report@", "reports@", "autoreports", "reporting@", "security team", "securityteam", "network security", "brand protection", "copyright", "antipiracy", "anti-piracy", "piracy", "dmca", "honeypot", "honeynet", "clean-mx", "cleanmx", "webiron", "bsi", "ncsc", "safe browsing", "safebrowsing", "search console", "trust and safety", "trust & safety", "fraud", "phishing", "malware", "ip-echelon", "irdeto", "opsec", "cyscon", "urlhaus", "abuse.ch", "x-arf", "xarf", "noc@", "nfoservers", "rsa afcc", "soc@", "sircc", "markmonitor", "antifraud", "cyber", "honey", "abuse-", "abusehub", "honey pot", "project honey", "spamhaus", "dnsbl", "cert.", "certbund", "autoreport",
}

// noticeSubjects are subjects of notices, folded.
var noticeSubjects = []string{
	"abuse report", "abuse message", "abuse complaint", "abuse notification", "abuse from", "abuse:", "abuse -", "[abuse", "abuse issue", "abuse alert", "report of abuse", "network abuse", "abuse of", "abusereport", "abuse ticket", "abusive", "spam report", "spam from", "spam complaint", "[spamcop", "spamtrap", "spam trap", "phishing site", "phishing attack", "phishing at", "phishing content", "phishing page", "phishing url", "phishing report", "phishing on", "fraudulent site", "fraudulent website", "malware attack", "malware at", "malware on", "malware distribution", "malicious", "takedown", "take down", "take-down", "compromised", "hacked", "hacking attempt", "intrusion", "brute force", "brute-force", "bruteforce", "port scan", "portscan", "ddos", "dos attack", "attack from", "attacks from", "attack at", "login attack", "ssh attack", "attack on", "attack targeting", "infected", "botnet", "bot infection", "open resolver", "vulnerable", "vulnerability report", "exposed", "security incident", "security alert for", "incident report", "copyright infringement", "notice of claimed infringement", "infringement", "dmca", "unauthorized use of", "unauthorised use of", "cease and desist", "trademark", "blacklisted", "blocklisted", "listed on", "honeypot", "fail2ban", "unauthorized access", "unauthorized login", "suspicious activity from", "exploit attempt", "web attack", "missbrauch", "angriff", "schadsoftware", "sicherheitsvorfall", "safe browsing", "suspicious urls", "report for as", "on your as", "harvester", "dictionary attacker", "blacklist report", "accessible", "open-", "sinkhole", "drone", "honey pot", "plainte", "hameçonnage", "denuncia", "abuso", "segnalazione", "misbruik", "x-arf",
}

// noticeWords are what notices say to those who run a network or a server. Each
// speaks to an operator; a person's mail and a lure's speak to a user.
var noticeWords = []string{
	"your network", "your customer", "your customers", "your client", "your user ", "one of your users", "your server", "your ip address", "your ip space", "your ip range", "your netblock", "your address space", "your infrastructure", "ip address under your", "under your control", "hosted on your", "hosted by you", "hosted at your", "on your servers", "located on your", "site you host", "you are hosting", "your hosting", "you host", "your domain", "your autonomous system", "abuse contact", "abuse department", "abuse team", "abuse desk", "responsible for the ip", "responsible for this ip", "registered contact", "whois", "ripe database", "from your", "source ip", "source-ip", "offending ip", "attacking ip", "attacker ip", "ip address:", "dear abuse", "abuse administrator", "to the abuse", "network operator", "hosting provider", "internet service provider", "please take", "take appropriate action", "appropriate action", "please investigate", "please remove", "take down", "taken down", "shut down", "suspend", "disable access", "removed as soon as possible", "log excerpt", "log entries", "log file", "logs below", "logfile", "log lines", "lines containing failures", "timestamps", "all times are", "timezone", "time zone", "evidence", "this is an automated report", "automatically generated report", "automatically generated abuse", "reported by", "x-arf", "spamtrap", "spam trap", "honeypot", "infringing", "copyright owner", "good faith belief", "under penalty of perjury", "exclusive rights", "torrent", "unauthorized access", "brute force", "brute-force", "failed login", "login attempts", "port scan", "botnet", "malicious software", "malicious content", "malware", "phishing site", "phishing attack", "phishing content", "fraudulent content", "fraudulent site", "compromised", "infected with", "open resolver", "open relay", "autonomous system", "as number", "your asn", "your as ", "unsolicited", "spam message", "spam was", "spam from", "spamcop", "offending message", "brief for your comfort", "reported as spam", "report spam", "abusive behaviour", "abusive behavior", "abusive activity", "abuse of", "ihrem netz", "ihrer kunden", "ihres kunden", "ihr server", "ihrem server", "uw netwerk", "uw klant", "votre réseau", "votre client", "vos serveurs", "su red", "sus clientes", "vostra rete", "sua rede",
}

// arfLines are field names of X-ARF 0.1 and 0.2 and of the reports like it.
var arfLines = []string{"report-type:", "reported-from:", "source-type:", "schema-url:", "report-id:", "category:", "source:", "attachment:"}

var (
	ipShape  = regexp.MustCompile(`(?:^|[^0-9A-Za-z.:])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?:$|[^0-9A-Za-z.]|\.(?:$|[^0-9]))`)
	ip6Shape = regexp.MustCompile(`(?i)(?:^|[^0-9a-z:])((?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}|(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f:]{0,30})(?:$|[^0-9a-z:])`)
	urlShape = regexp.MustCompile(`(?i)(?:https?|hxxps?|ftp)(?:://|\[:\]//)[^\s<>"']{3,400}`)
	logShape = regexp.MustCompile(`(?m)^\s*(?:\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |.{0,60}\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d)`)
)

// notice knows the mails that tell of abuse in words. It adds up who writes,
// what the subject says, how many things are said that one says to operators,
// and the addresses, times and log lines such a mail names.
func notice(m *letter, f *Found) bool {
	fields := arfFields(m)
	n := Allegation{Fields: fields}
	points := 0
	if yes(m.get("x-xarf")) || yes(m.get("x-arf")) || len(fields) >= 4 {
		points += noticeNeeded
	}
	for _, field := range m.fields {
		name := strings.ToLower(field.Name)
		if hasPrefixAny(name, []string{"x-spamcop-", "x-abuse-report", "x-abusix", "x-netcraft", "x-takedown", "x-fail2ban", "x-report-abuse-type"}) {
			points += 3
			break
		}
	}
	subject := fold(clip(m.subject(), 500))
	desk, titled := containsAny(m.sender(), deskNames), containsAny(subject, noticeSubjects)
	feed := desk && table(m)
	if feed {
		points += noticeNeeded - 2
	}
	if points == 0 && !desk && !titled {
		return false // whatever the text says, a notice shows itself in its header too
	}
	if desk {
		points += 2
	}
	if titled {
		points += 2
	}
	text := m.text()
	words := fold(clip(ownWords(text), 16<<10))
	said := 0
	for _, w := range noticeWords {
		if strings.Contains(words, w) {
			said++
		}
	}
	points += min(said, 5)
	n.Sources = sourcesIn(subject + "\n" + text)
	n.URLs = urlShape.FindAllString(clip(text, 64<<10), maxSources)
	if len(n.Sources) > 0 {
		points++
	}
	if logs := len(logShape.FindAllStringIndex(clip(text, 64<<10), 3)); logs >= 2 {
		points++
	}
	if deskAddress(m) {
		points++
	}
	if containsAny(words, []string{"dear customer", "dear user", "dear client", "dear member", "verify your account", "your account has been", "unsubscribe", "click here", "your password"}) {
		points -= 3
	}
	enough := points >= noticeNeeded && (said >= 2 || feed || len(fields) >= 4 || yes(m.get("x-xarf")) || yes(m.get("x-arf"))) && (desk || titled || len(fields) >= 4)
	if !enough {
		return false
	}
	f.Kind, f.Notice = AbuseNotice, &n
	f.Reason = noticeReason(fields, subject, words)
	f.Clues.namedIDs(text)
	return true
}

// table says whether a table or an archive is attached, as feeds of addresses do.
func table(m *letter) bool {
	for _, l := range m.leaves {
		if l.mediaType == "text/csv" || l.mediaType == "application/csv" || containsAny(l.name, []string{".csv", ".zip", ".xml", ".gz", ".tsv"}) {
			return true
		}
	}
	return false
}

func yes(v string) bool {
	v = strings.ToLower(strings.TrimSpace(v))
	return v != "" && v != "no" && v != "false" && v != "0"
}

// arfFields reads the YAML of an X-ARF 0.1 or 0.2 report: a part of its own, or
// lines of the text.
func arfFields(m *letter) []Pair {
	for _, l := range m.leaves {
		if !strings.HasPrefix(l.mediaType, "text/") && l.mediaType != "application/x-yaml" && l.mediaType != "application/yaml" {
			continue
		}
		lower := []byte(strings.ToLower(string(l.body[:min(len(l.body), 32<<10)])))
		have := 0
		for _, name := range arfLines {
			if lineWith(lower, name) {
				have++
			}
		}
		if have < 3 || !lineWith(lower, "report-type:") && !lineWith(lower, "schema-url:") {
			continue
		}
		var all []Pair
		for _, row := range lines(l.text()) {
			name, v, ok := strings.Cut(row, ":")
			if _, isField := fieldOf([]byte(row)); ok && isField && len(all) < maxReportFields {
				all = append(all, Pair{name, clip(strings.Trim(strings.TrimSpace(v), `"'`), maxReportValue)})
			}
		}
		return all
	}
	return nil
}

// sourcesIn finds the public IP addresses a text names.
func sourcesIn(text string) []string {
	var all []string
	text = clip(text, 64<<10)
	for _, shape := range []*regexp.Regexp{ipShape, ip6Shape} {
		for _, hit := range shape.FindAllStringSubmatch(text, 4*maxSources) {
			if ip, err := netip.ParseAddr(hit[1]); err == nil && !ip.IsUnspecified() && !ip.IsLoopback() {
				all = addText(all, ip.String(), maxSources)
			}
		}
	}
	return all
}

// noticeReason says what is reported, the plainer word first.
func noticeReason(fields []Pair, subject, words string) Reason {
	for _, name := range []string{"report-type", "category"} {
		for _, p := range fields {
			if r := abuseReason(fold(p.Value)); r != "" && strings.EqualFold(p.Name, name) {
				return r
			}
		}
	}
	if r := abuseReason(subject); r != "" {
		return r
	}
	if r := abuseReason(words); r != "" {
		return r
	}
	return Abuse
}

func abuseReason(s string) Reason {
	for _, c := range []struct {
		reason Reason
		words  []string
	}{
		{Copyright, []string{"copyright", "infring", "dmca", "trademark"}},
		{Phishing, []string{"phish", "hameçonnage"}},
		{Malware, []string{"malware", "virus", "trojan", "malicious software", "schadsoftware"}},
		{Spam, []string{"spam", "unsolicited", "bulk mail", "uce", "ube "}},
		{Attack, []string{"attack", "brute", "login", "scan", "ddos", "intrusion", "hack", "exploit", "angriff", "fail2ban", "failed password", "invalid user", "failures of"}},
		{Compromised, []string{"compromis", "infected", "botnet", "bot infection", "c&c"}},
		{Vulnerable, []string{"vulnerab", "open resolver", "open relay", "exposed"}},
		{Fraud, []string{"fraud", "scam"}},
	} {
		if containsAny(s, c.words) {
			return c.reason
		}
	}
	return ""
}
