package inspect

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// forwardMarks are the lines with which mail programs begin a forwarded message,
// folded, without dashes: Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Lotus,
// The Bat, in the languages they are used in.
var forwardMarks = setOf(forwardLines)

var forwardLines = []string{
	"forwarded message", "forwarded mail", "forwarded by", "forwarded message follows", "original message", "original e-mail", "original email", "original appointment", "begin forwarded message", "start of forwarded message", "this is a forwarded message", "forwarded mail follows", "message forwarded",
	"weitergeleitete nachricht", "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "weitergeleitete mail", "weitergeleitet von",
	"message transféré", "message transmis", "message d'origine", "message original", "début du message réexpédié", "début du message transféré", "message réexpédié",
	"mensaje reenviado", "mensaje original", "inicio del mensaje reenviado", "mensagem encaminhada", "mensagem original", "início da mensagem encaminhada", "mensagem reencaminhada",
	"messaggio inoltrato", "messaggio originale", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
	"doorgestuurd bericht", "oorspronkelijk bericht", "begin doorgestuurd bericht", "begin van doorgestuurd bericht",
	"videresendt meddelelse", "oprindelig meddelelse", "vidarebefordrat meddelande", "ursprungligt meddelande", "vidarebefordrat brev", "ursprungligt brev", "videresendt melding", "opprinnelig melding", "start på videresendt e-post", "välitetty viesti alkaa", "edelleenlähetetty viesti", "započni proslijeđenu poruku", "începe mesajul redirecționat", "początek przekazywanej wiadomości", "treść przekazanej wiadomości", "zahájení přeposlané zprávy", "začátek přeposlané zprávy", "začiatok preposlanej správy", "továbbított levél kezdete", "vidarebefordrat mejl", "vidarebefordra", "början på vidarebefordrat brev", "videresendt besked", "starten på den videresendte besked", "başlangıç: iletilen mesaj", "iletilen ileti başlangıcı", "початок листа, що пересилається", "välitetty viesti", "alkuperäinen viesti",
	"przekazana wiadomość", "wiadomość oryginalna", "wiadomość przekazana dalej", "přeposlaná zpráva", "původní zpráva", "preposlaná správa", "pôvodná správa", "továbbított üzenet", "eredeti üzenet", "mesaj redirecționat", "mesajul original", "proslijeđena poruka", "posredovano sporočilo",
	"пересылаемое сообщение", "исходное сообщение", "перенаправленное сообщение", "начало переадресованного сообщения", "конец пересылаемого сообщения", "переслане повідомлення", "препратено съобщение",
	"iletilmiş mesaj", "yönlendirilen ileti", "özgün ileti", "orijinal mesaj", "προωθημένο μήνυμα", "αρχικό μήνυμα", "הודעה שהועברה", "رسالة معاد توجيهها", "转发的邮件", "转发邮件", "原始邮件", "轉寄的郵件", "轉寄郵件", "原始郵件", "転送メッセージ", "転送されたメッセージ", "元のメッセージ", "전달된 메일", "전달된 메시지", "원본 메시지", "원본 메일", "tin nhắn được chuyển tiếp", "pesan yang diteruskan", "ส่งต่อข้อความ",
}

// headerWords are the names of the header fields that mail programs show when
// they quote a message, in their languages.
var headerWords = headerTable()

var headerNames = map[string]string{
	"From":    "from|von|de|da|van|från|fra|lähettäjä|od|feladó|de la|от|від|kimden|gönderen|από|מאת|من|发件人|寄件者|寄件人|差出人|送信者|送信元|보낸사람|보낸이|보낸 사람|desde|dari|จาก|từ|expéditeur|absender|afzender|remitente|mittente|remetente|saatja|šalje|nadawca|отправитель|від кого|expeditorul|expeditor|odesílatel|odosielateľ|nga|pošiljatelj|siuntėjas|sūtītājs|isporučitelj|avsändare|avsender|afsender",
	"To":      "to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|címzett|pentru|către|кому|до|kime|alıcı|προς|אל|إلى|收件人|收件者|宛先|받는사람|받는이|받는 사람|kepada|ถึง|đến|destinataire|empfänger|destinatario|destinatário|saaja|prima|adresat|destinatarul|příjemce|prijemca|gavėjas|mottaker|modtager|mottagare",
	"Cc":      "cc|kopie|copie|copia|kopia|kopi|kopio|dw|копия|抄送|副本|참조|ccn|копія|kopija|másolat|bilgi|κοιν",
	"Date":    "date|sent|gesendet|datum|envoyé|envoyée|enviado el|enviado|fecha|data|inviato|verzonden|skickat|sendt|dato|lähetetty|päiväys|wysłano|dnia|elküldve|dátum|trimis|dată|дата|отправлено|надіслано|tarih|gönderildi|gönderme tarihi|ημερομηνία|στάλθηκε|תאריך|נשלח|التاريخ|日期|发送时间|寄件日期|日付|日時|送信日時|보낸 날짜|날짜|tanggal|วันที่|ngày|received|fecha de envío|data de envio|päivämäärä|kuupäev|date and time|sent on|küldve|odesláno|odoslané",
	"Subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|subiect|тема|konu|θέμα|נושא|الموضوع|主题|主旨|件名|제목|subjek|เรื่อง|chủ đề|sujet|naslov|subiectul|teema|tema",
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// headerTable turns headerNames round. A word of two languages that means two
// fields (Italian "a" and "da", Spanish "de") keeps the one given.
func headerTable() map[string]string {
	table := map[string]string{}
	for name, words := range headerNames {
		for _, w := range strings.Split(words, "|") {
			table[w] = name
		}
	}
	return table
}

// ownWords is what the sender of a message wrote above what is quoted or
// forwarded in it.
func ownWords(text string) string {
	var b strings.Builder
	for _, row := range lines(clip(text, maxNotice)) {
		if forwardLine(row) {
			break
		}
		if strings.HasPrefix(strings.TrimSpace(row), ">") {
			continue
		}
		if name, _, ok := headerLine(row); ok && name == "From" && b.Len() > 0 {
			break
		}
		b.WriteString(row)
		b.WriteString("\n")
	}
	return b.String()
}

// forwardLine says whether a line announces a forwarded message.
func forwardLine(row string) bool {
	row = strings.TrimSpace(row)
	if len(row) < 6 || len(row) > 160 {
		return false
	}
	s := fold(strings.Trim(row, "-_=*~ >\t:：<#"))
	if forwardMarks[s] {
		return true
	}
	if before, _, ok := strings.Cut(s, " by "); ok && forwardMarks[before+" by"] && strings.HasPrefix(row, "--") { // Lotus: "---- Forwarded by X on 1/2/03"
		return true
	}
	for _, m := range []string{"begin forwarded message", "forwarded message from", "---------- forwarded"} {
		if strings.HasPrefix(s, m) && (strings.HasPrefix(row, "--") || strings.HasPrefix(row, "Begin")) {
			return true
		}
	}
	return false
}

// headerLine reads a line of a quoted header: "Von: …", "*From:* …", "> To: …".
func headerLine(row string) (name, value string, ok bool) {
	row = strings.TrimLeft(strings.TrimSpace(row), "> \t\ufeff")
	row = strings.Trim(row, "*")
	i := strings.IndexAny(row, ":：")
	if i < 1 || i > 40 {
		return "", "", false
	}
	word := fold(strings.Trim(row[:i], "*_ \t\u00a0"))
	_, size := utf8.DecodeRuneInString(row[i:])
	value = row[i+size:]
	name, ok = headerWords[word]
	return name, strings.Trim(strings.TrimSpace(value), "*_ \t\u00a0"), ok
}

// pasted finds a message in the text: with its whole header, as reports quote it,
// or as mail programs forward it.
func (f *Found) pasted(m *letter) {
	text := m.text()
	if i, ok := headerBlock([]byte(text)); ok {
		f.enclose(AsHeaders, []byte(text[i:]))
		return
	}
	f.forwarded(m)
}

// forwarded finds messages that are forwarded or answered in text: behind a
// mark, as a quoted header of at least From and two more fields, or behind "On
// Monday X <address> wrote:". What stands behind, up to the next, is the body.
func (f *Found) forwarded(m *letter) {
	rows := unfold(lines(m.text()))
	total := 0
	marked := false
	for i := 0; i < len(rows) && len(f.Enclosed) < maxEnclosed; {
		raw, next := quotedMessage(rows, i, marked)
		if raw == nil {
			if raw, next = quotedReply(rows, i); raw == nil {
				marked = forwardLine(rows[i]) || marked && strings.Trim(rows[i], "> \t") == ""
				i++
				continue
			}
		}
		if total += len(raw); total > maxEnclosedBytes {
			return
		}
		f.enclose(AsQuote, raw)
		i, marked = next, false
	}
}

// unfold parts what some programs write into the line of the mark itself:
// "----- Forwarded Message ----- From: X <x@example.org>To: …".
func unfold(rows []string) []string {
	var all []string
	for _, row := range rows {
		bare := strings.TrimSpace(row)
		if len(bare) < 20 || len(bare) > 4000 || !strings.HasPrefix(bare, "---") {
			all = append(all, row)
			continue
		}
		title := strings.TrimLeft(bare, "- ")
		head, rest, ok := strings.Cut(title, " ---")
		if rest = strings.TrimLeft(rest, "- "); !ok || rest == "" || !forwardLine("---- "+head+" ----") {
			all = append(all, row)
			continue
		}
		all = append(append(all, "---- "+head+" ----"), parted(rest)...)
	}
	return all
}

// parted cuts a header that was joined into one line before each known name.
func parted(line string) []string {
	var all []string
	start := 0
	for i := 1; i < len(line); i++ {
		if line[i] != ':' {
			continue
		}
		for begin := max(start, i-24); begin < i; begin++ {
			word := strings.TrimRight(line[begin:i], " \u00a0")
			glued := len(word) >= 4 && strings.ToLower(word[:1]) != word[:1] // "11:25 CESTBetreff:"
			if begin == start || glued || line[begin-1] == '>' || line[begin-1] == ' ' || line[begin-1] >= '0' && line[begin-1] <= '9' {
				if headerWords[strings.ToLower(word)] != "" {
					if begin > start {
						all = append(all, line[start:begin])
					}
					start = begin
					break
				}
			}
		}
	}
	return append(all, line[start:], "")
}

// quotedMessage reads a quoted message whose header begins at row at; nil when
// none does. Behind a mark the names may be of any language: the first field
// with an address is then From.
func quotedMessage(rows []string, at int, marked bool) (raw []byte, next int) {
	first, _, ok := headerLine(rows[at])
	if !ok && (!marked || !anyField(rows[at])) || first == "Cc" {
		return nil, at
	}
	h := quotedHeader{seen: map[string]string{}, marked: marked}
	i := at
	for ; i < len(rows) && i < at+40 && h.take(rows[i]); i++ {
	}
	if h.seen["From"] == "" || h.fields < 3 {
		return nil, at
	}
	quoted := strings.HasPrefix(strings.TrimSpace(rows[at]), ">")
	body, next := quotedBody(rows, i, quoted)
	return quote(h.seen, body), next
}

// quotedHeader collects the fields of a quoted header.
type quotedHeader struct {
	seen    map[string]string
	marked  bool
	fields  int // known or not
	unknown int
	gaps    int
	last    string
}

// take reads a row; false when the header is over.
func (h *quotedHeader) take(row string) bool {
	name, value, ok := headerLine(row)
	bare := strings.TrimLeft(row, "> \t")
	switch {
	case ok:
		if h.seen[name] == "" {
			h.seen[name], h.last = value, name
			h.fields++
		}
		h.gaps = 0
	case strings.TrimSpace(bare) == "":
		h.gaps++
		return h.gaps <= 1 && h.fields < 3
	case h.last != "" && h.seen[h.last] == "": // the value stands on the next line
		h.seen[h.last] = strings.TrimSpace(bare)
	case h.last != "" && (strings.HasPrefix(row, " ") || strings.HasPrefix(row, "\t")) && len(h.seen[h.last]) < 2000:
		h.seen[h.last] += " " + strings.TrimSpace(bare)
	case isPlainField(bare):
	case anyField(row) && h.unknown < 4 && h.gaps == 0:
		h.unknown++
		h.fields++
		_, value, _ := strings.Cut(bare, ":")
		if _, hasAddress := findAddress(value); hasAddress && h.seen["From"] == "" && h.marked {
			h.seen["From"] = strings.TrimSpace(value)
		}
	default:
		return false
	}
	return true
}

// anyField says whether a line looks like a header field in some language: one
// to three words, a colon, a value.
func anyField(row string) bool {
	row = strings.Trim(strings.TrimLeft(strings.TrimSpace(row), "> \t"), "*")
	i := strings.IndexAny(row, ":：")
	if i < 2 || i > 40 || len(row) > 1000 {
		return false
	}
	words := strings.Fields(row[:i])
	if len(words) == 0 || len(words) > 3 || strings.ContainsAny(row[:i], "@<>/.,;!?()[]\"") {
		return false
	}
	return strings.TrimSpace(row[i+1:]) != ""
}

// quotedBody is the text behind a quoted header, up to the next one.
func quotedBody(rows []string, at int, quoted bool) (body []string, next int) {
	i := at
	for ; i < len(rows); i++ {
		if forwardLine(rows[i]) {
			break
		}
		if name, _, ok := headerLine(rows[i]); ok && name == "From" && i+1 < len(rows) {
			if second, _, ok := headerLine(rows[i+1]); ok && second != "From" {
				break
			}
		}
		row := rows[i]
		if quoted {
			row = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(row, " "), ">"), " ")
		}
		body = append(body, row)
	}
	return body, i
}

// quote writes a quoted message anew.
func quote(seen map[string]string, body []string) []byte {
	var b bytes.Buffer
	for _, name := range []string{"From", "Date", "Subject", "To", "Cc"} {
		if v := seen[name]; v != "" {
			b.WriteString(name + ": " + clip(v, 2000) + "\r\n")
		}
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n")
	for _, row := range body {
		b.WriteString(row + "\r\n")
	}
	return b.Bytes()
}

// quotedReply reads "On Monday X <x@example.org> wrote:" and the quoted or
// indented lines behind it, in any language: a line (or two) that holds an
// address and a number and ends with a colon.
func quotedReply(rows []string, at int) (raw []byte, next int) {
	line := strings.TrimSpace(rows[at])
	i := at + 1
	if len(line) > 10 && len(line) < 300 && !strings.HasSuffix(line, ":") && i < len(rows) && len(rows[i]) < 200 && strings.HasSuffix(strings.TrimSpace(rows[i]), ":") {
		line += " " + strings.TrimSpace(rows[i])
		i++
	}
	if len(line) < 12 || len(line) > 400 || !strings.HasSuffix(line, ":") || !strings.ContainsAny(line, "0123456789") || strings.HasPrefix(line, "<") {
		return nil, at
	}
	address, ok := findAddress(line)
	if !ok || anyField(rows[at]) {
		return nil, at
	}
	for i < len(rows) && strings.TrimSpace(rows[i]) == "" {
		i++
	}
	if i >= len(rows) {
		return nil, at
	}
	var mark string
	for _, m := range []string{">", "    ", "\t"} {
		if strings.HasPrefix(rows[i], m) {
			mark = m
			break
		}
	}
	if mark == "" {
		return nil, at
	}
	var body []string
	for ; i < len(rows) && (strings.HasPrefix(rows[i], mark) || strings.TrimSpace(rows[i]) == ""); i++ {
		body = append(body, strings.TrimPrefix(strings.TrimPrefix(rows[i], mark), " "))
	}
	return quote(map[string]string{"From": string(address)}, body), i
}

// isPlainField is a header field of another name inside a quoted header.
func isPlainField(row string) bool {
	name, ok := fieldOf([]byte(row))
	return ok && (transit[name] || strings.HasPrefix(name, "x-") || name == "reply-to" || name == "sender" || name == "bcc" || name == "importance" || name == "attachments" || name == "organization" || name == "to")
}
