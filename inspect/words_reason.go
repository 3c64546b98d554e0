package inspect

import "strings"

// reasonWords is how servers say why, folded. The first set that holds a phrase
// of the text wins, so the narrower ones stand first. Written from the manuals
// and replies of the mail systems in use; a phrase must mean one thing only.
var reasonWords = []struct {
	reason Reason
	words  []string
}{
	{NotAccepting, []string{"null mx", "nullmx", "domain does not accept mail", "does not accept mail (mx", "does not accept any mail", "no mail is accepted for this domain", "mailbox does not accept", "recipient does not accept mail", "this address does not receive mail", "mail server does not accept mail for", "domain accepts no mail", "no longer accepts mail", "this address no longer accepts mail"}},
	{MailboxFull, []string{"mailbox full", "mailbox is full", "mailfolder is full", "mail box full", "over quota", "overquota", "quota exceed", "exceeded quota", "exceeded its quota", "exceeds quota", "quota full", "quota violation", "disk quota", "out of storage space", "exceeded storage", "storage quota", "mailbox has exceeded", "mailbox exceeds", "exceeded the space", "mailbox for user is full", "mail quota", "inbox is full", "boite pleine", "boîte aux lettres pleine", "postfach ist voll", "postfach voll", "buzon lleno", "buzón lleno", "casella piena", "mailbox vol", "user is overquota", "not enough storage", "maildir over quota", "insufficient quota", "recipient storage full", "account is over", "full mailbox", "mailbox size limit exceeded", "too much mail data", "mailbox quota", "メールボックスの容量", "容量を超え", "邮箱已满", "邮箱空间不足", "ящик переполнен"}},
	{Looping, []string{"too many hops", "hop count exceeded", "mail loop", "loops back to myself", "mail forwarding loop", "routing loop", "loop detected", "looping", "message is looping", "exceeds the maximum hop"}},
	{Virus, []string{"virus", "malware", "infected", "trojan", "dangerous attachment", "blocked file extension"}},
	{TooLarge, []string{"message size exceeds", "message too large", "message too big", "message exceeds", "too large", "too big", "exceeds fixed maximum", "exceeds size limit", "size exceeds", "exceeded maximum message size", "message file too big", "max message size", "maximum message size", "size limit exceeded", "larger than the", "message length exceeds", "exceeds the maximum size", "exceeds the size", "line limit exceeded", "exceeding max size", "message size limit", "over the maximum allowed"}},
	{Blocked, []string{"blacklist", "black list", "blocklist", "block list", "blocked using", "spamhaus", "spamcop", "barracudacentral", "sorbs", "dnsbl", "rbl", "is listed at", "is listed in", "is listed on", "bad reputation", "poor reputation", "low reputation", "reputation of", "ip has been blocked", "ip is blocked", "ip address has been blocked", "ip blocked", "address is blocked", "your host is blocked", "banned sending ip", "banned", "client host rejected", "access denied, banned", "s3140", "s3150", "connection refused by policy", "your ip", "senderscore", "not allowed to send from", "network is on our block", "blocked by", "has been blocked", "use the smtp server of your isp", "dynamic ip", "dynamic/residential", "unsolicited mail originating from your ip", "suspicious due to the very low reputation", "denylist"}},
	{RateLimited, []string{"too many connections", "too many recipients", "too many messages", "rate limit", "rate-limit", "ratelimit", "unusual rate", "throttl", "slow down", "sending limit", "daily limit", "hourly limit", "exceeded the limit", "max number of", "maximum number of messages", "message limit", "receiving mail too quickly", "receiving mail at a rate", "too much mail", "mail flood", "frequency limit", "limit exceeded on", "unexpected volume", "temporarily deferred due to", "connection limit", "too many concurrent", "rcpt limit", "recipient limit"}},
	{RelayDenied, []string{"relay access denied", "relaying denied", "relay denied", "relaying not", "unable to relay", "not permitted to relay", "relay not permitted", "relaying is not", "relaying prohibited", "we do not relay", "not a relay", "relaying mail to", "not a gateway", "open relay", "cannot relay", "no relaying", "relay is prohibited", "you are not allowed to relay", "isn't in my list of allowed rcpthosts", "not in my list of allowed", "relaying disallowed", "mail not local here"}},
	{Authentication, []string{"dmarc", "spf ", "spf:", "(spf)", "sender policy framework", "openspf", "dkim", "unauthenticated", "not authenticated", "authentication required", "authentication is required", "authentication fail", "auth failure", "authentication-failure", "authentication check", "sender id", "reverse dns", "ptr record", "reverse lookup", "rdns", "cannot find your hostname", "cannot find your reverse", "cannot resolve your address", "no ptr", "fix reverse", "unable to verify that", "smtp auth", "must authenticate", "not logged in", "client was not authenticated"}},
	{Spam, []string{"spam", "unsolicited", "junk mail", "bulk mail", "bulk email", "ube,", "considered as uce", "mail appears to be unsolicited", "rejected by content filter", "content scanner", "high probability of"}},
	{SenderRefused, []string{"sender address rejected", "sender rejected", "sender denied", "domain of sender", "sender domain", "mail from domain", "sender verify failed", "sender verification", "sender address is", "bad sender", "invalid sender", "sender not", "sender unknown", "from address", "sender is not", "bogus mail from", "unresolvable domain in", "does not resolve", "mail from refused", "return path", "sender callout"}},
	{Moved, []string{"user has moved", "recipient has moved", "mailbox has moved", "has moved to", "moved to", "account has been moved", "no longer at this address", "has changed", "new address", "unzustellbar, verzogen", "user not local; please try", "replaced by"}},
	{Suspended, []string{"account disabled", "account is disabled", "mailbox disabled", "mailbox is disabled", "account has been disabled", "mailbox is frozen", "account suspended", "account is suspended", "suspended", "mailbox unavailable or not active", "account inactive", "inactive account", "account is inactive", "is inactive", "inactive user", "inactive mailbox", "not active", "has expired", "account expired", "account is locked", "account locked", "mailbox locked", "is locked", "temporarily disabled", "user disabled", "disabled user", "user is disabled", "recipient is disabled", "currently not accepting", "mailbox is currently", "mailbox currently", "account is not active", "not activated", "has been terminated", "account closed", "frozen", "deactivated", "dormant", "disabled or discontinued", "mailbox has been blocked", "user locked", "temporarily unavailable for this user"}},
	{Network, []string{"host not found, try again", "name service error", "temporary lookup failure", "temporary failure in name resolution", "dns: server failure"}},
	{HostUnknown, []string{"host unknown", "unknown host", "host not found", "domain not found", "no such domain", "unknown domain", "domain does not exist", "domain doesn't exist", "name or service not known", "unrouteable mail domain", "unrouteable address domain", "invalid domain", "bad domain", "bad destination system", "couldn't find any host", "couldn't find a mail exchanger", "couldn't find any mail exchanger", "no mail exchanger", "could not be resolved", "not a valid domain", "domain name not found", "no mx record", "has no mx", "no such host", "nxdomain", "dns domain", "destination domain is invalid", "domain isn't in", "domain couldn't be found", "unknown address domain", "recipient domain", "mail domain", "no mail servers", "host or domain name not found", "all relevant mx records point to non-existent hosts", "domain unknown", "no valid hosts"}},
	{UserUnknown, []string{
		"user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address", "no such account", "no such person", "no such local", "no such email", "no such customer", "nosuchuser", "recipient not found", "recipnotfound", "user not found", "recipient unknown", "unknown recipient", "unknown mailbox", "mailbox not found", "mailbox unavailable", "mailbox does not exist", "mailbox doesn't exist", "mailbox unknown", "mailbox not available", "mailbox is unavailable", "mailbox isn't available",
		"does not exist", "doesn't exist", "do not exist", "not exist", "doesn't have a", "does not have a", "doesnt have a", "invalid recipient", "invalid mailbox", "invalid user", "invalid address", "invalid email", "recipient is invalid", "recipient invalid", "bad recipient", "bad destination mailbox", "bad address syntax", "couldn't be found", "could not be found", "wasn't found", "was not found", "not a valid mailbox", "not a valid user", "not a valid recipient", "not a known user", "is not known", "not known here", "not our customer", "not a registered", "no mailbox here", "no mailbox by that name", "no user by that name", "no account by that name", "there is no one at this address", "is not a user", "not listed in", "not in directory", "not found in directory", "address unknown", "unknown address", "unknown email", "unknown local", "local user unknown", "unknown or illegal", "unknown in virtual", "unknown in local", "unknown in relay", "undeliverable address", "unrouteable address", "address rejected", "recipient rejected", "recipient address rejected", "unknown account", "no longer valid", "no longer exist", "no longer available", "no longer work", "no longer employ", "no longer in use", "no longer active", "addressee unknown", "unknown addressee", "delivery to the following recipient failed permanently", "nicht bekannt", "unbekannt", "existiert nicht", "nicht gefunden", "n'existe pas", "inconnu", "introuvable", "no existe", "desconocido", "non esiste", "sconosciuto", "bestaat niet", "onbekend", "não existe", "desconhecido", "nie istnieje", "не существует", "не найден", "存在しません", "見つかりません", "不存在", "not listed in domino directory", "public name & address book", "mailbox name not allowed", "user does not", "list of allowed recipients", "recipient does not", "5.1.1", "your envelope recipient"}},
	{Expired, []string{"retry timeout exceeded", "retry time not reached for any", "has been in the queue too long", "queue too long", "message expired", "delivery time expired", "timed out waiting", "could not be delivered for", "expired from queue", "message timed out", "delivery expired", "too old", "giving up", "maximum time", "delivery timeout", "delivery temporarily suspended", "retry limit", "retried for", "delayed", "not been able to deliver", "will be retried", "message will be deleted from queue", "still being retried", "not yet been delivered"}},
	{Security, []string{"starttls", "tls ", "certificate", "encryption required", "encryption needed", "must issue a starttls", "requires tls", "cipher", "ssl "}},
	{Network, []string{"connection timed out", "connection refused", "connection reset", "network is unreachable", "network unreachable", "no route to host", "connection lost", "lost connection", "connect to", "connection dropped", "name service error", "dns error", "dns query", "dns lookup", "try again later: dns", "socket error", "couldn't connect", "could not connect", "unable to connect", "connection was dropped", "timed out", "timeout", "not responding", "host is down", "bad connection", "unreachable", "conversation with", "delivery attempts failed", "wasn't able to establish an smtp connection", "did not accept our requests to connect", "closed connection"}},
	{System, []string{"disk full", "insufficient disk", "no space left", "insufficient system", "system full", "out of memory", "local configuration error", "configuration error", "internal error", "internal server error", "server error", "system error", "local error", "resources temporarily unavailable", "resources unavailable", "service unavailable", "temporarily unavailable", "temporary failure", "unable to write", "i/o error", "command died", "pipe to", "permission denied", "cannot open", "write error", "can't create", "process failed", "system config error", "queue file write error", "lmtp", "out of resources", "server busy"}},
	{Content, []string{"message content rejected", "content rejected", "content not allowed", "attachment", "not rfc", "rfc 5322", "rfc 2822", "rfc5322", "rfc2822", "rfc 822", "missing header", "header error", "invalid header", "bad header", "message-id", "malformed", "bare lf", "bare newline", "improperly formatted", "conversion", "character set", "contains invalid", "non-compliant", "8bit", "header", "duplicate", "message identified"}},
	{Policy, []string{"policy", "not authorized", "not authorised", "unauthorized", "access denied", "access to this", "not allowed", "not permitted", "prohibited", "rejected for", "rules", "refused by", "restricted", "forbidden", "permission to send", "message refused", "message rejected", "delivery not authorized", "moderat", "member", "administrative", "transaction failed", "rejected", "denied", "refused"}},
	{Protocol, []string{"syntax error", "improper sequence", "bad sequence", "command not", "unrecognized", "unrecognised", "protocol error", "not implemented", "bad syntax", "invalid command", "helo ", "ehlo ", "error in processing"}},
}

// wordReason says why by the words; "" when they do not say.
func wordReason(text string) Reason {
	s := fold(clip(text, 4000))
	for _, set := range reasonWords {
		if containsAny(s, set.words) {
			return set.reason
		}
	}
	return ""
}

// firm are codes that mean one thing wherever they are said; the words decide
// before any other.
var firm = map[string]bool{"1.1": true, "1.2": true, "1.6": true, "2.2": true, "3.4": true, "2.3": true, "4.6": true, "1.10": true}

// reasonOf weighs code and words. A full mailbox and a moved one are believed by
// the code; a 5.1.1 said of a full mailbox or of the sender is not.
func reasonOf(status string, code int, text string) Reason {
	byCode, byWord := statusReason(status), wordReason(text)
	switch {
	case byWord == "" && byCode == "":
		return codeReason(code)
	case byWord == "":
		return byCode
	case byCode == "":
		return ofSender(byWord, text)
	case byCode == SenderRefused && (byWord == HostUnknown || byWord == UserUnknown):
		return SenderRefused
	case len(status) > 2 && firm[status[2:]]:
		switch byWord {
		case NotAccepting, MailboxFull, Suspended, Spam, Blocked, Virus, Looping, Authentication:
			if byCode == UserUnknown || byCode == HostUnknown {
				return byWord
			}
		}
		return byCode
	case strings.HasPrefix(status[2:], "7.") && (byWord == UserUnknown || byWord == HostUnknown || byWord == Moved):
		if strongUnknown(text) {
			return byWord
		}
		return byCode
	case byWord == Policy || byWord == Content || byWord == Protocol || byWord == System:
		return byCode
	}
	return ofSender(byWord, text)
}

// ofSender knows what is said of the sender: an unknown user or host in answer
// to MAIL FROM is not the recipient's.
func ofSender(reason Reason, text string) Reason {
	if reason != UserUnknown && reason != HostUnknown && reason != Moved {
		return reason
	}
	if containsAny(fold(clip(text, 4000)), []string{"after mail from", "in reply to mail from", "after pipelined mail from", "after sender"}) {
		return SenderRefused
	}
	return reason
}

// strongUnknown says whether a policy refusal names the recipient as unknown in
// so many words; "address rejected" alone does not.
func strongUnknown(text string) bool {
	return containsAny(fold(clip(text, 4000)), []string{"user unknown", "unknown user", "no such user", "recipient not found", "user not found", "mailbox not found", "does not exist", "recipient unknown", "unknown recipient", "no such recipient"})
}

// codeReason is the little that a bare reply code says (RFC 5321 4.2.3).
func codeReason(code int) Reason {
	switch code {
	case 421, 450, 451:
		return System
	case 452, 552:
		return MailboxFull
	case 551:
		return Moved
	case 553:
		return UserUnknown
	case 500, 501, 502, 503, 504, 555:
		return Protocol
	case 530, 535:
		return Authentication
	}
	return Undefined
}
