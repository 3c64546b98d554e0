package inspect

import (
	"regexp"
	"strconv"
	"strings"
)

// reply is what a server said: the code, the enhanced code (RFC 3463) and the words.
type reply struct {
	code   int
	status string
	text   string
}

var (
	// A reply code with an enhanced code behind it: "550 5.1.1", "550-5.1.1",
	// "550 #5.1.0", "550 [5.7.1]".
	replyWithStatus = regexp.MustCompile(`(?:^|[^0-9.])([245][0-5][0-9])[ \-]+[#(\[<]?([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|\.\s|\.?$)`)
	// A reply code at the head of what was said.
	replyAlone = regexp.MustCompile(`(?:^|said:? |<<< |response(?: from the remote server was| was)?:? *|error:? *|returned(?: was)?:? *'?|\): |[\]>:.,;'"(] *|\n\s*|smtp;? *)([45][0-5][0-9])(?:[ \-]|$)`)
	// An enhanced code anywhere: "(#5.4.4)", "#5.1.1", "status=5.1.1".
	statusAlone = regexp.MustCompile(`(?:^|[^0-9.])[#(\[]{0,2}([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|\.[^0-9]|\.?$)`)
)

// readReply finds reply and enhanced code in what a server is quoted with.
func readReply(text string) reply {
	r := reply{text: clip(transcript(clip(text, maxNotice)), 4000)}
	if m := replyWithStatus.FindStringSubmatch(r.text); m != nil {
		r.code, r.status = atoi(m[1]), cleanStatus(m[2])
		if r.code/100 == int(m[2][0]-'0') || r.code/100 > 3 {
			return r
		}
	}
	if m := replyAlone.FindStringSubmatch(r.text); m != nil {
		r.code = atoi(m[1])
	}
	if r.status == "" {
		if m := statusAlone.FindStringSubmatch(r.text); m != nil && !strings.Contains(m[1], "0.0.0") {
			r.status = cleanStatus(m[1])
		}
	}
	return r
}

// transcript takes the last refusal out of a session that is quoted line by line
// ("<<< 550 …", " Out: 451 …"); any other text is answered as it is.
func transcript(text string) string {
	if !strings.Contains(text, "<<< ") && !strings.Contains(text, "Out: ") {
		return text
	}
	last := text
	for _, row := range lines(text) {
		row = strings.TrimSpace(row)
		said, ok := strings.CutPrefix(row, "<<< ")
		if !ok {
			said, ok = strings.CutPrefix(row, "Out: ")
		}
		if ok && len(said) > 3 && (said[0] == '4' || said[0] == '5') && strings.Trim(said[:3], "0123456789") == "" {
			last = said
		}
	}
	return last
}

// cleanStatus takes an enhanced code out of a Status field or a text: "5.1.1
// (bad mailbox)" is 5.1.1. What is none is "".
func cleanStatus(v string) string {
	v = strings.Trim(firstWord(v), "()[]#<>.")
	parts := strings.Split(v, ".")
	if len(parts) != 3 || len(v) > 9 || parts[0] != "2" && parts[0] != "4" && parts[0] != "5" {
		return ""
	}
	for _, p := range parts[1:] {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || len(p) > 3 {
			return ""
		}
	}
	return v
}

// vague says whether an enhanced code says no more than its first digit.
func vague(status string) bool {
	return status == "" || strings.HasSuffix(status, ".0.0")
}

// statusReasons is RFC 3463, 3886, 4468, 4954, 7372, 7505 and the codes of the
// large receivers (Exchange Online 5.7.5xx to 5.7.7xx), without the first digit.
var statusReasons = map[string]Reason{
	"1.1": UserUnknown, "1.2": HostUnknown, "1.3": UserUnknown, "1.4": UserUnknown, "1.5": UserUnknown, "1.6": Moved,
	"1.7": SenderRefused, "1.8": SenderRefused, "1.9": Undefined, "1.10": UserUnknown, "1.20": UserUnknown,
	"2.1": Suspended, "2.2": MailboxFull, "2.3": TooLarge, "2.4": System,
	"3.0": System, "3.1": System, "3.2": System, "3.3": System, "3.4": TooLarge, "3.5": System, "3.6": System,
	"4.0": Network, "4.1": Network, "4.2": Network, "4.3": Network, "4.4": HostUnknown, "4.5": System, "4.6": Looping, "4.7": Expired, "4.14": Looping,
	"4.310": HostUnknown, "4.312": HostUnknown, "4.316": Network, "4.317": Security,
	"5.0": Protocol, "5.1": Protocol, "5.2": Protocol, "5.3": RateLimited, "5.4": Protocol, "5.5": Protocol, "5.6": Security,
	"6.0": Content, "6.1": Content, "6.2": Content, "6.3": Content, "6.4": Content, "6.5": Content, "6.6": Content, "6.7": Content, "6.8": Content, "6.9": Content,
	"7.0": Policy, "7.1": Policy, "7.2": Policy, "7.3": Policy, "7.4": Security, "7.5": Security, "7.6": Security, "7.7": Content,
	"7.8": Authentication, "7.9": Authentication, "7.10": Security, "7.11": Security, "7.12": Policy, "7.13": Suspended, "7.14": Policy, "7.17": Moved,
	"7.20": Authentication, "7.21": Authentication, "7.22": Authentication, "7.23": Authentication, "7.24": Authentication,
	"7.25": Authentication, "7.26": Authentication, "7.27": SenderRefused, "7.28": RateLimited, "7.29": Authentication, "7.30": Security,
	"7.57": Authentication, "7.60": Authentication, "7.64": Policy, "7.509": Authentication, "7.501": Spam, "7.502": Spam, "7.503": Spam,
	"7.506": Blocked, "7.508": RateLimited, "7.511": Blocked, "7.512": Content, "7.515": Authentication, "7.705": RateLimited, "7.708": Blocked, "7.750": Blocked,
}

// statusReason says why by the enhanced code alone; "" when it does not say.
func statusReason(status string) Reason {
	if len(status) < 5 {
		return ""
	}
	if r, ok := statusReasons[status[2:]]; ok {
		return r
	}
	if detail, ok := strings.CutPrefix(status[2:], "7."); ok {
		if n := atoi(detail); n >= 606 && n <= 649 {
			return Blocked
		}
		return Policy
	}
	if strings.HasPrefix(status[2:], "6.") {
		return Content
	}
	return ""
}

// plainStatus is the code that is nearest to a reason, for a message that gives
// none; first is its first digit.
func plainStatus(first byte, reason Reason) string {
	for _, c := range []struct {
		reason Reason
		rest   string
	}{
		{UserUnknown, "1.1"}, {HostUnknown, "1.2"}, {Moved, "1.6"}, {NotAccepting, "1.10"}, {SenderRefused, "1.8"}, {Suspended, "2.1"},
		{MailboxFull, "2.2"}, {TooLarge, "3.4"}, {System, "3.0"}, {Network, "4.1"}, {Looping, "4.6"}, {Expired, "4.7"}, {Protocol, "5.0"},
		{Content, "6.0"}, {Spam, "7.1"}, {Virus, "7.1"}, {Policy, "7.1"}, {Blocked, "7.1"}, {RateLimited, "7.0"}, {RelayDenied, "7.1"},
		{Authentication, "7.0"}, {Security, "7.0"},
	} {
		if c.reason == reason {
			return string(first) + "." + c.rest
		}
	}
	return string(first) + ".0.0"
}
