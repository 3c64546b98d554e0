package inspect

import (
	"strings"

	"github.com/cordonmail/cordon/message"
)

// receipt reads a message disposition notification (RFC 8098): somebody's mail
// program says what became of a copy after delivery.
func receipt(m *letter, f *Found) bool {
	l, ok := m.first("message/disposition-notification", "message/global-disposition-notification")
	if !ok {
		if m.report != "disposition-notification" {
			return plainReceipt(m, f)
		}
		f.Kind, f.Reason = DeliveryReceipt, Displayed
		return true
	}
	var fields []message.Field
	for _, g := range groups(l.body) {
		fields = append(fields, g...)
	}
	disposition := fold(value(fields, "disposition"))
	_, what, _ := strings.Cut(disposition, ";")
	f.Kind = DeliveryReceipt
	switch what = strings.TrimSpace(what); {
	case strings.HasPrefix(what, "displayed"):
		f.Reason = Displayed
	case strings.HasPrefix(what, "deleted"):
		f.Reason = Deleted
	case strings.HasPrefix(what, "dispatched"):
		f.Reason = Relayed
	default: // processed, denied, failed; "automatic-action" and the like
		f.Reason = Processed
	}
	if a, ok := findAddress(value(fields, "final-recipient")); ok {
		f.Recipients = addAddress(f.Recipients, a)
	} else if a, ok := findAddress(value(fields, "original-recipient")); ok {
		f.Recipients = addAddress(f.Recipients, a)
	}
	f.Clues.messageID(value(fields, "original-message-id"))
	return true
}

// plainReceipt knows the receipts that some programs write as plain text.
func plainReceipt(m *letter, f *Found) bool {
	subject, text := fold(m.subject()), fold(clip(m.text(), 4000))
	for _, s := range []struct {
		subjects, words []string
		reason          Reason
	}{
		{[]string{"read: ", "gelesen: ", "lu : ", "lu: ", "leído: ", "letto: ", "gelezen: ", "lido: ", "lida: ", "read receipt", "return receipt", "lesebestätigung", "confirmation de lecture", "confirmación de lectura", "conferma di lettura", "leesbevestiging", "開封済み", "开封", "已读"},
			[]string{"was read on", "wurde am", "wurde gelesen", "a été lu", "fue leído", "è stato letto", "is gelezen", "foi lida", "this is a return receipt", "this is a receipt for", "has been displayed", "has been read", "your message was displayed", "was displayed on", "angezeigt"}, Displayed},
		{[]string{"not read: ", "ungelesen: ", "non lu : ", "no leído: ", "non letto: "}, []string{"was deleted without being read", "gelöscht, ohne", "supprimé sans", "eliminado sin"}, Deleted},
		{[]string{"delivered: ", "relayed: ", "zugestellt: ", "remis : ", "entregado: ", "successful mail delivery report", "delivery receipt", "message delivered"}, deliveredWords, Delivered},
	} {
		if hasPrefixAny(subject, s.subjects) && containsAny(text, s.words) {
			f.Kind, f.Reason = DeliveryReceipt, s.reason
			if f.Reason != Delivered || f.From != "" && !otherAddress(f.From) {
				f.Recipients = addAddress(f.Recipients, f.From)
			}
			return true
		}
	}
	return false
}

// autoSubjects begin the subject of an automatic reply, folded.
var autoSubjects = []string{
	"auto:", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "autoresponder", "automatic reply", "automatic response", "automated reply", "automated response", "automatically generated reply", "[auto-reply", "[auto reply", "[autoreply", "(auto-reply", "[automatic", "out of office", "out-of-office", "out of the office", "ooo:", "[ooo", "vacation", "on vacation", "away from my", "away from the office", "i am away", "i'm away", "on leave", "on holiday", "holiday reply", "absence", "abwesend", "abwesenheit", "automatische antwort", "automatische abwesenheit", "auto-antwort", "automatisch antwoord", "automatische reactie", "afwezig", "réponse automatique", "reponse automatique", "réponse d'absence", "absence du bureau", "message d'absence", "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina", "ausencia", "risposta automatica", "fuori sede", "fuori ufficio", "assente", "resposta automática", "resposta automatica", "ausência", "fora do escritório", "autosvar", "automatisk svar", "autom. svar", "automatiskt svar", "fraværende", "frånvaro", "automaattinen vastaus", "poissa", "odpowiedź automatyczna", "automatyczna odpowiedź", "nieobecność", "automatická odpověď", "automatická odpoveď", "automatikus válasz", "házon kívül", "răspuns automat", "автоматический ответ", "автоответ", "автоматична відповідь", "αυτόματη απάντηση", "otomatik yanıt", "otomatik cevap", "自動応答", "自動返信", "不在通知", "不在のお知らせ", "自动回复", "自动答复", "自動回覆", "自動答覆", "자동 회신", "자동응답", "자동 답장", "부재중", "תשובה אוטומטית", "رد تلقائي", "automatski odgovor", "automatinis atsakymas", "automaatvastus", "trả lời tự động", "balasan otomatis",
}

// awayWords are what an automatic reply says of its owner.
var awayWords = []string{
	"out of office", "out of the office", "on vacation", "on holiday", "on annual leave", "on leave", "on maternity", "on parental", "away from my desk", "away from the office", "away from my email", "i am away", "i'm away", "will be away", "i am currently away", "currently out", "limited access to", "no access to my", "upon my return", "when i return", "when i get back", "will be back", "i will return", "i'll be back", "return to the office", "back in the office", "in my absence", "during my absence",
	"bin ich nicht", "nicht im büro", "nicht im hause", "nicht erreichbar", "abwesend", "im urlaub", "zurück am", "bin wieder", "absent", "je suis en congé", "en vacances", "de retour", "mon absence", "de vacaciones", "fuera de la oficina", "mi ausencia", "estaré de vuelta", "in ferie", "sono assente", "fuori ufficio", "al mio rientro", "estou de férias", "fora do escritório", "afwezig", "op vakantie", "ben ik niet", "в отпуске", "отсутств", "休暇", "不在", "出張", "休假", "出差", "不在办公室", "휴가", "부재",
}

// gotWords are what an automatic acknowledgement says.
var gotWords = []string{
	"this is an automatic", "this is an automated", "automatically generated re", "automatic response", "automatic reply", "automated response", "automated reply", "auto-reply", "autoreply", "thank you for your email", "thank you for your e-mail", "thank you for contacting", "thank you for your message", "thanks for your email", "we have received your", "we received your", "your message has been received", "your email has been received", "your request has been received", "has been received and", "a ticket has been", "ticket has been created", "ticket number", "please confirm that you", "confirm your message", "verify that you sent", "no longer monitored", "not monitored", "unattended mailbox", "no longer with", "no longer works", "has left the company", "left the company", "is no longer employed", "i no longer work", "email address has changed", "this mailbox is", "automatisch", "automatique", "automática", "automatica", "wir haben ihre", "vielen dank für ihre",
}

// auto knows automatic replies (RFC 3834): those that say so in their header,
// and those whose subject and text say so.
func auto(m *letter, f *Found) bool {
	subject, text := fold(m.subject()), fold(clip(m.text(), 8000))
	for prefix := true; prefix; { // "Re: Out of office"
		prefix = false
		for _, p := range []string{"re: ", "aw: ", "sv: ", "antw: ", "re:"} {
			if s, ok := strings.CutPrefix(subject, p); ok {
				subject, prefix = s, true
			}
		}
	}
	bySubject := hasPrefixAny(subject, autoSubjects)
	declared := declaredAuto(m)
	answers := m.has("in-reply-to") || m.has("references")
	suppress := m.has("x-auto-response-suppress") || m.has("x-ms-exchange-inbox-rules-loop") || strings.EqualFold(strings.Trim(m.get("return-path"), "<> "), "") && m.has("return-path")
	if !declared && !bySubject && !suppress && !strings.Contains(subject, "awaits") {
		return false
	}
	away, got := containsAny(text, awayWords), containsAny(text, gotWords)
	switch {
	case declared, bySubject && suppress:
	case bySubject && strictSubject(subject) && len(text) < 8000:
	case bySubject && (away || got) && (answers || namesAnswered(subject)): // a person's "Vacation" to the team is none
	case suppress && (away || got) && answers:
	case strings.Contains(subject, "awaits moderator approval"), strings.HasPrefix(subject, "your message to ") && strings.Contains(subject, "awaits"):
	default:
		return false
	}
	f.Kind, f.Reason = AutoReply, Acknowledged
	if away || containsAny(subject, []string{"out of", "vacation", "away", "absen", "abwesen", "afwezig", "urlaub", "holiday", "leave", "不在"}) {
		f.Reason = Vacation
	}
	f.Recipients = addAddress(f.Recipients, f.From)
	return true
}

// namesAnswered says whether a subject names the one it answers behind its own
// words: "Out of office: Your invoice".
func namesAnswered(subject string) bool {
	_, rest, ok := strings.Cut(subject, ":")
	return ok && len(strings.TrimSpace(rest)) > 2 || strings.Contains(subject, "(re:") || strings.Contains(subject, "reply") || strings.Contains(subject, "respon")
}

// strictSubject is a subject that only a program writes.
func strictSubject(subject string) bool {
	return hasPrefixAny(subject, []string{"automatic reply", "automatische antwort", "réponse automatique", "respuesta automática", "risposta automatica", "automatisch antwoord", "resposta automática", "autosvar", "automatisk svar", "automatiskt svar", "автоматический ответ", "自動応答", "自动答复", "自动回复", "automaattinen vastaus", "odpowiedź automatyczna", "automatická odpověď", "otomatik yanıt", "abwesenheitsnotiz", "out of office autoreply", "autoreply:", "auto-reply:", "autoreply", "out of office:", "automatic response", "자동 회신"})
}

// declaredAuto says whether the header declares an automatic reply.
func declaredAuto(m *letter) bool {
	submitted := strings.ToLower(m.get("auto-submitted"))
	if strings.HasPrefix(submitted, "auto-replied") { // RFC 3834 5
		return true
	}
	if strings.HasPrefix(submitted, "auto-generated") && (strings.Contains(submitted, "vacation") || strings.Contains(submitted, "reply")) {
		return true
	}
	for _, name := range []string{"x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponse", "x-auto-response", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply", "x-autoreply-to", "x-vacation", "x-facebook-auto-reply", "x-autorespond-to", "x-ezmlm-autoreply"} {
		if v := strings.ToLower(m.get(name)); m.has(name) && v != "no" && v != "false" {
			return true
		}
	}
	switch strings.ToLower(m.get("x-autogenerated")) {
	case "forward", "group", "letter", "mirror", "redirect", "reply":
		return true
	}
	for _, name := range []string{"precedence", "x-precedence", "preference"} {
		switch strings.ToLower(strings.TrimSpace(m.get(name))) {
		case "auto_reply", "auto-reply", "autoreply":
			return true
		}
	}
	return strings.Contains(strings.ToLower(m.get("x-post-messageclass")), "autoresponder") || strings.Contains(strings.ToLower(m.get("delivered-to")), "autoresponder")
}
