package notice

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"unicode"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Facts answers the newest notice of the incident, with the figures as they are
// now when it is a draft. The first call drafts it.
func (m *Messenger) Facts(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.NoticeFacts, error) {
	i, err := m.incidentFor(ctx, by, cordon.ReadIncidents, id)
	if err != nil {
		return cordon.NoticeFacts{}, err
	}
	return m.newest(ctx, i)
}

func (m *Messenger) newest(ctx context.Context, i cordon.Incident) (cordon.NoticeFacts, error) {
	figures, err := m.store.IncidentFigures(ctx, i.ID)
	if err != nil {
		return cordon.NoticeFacts{}, err
	}
	f, err := m.store.NoticeFacts(ctx, i.ID, 0)
	if cordon.CodeOf(err) == cordon.Missing {
		f, err = m.firstDraft(ctx, i, figures)
	}
	if f.State == cordon.FactsDraft {
		f.Figures = figures
	}
	return f, err
}

// firstDraft writes what can be said of the incident by its kind and figures, in
// every language, so that a person only edits.
func (m *Messenger) firstDraft(ctx context.Context, i cordon.Incident, figures cordon.Figures) (cordon.NoticeFacts, error) {
	identity, err := m.orNobody(ctx, i.ID)
	if err != nil {
		return cordon.NoticeFacts{}, err
	}
	f := cordon.NoticeFacts{Incident: i.ID, Texts: map[cordon.Language]cordon.NoticeTexts{}, Figures: figures, Why: "first draft, by the kind of the incident"}
	for l := range m.tongues {
		f.Texts[l] = cordon.NoticeTexts{Text: m.draftTexts(l, i.Kind, figures, identity)}
	}
	letter, err := m.store.IncidentLetter(ctx, i.ID)
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return f, err
	}
	quote(f.Texts[cordon.English].Text, letter)
	rebase(&f)
	f, err = m.store.DraftNotice(ctx, cordon.System(), f, cordon.NoticeFacts{})
	if cordon.CodeOf(err) == cordon.Conflict { // somebody else's call drafted it
		return m.store.NoticeFacts(ctx, i.ID, 0)
	}
	return f, err
}

// draftTexts are what is written of such an incident in the language: what always
// holds, what its kind says, and what follows when personal data was opened.
func (m *Messenger) draftTexts(l cordon.Language, kind cordon.IncidentKind, figures cordon.Figures, identity cordon.NoticeIdentity) map[cordon.NoticeField]string {
	t := m.tongues[l]
	text := maps.Clone(t.facts["default"])
	maps.Copy(text, t.facts[string(kind)])
	if figures[cordon.FigureReads].Value > 0 {
		maps.Copy(text, t.facts["opened"])
	}
	if identity.Address != "" {
		text[cordon.NoticeContact] = identity.Name + ", " + string(identity.Address)
	}
	return text
}

// sampleLength is how much of a bad message is shown, in bytes.
const sampleLength = 300

// marker is a field or a section of a letter: what stood there was somebody's own.
var marker = regexp.MustCompile(`\{\{[^}]*\}\}`)

// quote shows what the bad message looked like, without anybody's data.
func quote(text map[cordon.NoticeField]string, letter cordon.Content) {
	if letter.Subject == "" {
		return
	}
	shown := func(s string) string {
		return strings.TrimSpace(strings.ReplaceAll(marker.ReplaceAllString(s, "…"), "{{", ""))
	}
	text[cordon.NoticeSubject] = shown(letter.Subject)
	body := letter.Text
	if body == "" {
		body = message.TextFromHTML(letter.HTML)
	}
	if body = shown(body); len(body) > sampleLength {
		body = strings.ToValidUTF8(body[:sampleLength], "") + " …"
	}
	text[cordon.NoticeSample] = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, body)
	if len(letter.LinkHosts) > 0 {
		text[cordon.NoticeLinks] = strings.Join(letter.LinkHosts, ", ")
	}
}

// rebase says of every language that it is a translation of the English texts as
// they are.
func rebase(f *cordon.NoticeFacts) {
	of := f.TextsHash(cordon.English)
	for l, texts := range f.Texts {
		if l != cordon.English {
			texts.Of = of
			f.Texts[l] = texts
		}
	}
}

// Edit is what a person changes of a facts record: texts by language. Seq and
// Revision name what the person began with.
type Edit struct {
	Seq      int                                               `json:"seq"`
	Revision int                                               `json:"revision"`
	Texts    map[cordon.Language]map[cordon.NoticeField]string `json:"texts"`
	Why      string                                            `json:"why,omitempty"`
}

// Edit writes a new revision of the draft; over an approved notice it begins a
// correction. A language that the edit names says what the English texts say from
// now on; one that it leaves out is out of date when those changed, and is not
// offered until somebody looks at it.
func (m *Messenger) Edit(ctx context.Context, by cordon.Actor, id cordon.IncidentID, e Edit) (cordon.NoticeFacts, error) {
	i, err := m.incidentFor(ctx, by, cordon.ManageNotices, id)
	if err != nil {
		return cordon.NoticeFacts{}, err
	}
	seen, err := m.newest(ctx, i)
	if err != nil {
		return seen, err
	}
	if e.Seq != 0 && (e.Seq != seen.Seq || e.Revision != seen.Revision) {
		return seen, &cordon.Error{Code: cordon.Conflict, Field: "revision", Message: "is not the newest: somebody changed the notice meanwhile", Remedy: "look at it again, and put your change into what is there now"}
	}
	if len(e.Why) > 500 {
		return seen, cordon.InvalidField("why", "is longer than 500 bytes", "shorten it")
	}
	next := edited(seen, e)
	if faults := next.Faults(); len(faults) > 0 {
		first := faults[0]
		return seen, &cordon.Error{Code: cordon.Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: faults}
	}
	if next.Figures, err = m.store.IncidentFigures(ctx, i.ID); err != nil {
		return seen, err
	}
	next.Changes = next.Changed(seen)
	if next.Why = strings.TrimSpace(e.Why); next.Why == "" {
		next.Why = "edited"
	}
	return m.store.DraftNotice(ctx, by, next, seen)
}

// edited is the record with the edit put in.
func edited(seen cordon.NoticeFacts, e Edit) cordon.NoticeFacts {
	next := seen
	next.Texts = map[cordon.Language]cordon.NoticeTexts{}
	for l, texts := range seen.Texts {
		next.Texts[l] = cordon.NoticeTexts{Of: texts.Of, Text: maps.Clone(texts.Text)}
	}
	for l, texts := range e.Texts {
		have := next.Texts[l]
		if have.Text == nil {
			have.Text = map[cordon.NoticeField]string{}
		}
		for n, text := range texts {
			have.Text[n] = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
		}
		next.Texts[l] = have
	}
	of := next.TextsHash(cordon.English)
	for l := range e.Texts {
		if l != cordon.English {
			texts := next.Texts[l]
			texts.Of = of
			next.Texts[l] = texts
		}
	}
	return next
}

// History lists every revision of every notice of the incident, the newest first.
func (m *Messenger) History(ctx context.Context, by cordon.Actor, id cordon.IncidentID) ([]cordon.NoticeFacts, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ReadIncidents, id); err != nil {
		return nil, err
	}
	return m.store.NoticeHistory(ctx, id)
}

// correct drafts a correction where a figure that was said is not so any more. It
// answers whether there is one now.
func (m *Messenger) correct(ctx context.Context, i cordon.Incident) (bool, error) {
	newest, err := m.store.NoticeFacts(ctx, i.ID, 0)
	if err != nil || newest.State != cordon.FactsApproved {
		return newest.State == cordon.FactsDraft, err
	}
	figures, err := m.store.IncidentFigures(ctx, i.ID)
	if err != nil {
		return false, err
	}
	next := newest
	next.Figures = figures
	drift := next.Drift(newest.Figures)
	if len(drift) == 0 {
		return false, nil
	}
	next.Why, next.Changes = "what was told is not what is known now", drift
	_, err = m.store.DraftNotice(ctx, cordon.System(), next, newest)
	if cordon.CodeOf(err) == cordon.Conflict { // somebody corrects it already
		return true, nil
	}
	if err == nil {
		err = m.store.NoteIncident(ctx, cordon.System(), i.ID, fmt.Sprintf("A correction of notice %d is drafted: %s. It waits for approval.", newest.Seq, strings.Join(drift, "; ")))
	}
	return true, err
}
