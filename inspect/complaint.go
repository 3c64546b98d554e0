package inspect

import (
	"strings"

	"github.com/cordonmail/cordon/message"
)

// feedback reads a feedback report (ARF): one that says so in its types, and one
// whose parts are named wrongly but hold the fields.
func feedback(m *letter, f *Found) bool {
	for _, l := range m.leaves {
		named := l.mediaType == "message/feedback-report" || l.mediaType == "message/feedback" || l.mediaType == "message/x-feedback-report"
		if !named && !looksLikeFeedback(l) {
			continue
		}
		f.Feedback = readFeedback(l.body)
		break
	}
	if f.Feedback == nil {
		if m.report != "feedback-report" && m.report != "feedback" && m.report != "abuse-report" {
			return false
		}
		f.Feedback = &Feedback{Type: "abuse", Incidents: 1, Redacted: true} // it says what it is, and nothing else
	}
	f.complain(m)
	return true
}

// looksLikeFeedback says whether a text part holds the fields of a report.
func looksLikeFeedback(l leaf) bool {
	if !strings.HasPrefix(l.mediaType, "text/") && l.mediaType != "application/octet-stream" {
		return false
	}
	head := []byte(strings.ToLower(string(l.body[:min(len(l.body), 8<<10)])))
	return lineWith(head, "feedback-type:") && (lineWith(head, "user-agent:") || lineWith(head, "version:") || lineWith(head, "source-ip:"))
}

// complain makes the answer of a feedback report. One that a filter on the way
// out wrote about a submission ("which is from one of your users") is no
// complaint: nobody who got the message said a word, so it is a notice.
func (f *Found) complain(m *letter) {
	f.Kind, f.Reason = Complaint, reasonOfFeedback(f.Feedback.Type)
	f.encloseParts(m)
	if len(f.Enclosed) == 0 {
		if _, returned := copied(m.text()); returned != "" {
			f.enclose(AsHeaders, []byte(returned))
		}
	}
	f.Recipients = append(f.Recipients, f.Feedback.RcptTo...)
	text := fold(clip(m.text(), 4000))
	f.Clues.namedIDs(text)
	if f.Feedback.Type == "abuse" && submitted(f.Feedback, text) {
		f.Kind, f.Reason = AbuseNotice, Spam
		f.Notice = &Allegation{}
		if f.Feedback.SourceIP.IsValid() {
			f.Notice.Sources = []string{f.Feedback.SourceIP.String()}
		}
	}
}

// submitted says whether a report is of a message that a user of the addressee
// submitted, caught by a filter and not by whoever got it.
func submitted(fb *Feedback, text string) bool {
	for _, r := range fb.Results {
		if strings.Contains(r, "smtp.auth=") {
			return true
		}
	}
	return containsAny(text, []string{"which is from one of your users", "was sent by one of your users", "sent through your account"})
}

func reasonOfFeedback(kind string) Reason {
	switch kind {
	case "abuse", "fraud", "virus", "not-spam", "auth-failure", "opt-out":
		return Reason(kind)
	case "opt-out-list":
		return OptOut
	case "xarf":
		return Abuse
	}
	return OtherType
}

// loop knows the feedback loops that send the message and no report: Hotmail's
// (JMRP), old Yahoo's, and those that are announced by their subject.
func loop(m *letter, f *Found) bool {
	subject := fold(m.subject())
	enclosed, whole := m.first("message/rfc822")
	jmr := false
	if whole {
		inner, _ := message.Fields(enclosed.body)
		for _, name := range []string{"x-hmxmroriginalrecipient", "x-ms-exchange-crosstenant-jmr", "x-reporter-ip", "x-jmr-report"} {
			jmr = jmr || value(inner, name) != ""
		}
		if a, ok := findAddress(value(inner, "x-hmxmroriginalrecipient")); ok && jmr {
			f.Recipients = addAddress(f.Recipients, a)
		}
	}
	announced := whole && containsAny(subject, []string{"complaint about message from", "email feedback report for ip", "abuse report", "spam complaint", "feedback loop", "fbl report", "client tos notification", "spam report", "complaint from"}) ||
		m.has("x-complaint-feedback") || m.has("x-loop") && strings.EqualFold(m.get("x-loop"), "scomp")
	if !jmr && !announced {
		return false
	}
	if !jmr && notice(m, f) { // a desk that encloses what it writes about
		return true
	}
	f.Kind, f.Reason = Complaint, Abuse
	f.Feedback = &Feedback{Type: "abuse", Incidents: 1, RcptTo: f.Recipients, Redacted: len(f.Recipients) == 0}
	f.Clues.namedIDs(m.text())
	return true
}

// optOut knows the mail that a mail program sends to leave a list
// (List-Unsubscribe with mailto, RFC 2369 3.2), and a person's two words.
func optOut(m *letter, f *Found) bool {
	subject, text := strings.Trim(fold(m.subject()), ".!\"' "), fold(clip(m.text(), 2000))
	byProgram := strings.EqualFold(m.get("x-apple-unsubscribe"), "true") || m.has("list-unsubscribe-post") && subject == "unsubscribe" && len(text) < 200 ||
		containsAny(text, []string{"sent this email to unsubscribe from", "apple mail sent this email to unsubscribe", "this message was sent to unsubscribe", "this unsubscribe request was sent"})
	plain := map[string]bool{"unsubscribe": true, "unsubscribe me": true, "please unsubscribe": true, "please unsubscribe me": true, "remove": true, "remove me": true, "please remove me": true, "opt out": true, "opt-out": true, "optout": true, "stop": true, "unsubscribe request": true, "abmelden": true, "abmeldung": true, "austragen": true, "newsletter abmelden": true, "désinscription": true, "désabonnement": true, "désinscrire": true, "cancelar suscripción": true, "darse de baja": true, "baja": true, "disiscrizione": true, "cancellami": true, "cancelar inscrição": true, "descadastrar": true, "uitschrijven": true, "afmelden": true, "wypisz": true, "avregistrera": true, "отписаться": true, "отписка": true, "配信停止": true, "退订": true}
	to := strings.ToLower(m.get("to"))
	toOut := containsAny(to, []string{"unsubscribe", "unsub-", "unsub+", "opt-out", "optout", "leave-", "remove@", "list-unsub"})
	bare := plain[strings.TrimPrefix(subject, "re: ")] && (text == "" || len(text) < 120) || plain[strings.Trim(text, ".!\"' ")] && len(m.leaves) <= 2
	if !byProgram && !bare && !(toOut && len(text) < 400 && strings.Contains(subject, "unsub")) {
		return false
	}
	f.Kind, f.Reason = Complaint, OptOut
	f.Feedback = &Feedback{Type: "opt-out", Incidents: 1}
	if f.From != "" && !otherAddress(f.From) {
		f.Recipients = addAddress(f.Recipients, f.From)
		f.Feedback.RcptTo = f.Recipients
	}
	return true
}

// plaintWords are how a person says that a message was wrong. Each is addressed
// to whoever sent it or looks after its sender.
var plaintWords = []string{
	"i am reporting spam", "i'm reporting spam", "reporting this as spam", "i want to report spam", "i would like to report spam", "please stop sending me", "stop sending me", "stop spamming", "stop emailing me", "stop mailing me", "do not email me again", "don't email me again", "remove me from your", "take me off your", "please unsubscribe me", "i did not subscribe", "i never subscribed", "i didn't subscribe", "i did not sign up", "i never signed up", "i didn't sign up", "i have never subscribed", "without my consent", "i received this spam", "i received the spam", "i got this spam", "i have received this spam", "spam received from your", "spam from your", "spam sent from your", "spam mail from your", "this spam came from your", "your server is sending spam", "your customer is spamming", "your user is spamming", "this is spam", "this was spam", "i consider this spam", "unsolicited email from your", "unsolicited bulk email from", "unsolicited commercial email from", "complaint about spam", "spam complaint", "report of spam", "is this really from you", "is this mail from you", "is this email from you", "did you send this", "did you really send", "is this genuine", "is this legitimate", "is this a scam", "this looks like phishing", "this looks like a scam", "this is a phishing", "phishing attempt", "forwarding a suspicious", "forwarding this suspicious", "suspicious email i received", "this is not my appointment", "i am not this patient", "this was not meant for me", "you sent me somebody else", "you sent me someone else", "wrong person",
	"ich möchte spam melden", "das ist spam", "spam-beschwerde", "beschwerde über spam", "hören sie auf, mir", "ich habe mich nie angemeldet", "ist diese mail echt", "ist das wirklich von ihnen", "ceci est un spam", "je n'ai jamais demandé", "arrêtez de m'envoyer", "retirez-moi", "esto es spam", "dejen de enviarme", "nunca me suscribí", "questo è spam", "smettete di inviarmi", "isto é spam", "parem de me enviar", "dit is spam", "это спам",
}

// plaint knows a person's complaint: words that say so, about a message that is
// forwarded or quoted, or sent to an address for complaints.
func plaint(m *letter, f *Found) bool {
	subject := fold(m.subject())
	words := fold(clip(ownWords(m.text()), 4000))
	said := containsAny(words, plaintWords) || containsAny(subject, plaintWords)
	desk := deskAddress(m)
	bySubject := hasPrefixAny(subject, []string{"abuse:", "spam:", "[spam]", "spam from", "spam report", "report spam", "abuse report", "complaint", "uce:", "ube:", "[uce]", "phishing:", "beschwerde", "plainte", "queja", "reclamo", "klacht"})
	about := len(f.Enclosed) > 0
	if !(said && (about || desk)) && !(bySubject && about && desk) {
		return false
	}
	f.Kind, f.Reason = Complaint, Abuse
	switch {
	case containsAny(words, []string{"unsubscribe", "take me off", "remove me", "stop sending", "stop emailing", "abmelden", "désinscr"}):
		f.Reason = OptOut
	case containsAny(words+" "+subject, []string{"phish", "scam", "fraud", "betrug", "arnaque", "estafa"}):
		f.Reason = Fraud
	}
	if f.From != "" {
		f.Recipients = addAddress(f.Recipients, f.From)
	}
	return true
}

// deskAddress says whether the message went to an address for complaints.
func deskAddress(m *letter) bool {
	for _, name := range []string{"to", "cc", "delivered-to", "x-original-to", "envelope-to"} {
		for _, a := range allAddresses(message.DecodeWords(m.get(name)), 10) {
			local, _, _ := strings.Cut(strings.ToLower(string(a)), "@")
			if hasPrefixAny(local, []string{"abuse", "complaint", "spam", "phishing", "report", "fbl", "postmaster", "security", "cert"}) {
				return true
			}
		}
	}
	return false
}
