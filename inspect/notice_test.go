package inspect

import (
	"strings"
	"testing"
)

func TestAbuseNotices(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		reason Reason
		source string
	}{
		"X-ARF 0.1": {`
From: Takedown Service <takedown@reporter.example>
To: abuse@clinic.example
Subject: Issue 17: phishing
X-XARF: PLAIN
Content-Type: multipart/mixed; boundary=cut

--cut

We have found a page on your network.
--cut
Content-Type: text/plain; name=report.txt

---
Reported-From: takedown@reporter.example
Category: fraud
Report-Type: phishing
Report-ID: 17@reporter.example
Date: 2026-11-01T09:00:00+00:00
Source: 203.0.113.9
Source-Type: ipv4
Attachment: none
--cut--
`, Phishing, ""},
		"in prose": {`
From: Abuse Team <abuse@isp.example>
To: abuse@clinic.example
Subject: Spam from 203.0.113.9

Dear abuse team,

we received unsolicited mail from an IP address under your control: 203.0.113.9.
Please investigate and take appropriate action. All times are UTC.

2026-11-01 09:00:01 connect from 203.0.113.9
2026-11-01 09:00:02 reject: spam message
`, Spam, "203.0.113.9"},
		"fail2ban": {`
From: Fail2Ban <fail2ban@host.example>
To: abuse@clinic.example
Subject: Abuse from 203.0.113.9

Dear Sir/Madam,
We have detected abuse from the IP address 203.0.113.9, which according to whois is on your network.
Lines containing failures of 203.0.113.9 (log file, timezone is UTC):
Nov  1 09:00:01 host sshd[1]: Failed password for root from 203.0.113.9
Nov  1 09:00:04 host sshd[1]: Failed password for root from 203.0.113.9
`, Attack, "203.0.113.9"},
		"a service that passes on what people report": {`
From: 12345@reports.spamcop.example
To: abuse@clinic.example
Subject: [SpamCop (203.0.113.9) id:12345]Your appointment
X-SpamCop-sourceip: 203.0.113.9

[ SpamCop V5 ]
This message is brief for your comfort.

Email from 203.0.113.9 / Sun, 1 Nov 2026 09:00:00 +0000

[ Offending message ]
` + returned, Spam, "203.0.113.9"},
		"a rights owner": {`
From: Copyright Agent <notices@rights.example>
To: abuse@clinic.example
Subject: Notice of Claimed Infringement - Case 99

We have a good faith belief that your customer at IP address 203.0.113.9 offers material that infringes our
exclusive rights. Under penalty of perjury we ask you to disable access to it.
`, Copyright, "203.0.113.9"},
		"a national team, in German": {`
From: CERT-Bund <reports@cert-bund.example>
To: abuse@clinic.example
Subject: [CB-Report#2026] Schadsoftware-Infektionen in AS64500
Content-Type: text/plain; charset=utf-8

Sehr geehrte Damen und Herren,
in Ihrem Netz wurden Systeme gefunden, die mit malware infiziert sind (timestamps in UTC).
Ein System Ihrer Kunden: 203.0.113.9, source ip siehe unten.
`, Malware, "203.0.113.9"},
	} {
		found := mustRead(t, c.text)
		if found.Kind != AbuseNotice || found.Reason != c.reason || found.Notice == nil {
			t.Errorf("%s: %s %s", name, found.Kind, found.Reason)
			continue
		}
		if c.reason == Spam && strings.Contains(c.text, "Message-ID") && len(found.Clues.Tokens) != 1 {
			t.Errorf("%s: encloses %d, tokens %q", name, len(found.Enclosed), found.Clues.Tokens)
		}
		if c.source != "" && (len(found.Notice.Sources) == 0 || found.Notice.Sources[0] != c.source) {
			t.Errorf("%s: sources %q", name, found.Notice.Sources)
		}
	}
}
