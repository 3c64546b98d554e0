package inspect

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// crlf writes a message as it comes from the wire.
func crlf(text string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\n", "\r\n"))
}

func mustRead(t *testing.T, text string) Found {
	t.Helper()
	found, err := Read(crlf(text))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// returned is the message that a report returns.
const returned = `Received: from out.clinic.example by mx.example.net; Sun, 1 Nov 2026 09:00:00 +0000
Message-ID: <4kzq8w3v7n2m9p5r6t1x0y8b4c@clinic.example>
From: Elm Road Practice <desk@clinic.example>
To: lost@example.net
Subject: Your appointment
Feedback-ID: t1:d9:cordon

Dear patient
`

func standard(human, status string) string {
	return `
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: b-4kzq8w3v7n2m9p5r6t1x0y8b4c@bounce.clinic.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=cut

--cut
Content-Type: text/plain

` + human + `
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

` + status + `
--cut
Content-Type: text/rfc822-headers

` + returned + `
--cut--
`
}

func TestStandardBounces(t *testing.T) {
	const to = "Final-Recipient: rfc822; lost@example.net\n"
	for name, c := range map[string]struct {
		status string
		kind   Kind
		class  Class
		code   string
		reason Reason
	}{
		"no such mailbox":                    {to + "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown", Bounce, Hard, "5.1.1", UserUnknown},
		"full mailbox is soft though 5.x":    {to + "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full", Bounce, Soft, "5.2.2", MailboxFull},
		"full mailbox said with 5.1.1":       {to + "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 mailbox is full", Bounce, Soft, "5.1.1", MailboxFull},
		"policy is soft":                     {to + "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 Access denied", Bounce, Soft, "5.7.1", Policy},
		"blocked by a list":                  {to + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 blocked using zen.spamhaus.org", Bounce, Soft, "5.0.0", Blocked},
		"delayed is never hard":              {to + "Action: delayed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 unverified address: unknown user", Bounce, Soft, "4.1.1", UserUnknown},
		"the remote's own code wins":         {to + "Action: failed\nStatus: 4.4.7\nDiagnostic-Code: SMTP; 452 4.3.1 Insufficient system storage", Bounce, Soft, "4.3.1", System},
		"no code at all":                     {to + "Action: failed\nDiagnostic-Code: smtp; 550 no such user here", Bounce, Hard, "5.1.1", UserUnknown},
		"null MX":                            {to + "Action: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp; 556 5.1.10 Domain does not accept mail (null MX)", Bounce, Hard, "5.1.10", NotAccepting},
		"has moved":                          {to + "Action: failed\nStatus: 5.1.6\nDiagnostic-Code: smtp; 551 5.1.6 user has moved", Bounce, Hard, "5.1.6", Moved},
		"said of the sender":                 {to + "Action: failed\nStatus: 5.1.8\nDiagnostic-Code: smtp; 550 5.1.8 domain of sender address does not exist", Bounce, Soft, "5.1.8", SenderRefused},
		"DMARC":                              {to + "Action: failed\nStatus: 5.7.26\nDiagnostic-Code: smtp; 550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", Bounce, Soft, "5.7.26", Authentication},
		"too large":                          {to + "Action: failed\nStatus: 5.3.4\nDiagnostic-Code: smtp; 552 5.3.4 Message size exceeds fixed limit", Bounce, Soft, "5.3.4", TooLarge},
		"a virus":                            {to + "Action: failed\nStatus: 5.7.0\nDiagnostic-Code: smtp; 554 5.7.0 virus found", Bounce, Soft, "5.7.0", Virus},
		"failure, as some write it":          {to + "Action: failure\nStatus: 5.0.0", Bounce, Soft, "5.0.0", Undefined},
		"undeliverable, of a probe":          {to + "Action: undeliverable\nStatus: 5.1.1", Bounce, Hard, "5.1.1", UserUnknown},
		"delivered":                          {to + "Action: delivered\nStatus: 2.0.0\nDiagnostic-Code: smtp; 250 ok", DeliveryReceipt, None, "2.0.0", Delivered},
		"relayed":                            {to + "Action: relayed\nStatus: 2.1.5", DeliveryReceipt, None, "2.1.5", Relayed},
		"expanded":                           {to + "Action: expanded\nStatus: 2.1.5", DeliveryReceipt, None, "2.1.5", Expanded},
		"one delivered and one not":          {"Final-Recipient: rfc822; found@example.net\nAction: delivered\nStatus: 2.0.0\n\n" + to + "Action: failed\nStatus: 5.1.1", Bounce, Hard, "5.1.1", UserUnknown},
		"no empty line between":              {"Final-Recipient: rfc822; found@example.net\nAction: delivered\nStatus: 2.0.0\n" + to + "Action: failed\nStatus: 5.1.1", Bounce, Hard, "5.1.1", UserUnknown},
		"comment behind the status":          {to + "Action: failed\nStatus: 5.2.1 (mailbox disabled)", Bounce, Soft, "5.2.1", Suspended},
		"a success's code with a failure":    {to + "Action: failed\nStatus: 2.0.0\nDiagnostic-Code: smtp; 550 no such user", Bounce, Hard, "5.1.1", UserUnknown},
		"Exchange Online's unknown by 5.4.1": {to + "Action: failed\nStatus: 5.4.1\nDiagnostic-Code: smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Bounce, Hard, "5.4.1", UserUnknown},
	} {
		found := mustRead(t, standard("Your mail was not delivered.", c.status))
		if found.Kind != c.kind || found.Class != c.class || found.Status != c.code || found.Reason != c.reason {
			t.Errorf("%s: %s %s %s %s, want %s %s %s %s", name, found.Kind, found.Class, found.Status, found.Reason, c.kind, c.class, c.code, c.reason)
		}
		if len(found.Recipients) != 1 || found.Recipients[0] != "lost@example.net" {
			t.Errorf("%s: recipients %q", name, found.Recipients)
		}
		if len(found.Clues.Tokens) != 1 || found.Clues.Tokens[0] != "4kzq8w3v7n2m9p5r6t1x0y8b4c" || len(found.Clues.FeedbackIDs) != 1 || len(found.Clues.MessageIDs) != 1 {
			t.Errorf("%s: clues %+v", name, found.Clues)
		}
		if len(found.Enclosed) != 1 || found.Enclosed[0].How != AsHeaders {
			t.Errorf("%s: encloses %d", name, len(found.Enclosed))
		}
	}
}

// TestPlainBounces are the forms without a delivery status.
func TestPlainBounces(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		class  Class
		status string
		reason Reason
		to     cordon.Address
	}{
		"qmail": {`
From: MAILER-DAEMON@mx.example.net
Return-Path: <>
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<lost@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

` + returned, Hard, "5.1.1", UserUnknown, "lost@example.net"},
		"exim": {`
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
Auto-Submitted: auto-replied
X-Failed-Recipients: lost@example.net
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its recipients.

  lost@example.net
    SMTP error from remote mail server after RCPT TO:<lost@example.net>:
    host mx.example.org [192.0.2.1]: 452 4.2.2 Mailbox over quota

------ This is a copy of the message, including all the headers. ------

` + returned, Soft, "4.2.2", MailboxFull, "lost@example.net"},
		"old sendmail": {`
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>
Subject: Returned mail: User unknown

   ----- The following addresses had permanent fatal errors -----
<lost@example.net>

   ----- Transcript of session follows -----
... while talking to mx.example.net.:
>>> RCPT To:<lost@example.net>
<<< 550 5.1.1 <lost@example.net>... User unknown
550 <lost@example.net>... User unknown

   ----- Original message follows -----
` + returned, Hard, "5.1.1", UserUnknown, "lost@example.net"},
		"Exchange in German": {`
From: Microsoft Outlook <postmaster@example.net>
Subject: Unzustellbar: Ihr Termin

Fehler bei der Nachrichtenzustellung an folgende Empfänger:

lost@example.net

Diagnoseinformationen für Administratoren:

Generierender Server: ex.example.net

lost@example.net
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
`, Hard, "5.1.1", UserUnknown, "lost@example.net"},
		"a delay": {`
From: Mail Delivery Subsystem <mailer-daemon@example.net>
Subject: Delivery Status Notification (Delay)
Return-Path: <>

THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

Delivery to the following recipient has been delayed:

     lost@example.net

Message will be retried for 2 more day(s)
`, Soft, "4.4.7", Expired, "lost@example.net"},
		"Japanese": {`
From: Mail Delivery Subsystem <MAILER-DAEMON@example.jp>
Subject: =?UTF-8?B?6YWN5L+h44Ko44Op44O8?=
Content-Type: text/plain; charset=utf-8

以下のメールアドレスにメールを配信できませんでした。
<lost@example.net>
550 5.1.1 User unknown
`, Hard, "5.1.1", UserUnknown, "lost@example.net"},
		"reply from a list of a server's words": {`
From: postmaster@gateway.example.net
Subject: Undeliverable: Your appointment

Your message did not reach the following recipient: lost@example.net
Reason: host or domain name not found
`, Hard, "5.1.2", HostUnknown, "lost@example.net"},
	} {
		found := mustRead(t, c.text)
		if found.Kind != Bounce || found.Class != c.class || found.Status != c.status || found.Reason != c.reason {
			t.Errorf("%s: %s %s %s %s, want %s %s %s", name, found.Kind, found.Class, found.Status, found.Reason, c.class, c.status, c.reason)
		}
		if len(found.Recipients) != 1 || found.Recipients[0] != c.to {
			t.Errorf("%s: recipients %q", name, found.Recipients)
		}
		if strings.Contains(c.text, "Feedback-ID") && (len(found.Enclosed) != 1 || len(found.Clues.Tokens) != 1) {
			t.Errorf("%s: encloses %d, tokens %q", name, len(found.Enclosed), found.Clues.Tokens)
		}
	}
}

func TestSeveralRecipientsEachWithTheirReason(t *testing.T) {
	found := mustRead(t, `
From: MAILER-DAEMON@mx.example.net
Return-Path: <>
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.

<one@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

<two@example.net>:
user is over quota (#5.2.2)
`)
	if len(found.Returns) != 2 || found.Returns[0].Reason != UserUnknown || found.Returns[1].Reason != MailboxFull || found.Returns[1].Class != Soft {
		t.Errorf("%+v", found.Returns)
	}
	if found.Class != Hard || found.Status != "5.1.1" {
		t.Errorf("the gravest is not what the message is: %s %s", found.Class, found.Status)
	}
}

func TestInternationalRecipient(t *testing.T) {
	found := mustRead(t, standard("", "Final-Recipient: utf-8; j\\x{f6}rg@example.net\nAction: failed\nStatus: 5.1.1"))
	if len(found.Recipients) != 1 || found.Recipients[0] != "jörg@example.net" {
		t.Errorf("%q", found.Recipients)
	}
}

func TestProviderNotifications(t *testing.T) {
	for doc, want := range map[string]struct {
		kind   Kind
		class  Class
		reason Reason
	}{
		`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"lost@example.net","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"commonHeaders":{"messageId":"<4kzq8w3v7n2m9p5r6t1x0y8b4c@clinic.example>"}}}`: {Bounce, Hard, UserUnknown},
		`{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"lost@example.net"}],"complaintFeedbackType":"abuse"}}`:                                                                                                                                                                                          {Complaint, None, Abuse},
		`{"notificationType":"Delivery","delivery":{"recipients":["lost@example.net"],"smtpResponse":"250 2.6.0 ok"}}`:                                                                                                                                                                                                                  {DeliveryReceipt, None, Delivered},
		`{"Type":"Notification","Message":"{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"lost@example.net\",\"status\":\"5.2.2\"}]}}"}`:                                                                                                                                                       {Bounce, Soft, MailboxFull},
	} {
		for _, text := range []string{doc, "From: no-reply@notify.example\nSubject: Notification\n\n" + doc + "\n\n--\nIf you wish to stop receiving these\n"} {
			found := mustRead(t, text)
			if found.Kind != want.kind || found.Class != want.class || found.Reason != want.reason || len(found.Recipients) != 1 {
				t.Errorf("%.60s: %s %s %s %q", text, found.Kind, found.Class, found.Reason, found.Recipients)
			}
		}
	}
}
