package inspect

import "strings"

// Reason is why, in one word of a closed list.
type Reason string

// Reasons of a bounce.
const (
	UserUnknown    Reason = "user-unknown"
	HostUnknown    Reason = "host-unknown"
	Moved          Reason = "moved"
	NotAccepting   Reason = "not-accepting" // the domain or mailbox takes no mail at all (RFC 7505)
	MailboxFull    Reason = "mailbox-full"
	Suspended      Reason = "suspended" // disabled, expired, not used for long
	TooLarge       Reason = "too-large"
	Content        Reason = "content"
	Spam           Reason = "spam"
	Virus          Reason = "virus"
	Policy         Reason = "policy"
	Blocked        Reason = "blocked" // the sending address, its network or its repute
	RateLimited    Reason = "rate-limited"
	Authentication Reason = "authentication" // SPF, DKIM, DMARC, reverse DNS, or a login that is required
	RelayDenied    Reason = "relay-denied"
	SenderRefused  Reason = "sender-refused"
	Expired        Reason = "expired"
	Network        Reason = "network"
	System         Reason = "system"
	Protocol       Reason = "protocol"
	Security       Reason = "security" // TLS, certificates, encryption
	Looping        Reason = "looping"
	Undefined      Reason = "undefined"
)

// Reasons of the other kinds; a complaint has its feedback type, an XARF report
// its type, or "invalid".
const (
	Abuse       Reason = "abuse"
	Fraud       Reason = "fraud"
	NotSpam     Reason = "not-spam"
	OptOut      Reason = "opt-out"
	AuthFailure Reason = "auth-failure"
	OtherType   Reason = "other"

	Vacation     Reason = "vacation"
	Acknowledged Reason = "acknowledged" // "we have your message", a ticket, a challenge

	Delivered Reason = "delivered"
	Relayed   Reason = "relayed"
	Expanded  Reason = "expanded"
	Displayed Reason = "displayed"
	Deleted   Reason = "deleted"
	Processed Reason = "processed"

	Phishing    Reason = "phishing"
	Malware     Reason = "malware"
	Attack      Reason = "attack"
	Compromised Reason = "compromised"
	Copyright   Reason = "copyright"
	Vulnerable  Reason = "vulnerable"

	Invalid Reason = "invalid" // of an XARF document that breaks its rules
)

// hardReasons say that the address will never take a copy.
var hardReasons = map[Reason]bool{UserUnknown: true, HostUnknown: true, Moved: true, NotAccepting: true}

// classOf is the class of one failure.
func classOf(status string, reason Reason) Class {
	if hardReasons[reason] && !strings.HasPrefix(status, "4.") {
		return Hard
	}
	return Soft
}
