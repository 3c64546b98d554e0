package cordon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Language is one in which a notice can be given, by its ISO 639-1 code.
type Language string

// English is the language in which a facts record is written first; every other
// is a translation of it, and what is missing in one is said in English.
const English Language = "en"

// Languages lists every language in which letters are kept, English first.
func Languages() []Language { return []Language{English, "de", "fr", "nl", "es"} }

// NoticeField names one text of a facts record that a person answers for.
type NoticeField string

const (
	NoticeHappened    NoticeField = "what_happened"
	NoticeMeaning     NoticeField = "consequences"             // what it may mean for those concerned
	NoticeInvolved    NoticeField = "information_involved"     // kinds of information, never anybody's
	NoticeNotInvolved NoticeField = "information_not_involved" //
	NoticeAdvice      NoticeField = "advice"                   // what people should do
	NoticeMeasures    NoticeField = "measures"                 // what is being done
	NoticeNotAffected NoticeField = "not_affected"             // said plainly
	NoticeContact     NoticeField = "contact"                  // an organisation's, no person's
	NoticeSubject     NoticeField = "message_subject"          // of the bad message, as it was seen
	NoticeSample      NoticeField = "message_sample"
	NoticeLinks       NoticeField = "message_links" // where it led, or that it led nowhere
)

// NoticeFields lists the texts, in the order in which they are asked for.
func NoticeFields() []NoticeField {
	return []NoticeField{NoticeHappened, NoticeMeaning, NoticeInvolved, NoticeNotInvolved, NoticeAdvice, NoticeMeasures, NoticeNotAffected,
		NoticeContact, NoticeSubject, NoticeSample, NoticeLinks}
}

// Quoted says whether the text shows the bad message, so that it may hold digits
// and the names of hosts, which are defanged wherever they are shown.
func (f NoticeField) Quoted() bool {
	return f == NoticeSubject || f == NoticeSample || f == NoticeLinks
}

// Required says whether a notice cannot be approved without it.
func (f NoticeField) Required() bool { return !f.Quoted() }

// MaxNoticeText bounds one text, in bytes.
const MaxNoticeText = 4000

// NoticeTexts are the texts in one language. Of is the hash of the English texts
// they are a translation of: when those change, the translation is out of date
// and is not used until somebody looks at it.
type NoticeTexts struct {
	Of   string                 `json:"of,omitempty"`
	Text map[NoticeField]string `json:"text"`
}

// FactsState: draft → approved → superseded, by the next one approved.
type FactsState string

const (
	FactsDraft      FactsState = "draft"
	FactsApproved   FactsState = "approved"
	FactsSuperseded FactsState = "superseded"
)

// NoticeFacts is what is told about one incident: texts that a person answers for
// and figures that nobody types. Everything said to anybody is made of it.
type NoticeFacts struct {
	Incident IncidentID               `json:"incident"`
	Seq      int                      `json:"seq"`      // 1 is the notice; every further one corrects it
	Revision int                      `json:"revision"` // of the draft: each change is kept
	State    FactsState               `json:"state"`
	Texts    map[Language]NoticeTexts `json:"texts"`
	Figures  Figures                  `json:"figures"` // as they were when this was written
	Why      string                   `json:"why"`     // why this revision is there
	Changes  []string                 `json:"changes,omitempty"`

	WrittenBy  string    `json:"written_by"` // Actor.Person()
	WrittenAt  time.Time `json:"written_at"`
	ApprovedBy string    `json:"approved_by,omitempty"` // Actor.Person()
	ApprovedAt time.Time `json:"approved_at,omitzero"`
}

// TextsHash tells one state of the texts in a language from another. What quotes
// the bad message is in no language and does not count.
func (f NoticeFacts) TextsHash(l Language) string {
	said := map[NoticeField]string{}
	for n, text := range f.Texts[l].Text {
		if !n.Quoted() {
			said[n] = text
		}
	}
	raw, _ := json.Marshal(said) // sorted keys, strings alone: cannot fail
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// alwaysTold are the figures that letters quote by themselves.
func alwaysTold() []string {
	return []string{FigureDelivered, FigureUnknown, FigureRecipients, FigureTenants, FigureFirstCopy, FigureLastCopy, FigureOpened, FigureContained}
}

// Told lists the figures that are said: those that letters quote by themselves
// and those that the texts quote. When one of them changes, what was told is not
// what is known any more.
func (f NoticeFacts) Told() []string {
	told := alwaysTold()
	for _, l := range Languages() {
		for _, n := range NoticeFields() {
			quoted, _ := FiguresIn(f.Texts[l].Text[n]) // stored texts quote none that there is not
			for _, name := range quoted {
				if !n.Quoted() && !slices.Contains(told, name) {
					told = append(told, name)
				}
			}
		}
	}
	return told
}

// Hash is what an approval is bound to: every text, and every figure that is said.
func (f NoticeFacts) Hash() string {
	figures := Figures{}
	for _, name := range f.Told() {
		v := f.Figures[name]
		figures[name] = Figure{Name: name, Value: v.Value}
		if !v.At.IsZero() {
			figures[name] = Figure{Name: name, Value: v.Value, At: v.At.UTC().Truncate(time.Minute)}
		}
	}
	raw, _ := json.Marshal([]any{"cordon/notice/1", f.Incident, f.Seq, f.Revision, f.Texts, figures})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Offers lists the languages in which everything that must be said is said, and
// said of the English texts as they are. English is among them when it is whole.
func (f NoticeFacts) Offers() []Language {
	var all []Language
	now := f.TextsHash(English)
	for _, l := range Languages() {
		texts, ok := f.Texts[l]
		if !ok || l != English && texts.Of != now {
			continue
		}
		if !slices.ContainsFunc(NoticeFields(), func(n NoticeField) bool { return n.Required() && strings.TrimSpace(texts.Text[n]) == "" }) {
			all = append(all, l)
		}
	}
	return all
}

// In is the text in the language, or in English where that is not offered.
func (f NoticeFacts) In(l Language, n NoticeField) string {
	if n.Quoted() {
		return f.Texts[English].Text[n] // as it was seen
	}
	if !slices.Contains(f.Offers(), l) {
		l = English
	}
	return f.Texts[l].Text[n]
}

// Faults lists everything that keeps the texts from being stored: what is too
// long, a digit where a figure should stand, a link, a quoted figure that there is
// not.
func (f NoticeFacts) Faults() []Fault {
	var faults []Fault
	for _, l := range Languages() {
		texts, ok := f.Texts[l]
		if !ok {
			continue
		}
		for _, n := range NoticeFields() {
			if fault, bad := noticeFault(n, texts.Text[n]); bad {
				fault.Field = string(l) + "." + string(n)
				faults = append(faults, fault)
			}
		}
		for n := range texts.Text {
			if !slices.Contains(NoticeFields(), n) {
				faults = append(faults, Fault{Field: string(l) + "." + shorten(string(n)), Message: "is no text of a facts record", Remedy: "see cordon notice facts show"})
			}
		}
	}
	for l := range f.Texts {
		if !slices.Contains(Languages(), l) {
			faults = append(faults, Fault{Field: shorten(string(l)), Message: "is no language of letters", Remedy: "use en, de, fr, nl or es"})
		}
	}
	return faults
}

func noticeFault(n NoticeField, text string) (Fault, bool) {
	switch {
	case len(text) > MaxNoticeText:
		return Fault{Message: "is longer than 4,000 bytes", Remedy: "shorten it"}, true
	case strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r)
	}):
		return Fault{Message: "has control characters, or marks that change how text reads", Remedy: "take them out"}, true
	case n.Quoted():
		if strings.Contains(text, "{{") {
			return Fault{Message: "has {{", Remedy: "quote the message without it"}, true
		}
		return Fault{}, false
	}
	if _, err := FiguresIn(text); err != nil {
		return Fault{Message: "quotes a figure that there is not", Remedy: "figures are " + strings.Join(FigureNames(), ", ")}, true
	}
	bare := withoutFigures(text)
	switch {
	case n != NoticeContact && strings.ContainsFunc(bare, unicode.IsDigit):
		return Fault{Message: "has a digit: figures are never typed", Remedy: "write {{recipients_affected}} or another figure, or say it in words"}, true
	case strings.Contains(bare, "://") || strings.Contains(strings.ToLower(bare), "www."):
		return Fault{Message: "has a link", Remedy: "a notice leads to the status page alone, by itself"}, true
	}
	return Fault{}, false
}

// withoutFigures is the text without its {{figures}}.
func withoutFigures(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "{{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(after, "}}")
	}
}

// Missing lists the texts without which the record cannot be approved.
func (f NoticeFacts) Missing() []NoticeField {
	var all []NoticeField
	for _, n := range NoticeFields() {
		if n.Required() && strings.TrimSpace(f.Texts[English].Text[n]) == "" {
			all = append(all, n)
		}
	}
	return all
}

// Changed says what differs from an earlier state of the record, in words that
// hold no text and so stay short: "de advice", "recipients_affected 5 → 7".
func (f NoticeFacts) Changed(from NoticeFacts) []string {
	var all []string
	for _, l := range Languages() {
		for _, n := range NoticeFields() {
			if f.Texts[l].Text[n] != from.Texts[l].Text[n] {
				all = append(all, string(l)+" "+string(n))
			}
		}
	}
	return append(all, f.Drift(from.Figures)...)
}

// Drift says which of the figures that are said differ from what they were then.
func (f NoticeFacts) Drift(then Figures) []string {
	var all []string
	for _, name := range f.Told() {
		now, was := f.Figures[name], then[name]
		now.Name, was.Name = name, name
		if !now.Same(was) {
			all = append(all, fmt.Sprintf("%s %s → %s", name, was.Text(), now.Text()))
		}
	}
	return all
}
