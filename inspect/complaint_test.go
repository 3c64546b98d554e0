package inspect

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func arf(reportType, mediaType, fields string) string {
	return `
From: feedback@fbl.example
To: fbl@clinic.example
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=` + reportType + `; boundary=cut

--cut
Content-Type: text/plain

This is an email abuse report.
--cut
Content-Type: ` + mediaType + `

` + fields + `
--cut
Content-Type: message/rfc822

` + returned + `
--cut--
`
}

// TestFeedbackReports: nothing in a report is required, and a wrong name or
// version does not hide one.
func TestFeedbackReports(t *testing.T) {
	const right = "feedback-report"
	for name, c := range map[string]struct {
		report, media, fields string
		kind                  string
		reason                Reason
	}{
		"as the standard has it":            {right, "message/feedback-report", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1", "abuse", Abuse},
		"version 0.1":                       {right, "message/feedback-report", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 0.1", "abuse", Abuse},
		"no type":                           {right, "message/feedback-report", "User-Agent: x/1\nVersion: 1", "abuse", Abuse},
		"no fields at all":                  {right, "message/feedback-report", "", "abuse", Abuse},
		"an unregistered type":              {right, "message/feedback-report", "Feedback-Type: miscategorized\nVersion: 1", "other", OtherType},
		"fraud, in capitals":                {right, "message/feedback-report", "Feedback-Type: FRAUD\nVersion: 1", "fraud", Fraud},
		"virus":                             {right, "message/feedback-report", "Feedback-Type: virus\nVersion: 1", "virus", Virus},
		"not spam":                          {right, "message/feedback-report", "Feedback-Type: not-spam\nVersion: 1", "not-spam", NotSpam},
		"opt-out":                           {right, "message/feedback-report", "Feedback-Type: opt-out\nVersion: 1", "opt-out", OptOut},
		"authentication failure (RFC 6591)": {right, "message/feedback-report", "Feedback-Type: auth-failure\nAuth-Failure: dmarc\nVersion: 1", "auth-failure", AuthFailure},
		"the wrong report type":             {"delivery-status", "message/feedback-report", "Feedback-Type: abuse\nVersion: 1", "abuse", Abuse},
		"the report as plain text":          {"mixed", "text/plain", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1", "abuse", Abuse},
	} {
		found := mustRead(t, arf(c.report, c.media, c.fields))
		if found.Kind != Complaint || found.Class != None || found.Reason != c.reason || found.Feedback == nil || found.Feedback.Type != c.kind {
			t.Errorf("%s: %s %s %+v", name, found.Kind, found.Reason, found.Feedback)
			continue
		}
		if len(found.Enclosed) != 1 || found.Enclosed[0].How != AsMessage || len(found.Clues.Tokens) != 1 {
			t.Errorf("%s: encloses %d, tokens %q", name, len(found.Enclosed), found.Clues.Tokens)
		}
	}
}

func TestEveryFieldOfAFeedbackReportIsKept(t *testing.T) {
	found := mustRead(t, arf("feedback-report", "message/feedback-report", strings.TrimSpace(`
Feedback-Type: abuse
User-Agent: Loop/2
Version: 1
Original-Mail-From: <b-4kzq8w3v7n2m9p5r6t1x0y8b4c@bounce.clinic.example>
Original-Rcpt-To: <one@example.net>
Original-Rcpt-To: d41d8cd98f00b204e9800998ecf8427e@example.net
Arrival-Date: Sun, 1 Nov 2026 09:00:00 +0100
Source-IP: 192.0.2.7
Incidents: 3
Reported-Domain: clinic.example
Reported-URI: https://clinic.example/x
Authentication-Results: mx.example.net; dkim=pass
CFBL-Feedback-ID: t1:d9:cordon
X-Whatever: kept as it is`)))
	f := found.Feedback
	if f.UserAgent != "Loop/2" || f.Version != "1" || f.Incidents != 3 || f.SourceIP.String() != "192.0.2.7" || f.ArrivalDate.Unix() != 1793520000 {
		t.Errorf("%+v", *f)
	}
	if f.MailFrom != "b-4kzq8w3v7n2m9p5r6t1x0y8b4c@bounce.clinic.example" || len(f.RcptTo) != 2 || !f.Redacted {
		t.Errorf("mail from %s, to %d, redacted %v", string(f.MailFrom), len(f.RcptTo), f.Redacted)
	}
	if len(f.Domains) != 1 || len(f.URIs) != 1 || len(f.Results) != 1 || len(f.Fields) != 2 || f.Fields[1] != (Pair{"X-Whatever", "kept as it is"}) {
		t.Errorf("%+v", f.Fields)
	}
	if len(found.Clues.FeedbackIDs) != 1 || found.Clues.FeedbackIDs[0] != "t1:d9:cordon" {
		t.Errorf("%q", found.Clues.FeedbackIDs)
	}
}

// TestAFilterOnTheWayOutIsNoComplaint: the report of a filter that caught a
// submission is a notice, for nobody who got the message said a word.
func TestAFilterOnTheWayOutIsNoComplaint(t *testing.T) {
	found := mustRead(t, arf("feedback-report", "message/feedback-report", "Feedback-Type: abuse\nVersion: 1\nAuthentication-Results: out.example; auth=pass smtp.auth=user@example.org"))
	if found.Kind != AbuseNotice || found.Reason != Spam || found.Feedback == nil || len(found.Enclosed) != 1 {
		t.Errorf("%s %s", found.Kind, found.Reason)
	}
}

func TestOtherComplaints(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		reason Reason
		to     cordon.Address
	}{
		"a loop that sends the message alone": {`
From: staff@hotmail.example
Subject: complaint about message from 192.0.2.7
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=cut

--cut
Content-Type: message/rfc822

X-HmXmrOriginalRecipient: someone@example.net
` + returned + `
--cut--
`, Abuse, "someone@example.net"},
		"a mail program leaves the list": {`
From: someone@example.net
To: leave-7@clinic.example
Subject: unsubscribe
X-Apple-Unsubscribe: true

Apple Mail sent this email to unsubscribe from the message "Your appointment".
`, OptOut, "someone@example.net"},
		"two words": {`
From: someone@example.net
To: desk@clinic.example
Subject: Remove me

`, OptOut, "someone@example.net"},
		"a person forwards what they got": {`
From: someone@example.net
To: abuse@clinic.example
Subject: Fwd: Your appointment

I never signed up with you. This is spam.

---------- Forwarded message ---------
From: Elm Road Practice <desk@clinic.example>
Date: Sun, 1 Nov 2026 at 09:00
Subject: Your appointment
To: <someone@example.net>

Dear patient
`, Abuse, "someone@example.net"},
		"a person asks whether it is genuine": {`
From: someone@example.net
To: abuse@clinic.example
Subject: Fwd: Your appointment

Is this mail from you? It looks like a scam.

Begin forwarded message:

> From: Elm Road Practice <desk@clinic.example>
> Date: 1 November 2026 at 09:00:00 GMT
> To: someone@example.net
> Subject: Your appointment
>
> Dear patient
> 4kzq8-w3v7n-2m9p5-r6t1x-0y8b4c
`, Fraud, "someone@example.net"},
	} {
		found := mustRead(t, c.text)
		if found.Kind != Complaint || found.Reason != c.reason || len(found.Recipients) != 1 || found.Recipients[0] != c.to {
			t.Errorf("%s: %s %s %q", name, found.Kind, found.Reason, found.Recipients)
		}
	}
}

func TestAutomaticRepliesAndReceipts(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		kind   Kind
		reason Reason
	}{
		"RFC 3834":                    {"From: a@example.net\nAuto-Submitted: auto-replied\nSubject: Re: Your appointment\n\nThank you for your message.\n", AutoReply, Acknowledged},
		"on holiday, declared":        {"From: a@example.net\nAuto-Submitted: auto-replied (vacation)\nSubject: away\n\nI am on vacation until Monday.\n", AutoReply, Vacation},
		"Outlook, English":            {"From: a@example.net\nX-Auto-Response-Suppress: All\nSubject: Automatic reply: Your appointment\n\nI am out of the office.\n", AutoReply, Vacation},
		"Outlook, German":             {"From: a@example.net\nSubject: Automatische Antwort: Ihr Termin\n\nIch bin bis Montag nicht im Büro.\n", AutoReply, Vacation},
		"Outlook, French":             {"From: a@example.net\nSubject: =?utf-8?q?R=C3=A9ponse_automatique_:_Votre_rendez-vous?=\n\nJe suis absent.\n", AutoReply, Vacation},
		"old Exchange":                {"From: a@example.net\nSubject: Out of Office: Your appointment\nIn-Reply-To: <x@clinic.example>\n\nI will be back in the office on Monday.\n", AutoReply, Vacation},
		"a ticket":                    {"From: help@example.net\nX-Autoreply: yes\nSubject: [#77] Your appointment\n\nA ticket has been created.\n", AutoReply, Acknowledged},
		"Precedence":                  {"From: a@example.net\nPrecedence: auto_reply\nSubject: gone\n\nGone fishing.\n", AutoReply, Acknowledged},
		"a person tells of a holiday": {"From: a@example.net\nSubject: Vacation\n\nI will be on vacation next week, Ann covers for me.\n", Other, ""},
		"a person answers":            {"From: a@example.net\nSubject: Re: Your appointment\nIn-Reply-To: <x@clinic.example>\n\nYes, I will come.\n", Other, ""},
		"shown (RFC 8098)":            {"From: a@example.net\nSubject: Read: x\nContent-Type: multipart/report; report-type=disposition-notification; boundary=c\n\n--c\n\nYour message was displayed.\n--c\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@example.net\nOriginal-Message-ID: <4kzq8w3v7n2m9p5r6t1x0y8b4c@clinic.example>\nDisposition: manual-action/MDN-sent-manually; displayed\n--c--\n", DeliveryReceipt, Displayed},
		"deleted unread":              {"From: a@example.net\nSubject: Not read: x\nContent-Type: multipart/report; report-type=disposition-notification; boundary=c\n\n--c\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@example.net\nDisposition: automatic-action/MDN-sent-automatically; deleted\n--c--\n", DeliveryReceipt, Deleted},
		"a receipt in plain text":     {"From: a@example.net\nSubject: Read: Your appointment\n\nYour message was read on Sunday.\n", DeliveryReceipt, Displayed},
	} {
		found := mustRead(t, c.text)
		if found.Kind != c.kind || found.Reason != c.reason || found.Class != None {
			t.Errorf("%s: %s %s", name, found.Kind, found.Reason)
		}
		if strings.HasPrefix(name, "shown") && (len(found.Clues.Tokens) != 1 || len(found.Recipients) != 1) {
			t.Errorf("%s: %+v", name, found.Clues)
		}
	}
}

// TestOrdinaryMailIsOther: words alone make nothing of it.
func TestOrdinaryMailIsOther(t *testing.T) {
	for name, text := range map[string]string{
		"a letter":                     returned,
		"a person speaks of bounces":   "From: ann@example.net\nSubject: bounced mails\n\nMy mail to Bob could not be delivered, user unknown. Do you have his new address?\n",
		"a reply with a bounce in it":  "From: ann@example.net\nSubject: Re: Undeliverable: minutes\nIn-Reply-To: <x@example.net>\n\nIt bounced again:\n> 550 5.1.1 User unknown\n> <bob@example.org>\n",
		"a lure about an account":      "From: Support <support@example.net>\nSubject: Your account was compromised\n\nDear customer, a login from IP address 192.0.2.9 was seen. Click here to verify your account.\n",
		"a lure about mails held back": "From: Mail Team <info@example.net>\nSubject: You have 5 undelivered messages\n\nClick here to release them. Your mailbox is full.\n",
		"a newsletter":                 "From: News <news@example.net>\nPrecedence: bulk\nList-Id: <n.example.net>\nSubject: How we fight phishing and malware attacks\n\nOur network team took action.\nUnsubscribe: https://example.net/u\n",
		"a forwarded invitation":       "From: ann@example.net\nSubject: FW: Party\n\nShall we go?\n\n-----Original Message-----\nFrom: Bob <bob@example.org>\nSent: Sunday\nTo: Ann\nSubject: Party\n\nCome!\n",
		"only a header":                "Subject: x\n",
		"no message":                   "just some words",
		"JSON of another kind":         `{"type":"invoice","total":12,"date":"2026-11-01"}`,
	} {
		if found := mustRead(t, text); found.Kind != Other || found.Class != None || found.Reason != "" {
			t.Errorf("%s: %s %s %s", name, found.Kind, found.Class, found.Reason)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	for _, raw := range []string{"", " \r\n\t\n"} {
		if _, err := Read([]byte(raw)); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
