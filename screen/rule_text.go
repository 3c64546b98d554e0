package screen

import "strings"

// attachmentWords are what people write when they mean a file that comes with
// the letter, in lower case. A phrase, where the word alone has other senses.
var attachmentWords = []string{
	// English
	"attached is", "attached are", "attached please", "please find attached", "find attached", "see attached", "see the attached", "file is attached", "document is attached", "invoice is attached", "report is attached", "form is attached", "letter is attached", "pdf is attached", "copy is attached", "documents are attached", "files are attached",
	"i have attached", "i've attached", "we have attached", "we've attached", "attached file", "attached document", "attached pdf", "attached form", "attached letter",
	"attached invoice", "attached report", "attached copy", "the attachment", "in attachment", "as attachment", "as an attachment", "see attachment", "attachment contains", "attached herewith", "attached to this email", "attached to this e-mail", "attached to this message", "enclosed file", "open the attached", "review the attached", "download the attached",
	// German
	"im anhang", "in der anlage", "anbei finden", "anbei erhalten", "anbei die", "anbei der", "anbei das", "angehängte", "angehängt", "beigefügte", "beigefügt", "als anhang", "siehe anhang", "siehe anlage", "anhang finden", "anlage finden",
	// French
	"pièce jointe", "piece jointe", "pièces jointes", "ci-joint", "ci-joints", "ci-jointe", "en annexe", "fichier joint", "document joint", "documents joints", "en pj",
	// Spanish
	"archivo adjunto", "archivos adjuntos", "documento adjunto", "adjunto encontrará", "se adjunta", "adjunto a este", "le adjunto", "les adjunto", "te adjunto", "adjuntamos", "en el adjunto", "fichero adjunto",
	// Italian
	"in allegato", "allegato alla presente", "file allegato", "documento allegato", "si allega", "in allegati", "trova allegato", "trovate allegato", "alleghiamo",
	// Portuguese
	"em anexo", "segue anexo", "segue em anexo", "arquivo anexo", "arquivo anexado", "ficheiro anexo", "documento anexo", "anexamos",
	// Dutch
	"in de bijlage", "als bijlage", "bijgevoegd", "bijgevoegde", "zie bijlage", "bijlage vindt", "bijgaand",
	// Polish
	"w załączniku", "w załączeniu", "w zalaczniku", "załączam", "załączony plik", "przesyłam w załącz",
	// Swedish, Danish, Norwegian, Finnish
	"bifogad", "bifogar", "bifogat", "bifogas", "se bilaga", "i bilagan", "som bilaga", "vedhæftet", "vedhæftede", "vedhæfter", "vedlagt", "vedlegg", "vedlagte", "i vedlegget", "liitteenä", "liitetiedosto", "oheisena liitteenä", "ohessa liite",
	// Czech, Hungarian, Romanian, Turkish
	"v příloze", "v prilohe", "přiložený soubor", "mellékletben", "mellékelten", "csatoltan", "csatolmány", "în atașament", "atașat", "in atasament", "ekte bulabilirsiniz", "ekteki dosya", "ekli dosya", "ekte yer alan",
	// Russian, Ukrainian, Greek
	"во вложении", "прикрепленный файл", "прикреплённый файл", "прилагаемый файл", "в приложении к письму", "у вкладенні", "у додатку", "συνημμένο", "επισυνάπτ",
	// Japanese, Chinese, Korean, Arabic, Hebrew
	"添付ファイル", "添付の", "添付しました", "添付いたします", "添付致します", "を添付", "附件", "附加檔案", "첨부", "المرفق", "مرفق", "מצורף",
}

// missingAttachment finds a mention of an attachment where there is none. Lines
// that quote another message are not this letter's words.
func missingAttachment(v *view) string {
	if len(v.Attachments) > 0 || carried(v.Sheet) {
		return ""
	}
	if v.mentions(attachmentBook()) {
		return "It mentions an attachment, and there is none."
	}
	return ""
}

// carried says whether pictures came along: they may be what is meant.
func carried(s *Sheet) bool {
	for i := range s.Images {
		if s.Images[i].Bytes > 0 {
			return true
		}
	}
	return s.MIME.Enclosed
}

// otherTenant finds the name of another tenant in subject or text.
func otherTenant(v *view) string {
	if len(v.about.OtherNames) == 0 {
		return ""
	}
	words := v.words
	if words == nil {
		words, _ = wordsOf(v.Subject, v.Text)
	}
	var met sieve
	for _, w := range words {
		met.put(w.hash)
	}
	own := appendWords(nil, v.about.TenantName)
	var room [16]word
	for _, name := range v.about.OtherNames {
		first := scanFirst(name)
		if first.length == 0 || !met.has(first.hash) {
			continue
		}
		other := appendWords(room[:0], name)
		if len(name) >= 5 && !within(other, own) && within(other, words) {
			return "It names another practice of this house."
		}
	}
	return ""
}

// scanFirst is the first word of a name.
func scanFirst(s string) word {
	for i := range s {
		if wordStart(s, i) {
			return scanWord(s, i)
		}
	}
	return word{}
}

// within says whether words stand in a text, one behind the other.
func within(words, text []word) bool {
	for i := 0; i+len(words) <= len(text); i++ {
		if same(words, text[i:]) {
			return true
		}
	}
	return false
}

func hiddenText(v *view) string {
	if n := len(v.Hidden); n > 250 && !muchHidden(v.Sheet) {
		return "Some of its text is hidden from the reader."
	}
	return ""
}

func muchHiddenText(v *view) string {
	if muchHidden(v.Sheet) {
		return "More of its text is hidden from the reader than shown."
	}
	return ""
}

// muchHidden: newsletters hide a line for the preview, and blocks for one size
// of screen; never more than they show.
func muchHidden(s *Sheet) bool {
	return len(s.Hidden) > 500 && len(s.Hidden) > len(s.Text)
}

func baitComments(v *view) string {
	if n := v.HTML.Comments; n > 1500 && n > len(v.Text) {
		return "Its HTML is mostly remarks that no reader sees."
	}
	return ""
}

func splitWords(v *view) string {
	if v.HTML.Splits >= 4 {
		return "Words are cut up by invisible marks."
	}
	return ""
}

func inventedTags(v *view) string {
	if v.HTML.Unknown >= 10 && v.HTML.Unknown*8 > v.HTML.Tags {
		return "Its HTML has many tags that do not exist."
	}
	return ""
}

func invisibleLetters(v *view) string {
	if v.Salt.Invisible >= 3 {
		return "Invisible characters stand inside words."
	}
	return ""
}

func softHyphens(v *view) string {
	if v.Salt.SoftHyphens >= 10 {
		return "Many words are cut up by invisible hyphens."
	}
	return ""
}

func lookalikeLetters(v *view) string {
	if v.Salt.Homoglyphs >= 2 {
		return "Words mix letters of different alphabets that look the same."
	}
	return ""
}

func fancyLetters(v *view) string {
	if v.Salt.Fancy >= 8 {
		return "Words are written in ornamental letters that filters do not read."
	}
	return ""
}

func spacedWords(v *view) string {
	if v.Salt.Spaced > 0 {
		return "Words are spelt out letter by letter."
	}
	return ""
}

func digitsInWords(v *view) string {
	if v.Salt.Digits >= 2 {
		return "Digits stand for letters inside words."
	}
	return ""
}

func turnedText(v *view) string {
	if v.Salt.Bidi > 0 && !rightToLeft(v.Text) {
		return "Characters turn the direction of the text around."
	}
	return ""
}

// rightToLeft says whether text holds letters written from the right.
func rightToLeft(s string) bool {
	for _, r := range s {
		if 0x0590 <= r && r <= 0x08ff || 0xfb1d <= r && r <= 0xfdff || 0xfe70 <= r && r <= 0xfefc {
			return true
		}
	}
	return false
}

func partsDisagree(v *view) string {
	if v.MIME.Disagree >= 0.7 {
		return "Its plain text says something else than its HTML."
	}
	return ""
}

// containsFold says whether s holds a lower-case US-ASCII word, whatever its case.
func containsFold(s, lower string) bool {
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == lower[0] && strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}
