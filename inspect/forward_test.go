package inspect

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon/message"
)

// TestForwardedInText: whatever mail program and language, the message inside is
// found, with who wrote it and its code.
func TestForwardedInText(t *testing.T) {
	const body = "\n\nDear patient, please come.\n4kzq8-w3v7n-2m9p5-r6t1x-0y8b4c\n"
	quoted := func(text string) string { return "> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n" }
	for name, text := range map[string]string{
		"Gmail":                 "---------- Forwarded message ---------\nFrom: Elm Road <desk@clinic.example>\nDate: Sun, 1 Nov 2026 at 09:00\nSubject: Your appointment\nTo: <a@example.net>" + body,
		"Outlook":               "-----Original Message-----\nFrom: Elm Road <desk@clinic.example>\nSent: Sunday, November 1, 2026 9:00 AM\nTo: a@example.net\nSubject: Your appointment" + body,
		"Outlook without mark":  "________________________________\nFrom: Elm Road <desk@clinic.example>\nSent: Sunday, November 1, 2026 9:00 AM\nTo: a@example.net\nSubject: Your appointment" + body,
		"Apple Mail":            "Begin forwarded message:\n\n" + quoted("From: Elm Road <desk@clinic.example>\nSubject: Your appointment\nDate: 1 November 2026\nTo: a@example.net"+body),
		"Thunderbird":           "-------- Forwarded Message --------\nSubject: \tYour appointment\nDate: \tSun, 1 Nov 2026 09:00:00 +0100\nFrom: \tElm Road <desk@clinic.example>\nTo: \ta@example.net" + body,
		"Outlook, German":       "-----Ursprüngliche Nachricht-----\nVon: Elm Road <desk@clinic.example>\nGesendet: Sonntag, 1. November 2026 09:00\nAn: a@example.net\nBetreff: Ihr Termin" + body,
		"Apple Mail, French":    "Début du message transféré :\n\n" + quoted("De: Elm Road <desk@clinic.example>\nObjet: Votre rendez-vous\nDate: 1 novembre 2026\nÀ: a@example.net"+body),
		"Gmail, Spanish":        "---------- Forwarded message ---------\nDe: Elm Road <desk@clinic.example>\nDate: dom, 1 nov 2026\nSubject: Su cita\nTo: <a@example.net>" + body,
		"Outlook in bold":       "*From:* Elm Road <desk@clinic.example>\n*Sent:* Sunday\n*To:* a@example.net\n*Subject:* Your appointment" + body,
		"Japanese":              "---------- 転送メッセージ ----------\n差出人: Elm Road <desk@clinic.example>\n日付: 2026年11月1日\n件名: 予約\n宛先: a@example.net" + body,
		"a language not listed": "---------- Forwarded message ---------\nZdroj: Elm Road <desk@clinic.example>\nDate: 1. 11. 2026\nSubject: x\nTo: <a@example.net>" + body,
		"in one line":           "   ----- Forwarded Message ----- From: Elm Road <desk@clinic.example>To: a@example.net <a@example.net>Sent: Sunday, 1 November 2026, 09:00:00 GMTSubject: Your appointment" + body,
		"a reply":               "I never asked for this.\n\nOn Sun, 1 Nov 2026 at 09:00, Elm Road <desk@clinic.example> wrote:\n\n" + quoted(body),
		"a reply, folded":       "Nein.\n\nAm So., 1. Nov. 2026 um 09:00 Uhr schrieb Elm Road\n<desk@clinic.example>:\n\n" + quoted(body),
	} {
		found := mustRead(t, "From: a@example.net\nTo: abuse@clinic.example\nSubject: Fwd: Your appointment\nContent-Type: text/plain; charset=utf-8\n\nSee below.\n\n"+text)
		if len(found.Enclosed) != 1 || found.Enclosed[0].How != AsQuote {
			t.Errorf("%s: encloses %d", name, len(found.Enclosed))
			continue
		}
		parsed, err := message.Parse(found.Enclosed[0].Raw)
		if err != nil || parsed.FromAddress != "desk@clinic.example" || len(parsed.Parts) != 1 || !strings.Contains(parsed.Parts[0].Text, "Dear patient") {
			t.Errorf("%s: %v, from %q: %q", name, err, parsed.FromAddress, found.Enclosed[0].Raw)
		}
		if len(found.Clues.Codes) != 1 || found.Clues.Codes[0] != "4kzq8w3v7n2m9p5r6t1x0y8b4c" {
			t.Errorf("%s: codes %q", name, found.Clues.Codes)
		}
	}
}

func TestForwardedAsAttachment(t *testing.T) {
	for name, head := range map[string]string{
		"as a message":      "Content-Type: message/rfc822",
		"as base64":         "Content-Type: message/rfc822\nContent-Transfer-Encoding: 7bit",
		"as a file":         "Content-Type: application/octet-stream; name=mail.eml\nContent-Disposition: attachment",
		"as text, attached": "Content-Type: text/plain\nContent-Disposition: attachment; filename=message.txt",
	} {
		found := mustRead(t, "From: a@example.net\nTo: abuse@clinic.example\nSubject: spam\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nLook.\n--c\n"+head+"\n\n"+returned+"\n--c--\n")
		if len(found.Enclosed) != 1 || found.Enclosed[0].How != AsMessage || len(found.Clues.Tokens) != 1 {
			t.Errorf("%s: encloses %d, tokens %q", name, len(found.Enclosed), found.Clues.Tokens)
		}
	}
}

// TestHeaderWordsAreUnambiguous: no word of the quoted headers means two fields.
func TestHeaderWordsAreUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for name, words := range headerNames {
		for word := range strings.SplitSeq(words, "|") {
			if other, twice := seen[word]; twice && other != name {
				t.Errorf("%q is %s and %s", word, other, name)
			}
			seen[word] = name
		}
	}
}

func TestCodesAsPeopleCopyThem(t *testing.T) {
	for _, text := range []string{
		"4kzq8-w3v7n-2m9p5-r6t1x-0y8b4c", "4KZQ8-W3V7N-2M9P5-R6T1X-0Y8B4C", "4kzq8 w3v7n 2m9p5 r6t1x 0y8b4c", "4kzq8w3v7n2m9p5r6t1x0y8b4c",
		"(4kzq8-w3v7n-2m9p5-r6t1x-0y8b4c)", "code:4kzq8-w3v7n-2m9p5-r6t1x-0y8b4c.", "4kzq8\u2011w3v7n\u20112m9p5\u2011r6t1x\u20110y8b4c", "4kzq8-w3v7n-2m9p5-r6tlx-oy8b4c",
	} {
		var c Clues
		c.text("Message code\n" + text + "\n")
		if len(c.Codes) != 1 || c.Codes[0] != "4kzq8w3v7n2m9p5r6t1x0y8b4c" {
			t.Errorf("%q: %q", text, c.Codes)
		}
	}
	for _, text := range []string{"no code here", "internationalisation of words", "12345-67890-12345-67890-12345", "a4kzq8w3v7n2m9p5r6t1x0y8b4cde"} {
		var c Clues
		if c.text(text); len(c.Codes) != 0 {
			t.Errorf("%q: %q", text, c.Codes)
		}
	}
}

func TestTokensInReturnPaths(t *testing.T) {
	for _, text := range []string{"<b-4kzq8w3v7n2m9p5r6t1x0y8b4c@bounce.clinic.example>", "<4kzq8w3v7n2m9p5r6t1x0y8b4c@clinic.example>", "B-4KZQ8W3V7N2M9P5R6T1X0Y8B4C@bounce.clinic.example", "prvs=1=b-4kzq8w3v7n2m9p5r6t1x0y8b4c=bounce@x.example b-4kzq8w3v7n2m9p5r6t1x0y8b4c@x"} {
		var c Clues
		if c.token(text); len(c.Tokens) != 1 || c.Tokens[0] != "4kzq8w3v7n2m9p5r6t1x0y8b4c" {
			t.Errorf("%q: %q", text, c.Tokens)
		}
	}
}
