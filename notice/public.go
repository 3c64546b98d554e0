package notice

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Public is one page of a notice as anybody may read it. It holds nothing of any
// tenant.
type Public struct {
	Number    int64
	Seq       int // above 1: a correction
	Document  Document
	Languages []*Tongue // in which it can be read, English first
	Path      string    // of the page, without language
	Other     string    // of the other page: practices', patients'
	At        time.Time // approved
	Exercise  bool
}

// In is the page's path in a language.
func (p Public) In(l cordon.Language) string {
	if l == cordon.English {
		return p.Path
	}
	return p.Path + "/" + string(l)
}

// PublicPage answers a notice's page for patients or practices, in the language
// asked for or in English. Until a notice is approved there is none.
func (m *Messenger) PublicPage(ctx context.Context, number int64, name Letter, l cordon.Language) (Public, error) {
	none := &cordon.Error{Code: cordon.Missing, Field: "notice", Message: "there is no such notice"}
	if number < 1 || name != PatientPage && name != PracticePage {
		return Public{}, none
	}
	i, err := m.store.IncidentNumbered(ctx, number)
	if err != nil {
		if cordon.CodeOf(err) == cordon.Missing {
			return Public{}, none
		}
		return Public{}, err
	}
	f, err := m.store.ApprovedNotice(ctx, i.ID)
	if cordon.CodeOf(err) == cordon.Missing {
		return Public{}, none
	}
	if err != nil {
		return Public{}, err
	}
	x, err := m.about(ctx, i, f)
	if err != nil {
		return Public{}, err
	}
	p := Public{Number: number, Seq: f.Seq, At: f.ApprovedAt, Exercise: i.Exercise, Path: publicPath(number, name), Other: publicPath(number, PracticePage)}
	if name == PracticePage {
		p.Other = publicPath(number, PatientPage)
	}
	for _, offer := range f.Offers() {
		p.Languages = append(p.Languages, m.tongues[offer])
	}
	p.Document, err = m.render(name, l, x)
	return p, err
}

// PublicList answers the incidents that have a notice, by number, the newest
// first: for an index, and for rendering pages to a folder.
func (m *Messenger) PublicList(ctx context.Context) ([]int64, error) {
	ids, err := m.store.NoticedIncidents(ctx, false)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for _, id := range ids {
		i, err := m.store.Incident(ctx, id)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, i.Number)
	}
	return numbers, nil
}

// StatusDraft is the text of an announcement made of the newest notice, in
// English. Its figures stand in it as {{figure}}, so that whoever posts it binds
// them: none is typed.
func (m *Messenger) StatusDraft(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (title, body string, err error) {
	i, err := m.incidentFor(ctx, by, cordon.ReadIncidents, id)
	if err != nil {
		return "", "", err
	}
	f, err := m.newest(ctx, i)
	if err != nil {
		return "", "", err
	}
	x, err := m.about(ctx, i, f)
	if err != nil {
		return "", "", err
	}
	t := m.tongue(cordon.English)
	values, err := m.values(t, x)
	if err != nil {
		return "", "", err
	}
	for _, n := range cordon.NoticeFields() {
		if !n.Quoted() {
			values[string(n)] = f.In(cordon.English, n)
		}
	}
	for _, name := range cordon.FigureNames() {
		if values[name] != "" {
			values[name] = "{{" + name + "}}"
		}
	}
	d, err := t.letters[StatusPost].fill(values)
	return d.Title, d.Text(), err
}
