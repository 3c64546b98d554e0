package sim

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

// statusURL is where readers of the world's status page reach it.
const statusURL = "https://status.example.org"

// publicly 'TITLE' [kind=KIND] [exercise=yes]: an incident is opened by hand, and
// it is public.
func (w *World) doPublicly(_ *txtar.Archive, l line) error {
	_, err := w.house.Store.OpenIncident(context.Background(), w.actorOr(l, w.operator()), cordon.NewIncident{Title: l.word(0), Severity: 2, Public: true,
		Kind: cordon.IncidentKind(or(l.named["kind"], string(cordon.IncidentLeak))), Exercise: l.named["exercise"] == "yes"})
	return err
}

// publicIncident is the n-th incident, from 1.
func (w *World) publicIncident(n string) (cordon.Incident, error) {
	all, _, err := w.house.Store.Incidents(context.Background(), cordon.IncidentFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return cordon.Incident{}, err
	}
	slices.Reverse(all)
	return numbered(all, n)
}

// stanched N: nothing bad leaves any more in the N-th incident, since now.
func (w *World) doStanched(_ *txtar.Archive, l line) error {
	i, err := w.publicIncident(l.word(0))
	if err == nil {
		_, err = w.house.Store.ContainIncident(context.Background(), w.operator(), i.ID, i.Version, time.Now(), "")
	}
	return err
}

// announce [NUMBER] 'BODY' [kind=KIND] [incident=N] [title=T] [state=S] [next=20m]
// [report=48h] [audience=A] [as=ACTOR]: words are written and posted at once.
func (w *World) doAnnounce(_ *txtar.Archive, l line) error {
	d := cordon.AnnouncementDraft{Kind: cordon.AnnouncementKind(l.named["kind"]), Audience: cordon.PostAudience(l.named["audience"])}
	d.Title, d.Body, d.NotAffected, d.SignedBy = l.named["title"], l.word(0), "Everything else.", "Customer Care"
	if number, err := strconv.ParseInt(l.word(0), 10, 64); err == nil {
		d.Number, d.Body = number, l.word(1)
	}
	d.State = cordon.PublicState(l.named["state"])
	if n := l.named["incident"]; n != "" {
		i, err := w.publicIncident(n)
		if err != nil {
			return err
		}
		d.Incident = i.ID
	}
	for name, into := range map[string]*time.Time{"next": &d.NextUpdateDue, "report": &d.ReportBy} {
		if text := l.named[name]; text != "" {
			after, err := time.ParseDuration(text)
			if err != nil {
				return err
			}
			*into = time.Now().Add(after)
		}
	}
	by := w.actorOr(l, w.operator())
	saved, err := w.house.Herald.Write(context.Background(), by, d)
	if err == nil {
		_, err = w.house.Herald.Post(context.Background(), by, saved.ID, announce.Signature{})
	}
	return err
}

func (w *World) openDrafts() ([]cordon.AnnouncementDraft, error) {
	all, _, err := w.house.Herald.Drafts(context.Background(), w.operator(), false, cordon.Page{Limit: 500})
	slices.Reverse(all)
	return all, err
}

// drafts N ['WORDS']: so many drafts await a signature, the last with the words.
func (w *World) doDrafts(_ *txtar.Archive, l line) error {
	all, err := w.openDrafts()
	if err != nil {
		return err
	}
	said := ""
	for _, d := range all {
		said = string(d.Kind) + ": " + d.Title + ": " + d.Body + ": " + d.Why
	}
	if strconv.Itoa(len(all)) != l.word(0) || !strings.Contains(said, l.word(1)) {
		return fmt.Errorf("%d drafts, the last %q; want %s with %q", len(all), said, l.word(0), l.word(1))
	}
	return nil
}

// sign [next=20m]: a person reads the newest draft and posts it.
func (w *World) doSign(_ *txtar.Archive, l line) error {
	all, err := w.openDrafts()
	if err != nil || len(all) == 0 {
		return fmt.Errorf("nothing awaits a signature: %w", err)
	}
	s := announce.Signature{SignedBy: "Duty officer"}
	if text := l.named["next"]; text != "" {
		if s.Next, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	_, err = w.house.Herald.Post(context.Background(), w.actorOr(l, w.operator()), all[len(all)-1].ID, s)
	return err
}

// promised owed=N kept=N missed=N: what was promised, and what came of it.
func (w *World) doPromised(_ *txtar.Archive, l line) error {
	all, _, err := w.house.Herald.Promises(context.Background(), w.operator(), cordon.PromiseFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	got := map[string]int{}
	for _, p := range all {
		if p.Owed() {
			got["owed"]++
		}
		got[string(p.State)]++
	}
	for name, want := range l.named {
		if strconv.Itoa(got[name]) != want {
			return fmt.Errorf("%d promises %s, want %s: %+v", got[name], name, want, all)
		}
	}
	return nil
}

// awake N ['WORDS']: so many pages are open, the last with the words.
func (w *World) doAwake(_ *txtar.Archive, l line) error {
	pages, err := w.openPages()
	if err != nil {
		return err
	}
	said := ""
	if len(pages) > 0 {
		said = pages[len(pages)-1].Title
	}
	if strconv.Itoa(len(pages)) != l.word(0) || !strings.Contains(said, l.word(1)) {
		return fmt.Errorf("%d pages, the last %q; want %s with %q", len(pages), said, l.word(0), l.word(1))
	}
	return nil
}

// openPages are those about promises that are not over, the oldest first.
func (w *World) openPages() ([]cordon.OnCallPage, error) {
	promises, _, err := w.house.Herald.Promises(context.Background(), w.operator(), cordon.PromiseFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return nil, err
	}
	all, _, err := w.house.Store.OnCallPages(context.Background(), cordon.PageFilter{}, cordon.Page{Limit: 500})
	if err != nil {
		return nil, err
	}
	var open []cordon.OnCallPage
	for _, p := range slices.Backward(all) {
		ours := slices.ContainsFunc(promises, func(pr cordon.Promise) bool { return strings.Contains(p.Key, string(pr.ID)) })
		if ours && p.State != cordon.PageResolved {
			open = append(open, p)
		}
	}
	return open, nil
}

// web asks the status page as a stranger's browser does.
func (w *World) web(method, path string, form url.Values) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	out := httptest.NewRecorder()
	w.house.Status.Handler().ServeHTTP(out, r)
	return out.Code, out.Body.String()
}

// reads PATH 'WORDS' …: the page of the status page has all the words; nothing
// else than PATH: there is no such page.
func (w *World) doReads(_ *txtar.Archive, l line) error {
	code, body := w.web(http.MethodGet, l.word(0), nil)
	if len(l.words) == 1 {
		if code != http.StatusNotFound {
			return fmt.Errorf("%s answers %d", l.word(0), code)
		}
		return nil
	}
	for _, words := range l.words[1:] {
		if !strings.Contains(body, words) {
			return fmt.Errorf("%s answers %d and does not say %q:\n%s", l.word(0), code, words, body)
		}
	}
	return nil
}

// subscriber ADDRESS: a reader asks for announcements, opens the link in the mail,
// and confirms.
func (w *World) doSubscriber(_ *txtar.Archive, l line) error {
	if code, body := w.web(http.MethodPost, "/subscribe", url.Values{"address": {l.word(0)}}); code != http.StatusOK {
		return fmt.Errorf("asking answers %d: %s", code, body)
	}
	w.advance(30 * time.Second)
	link, err := w.mailedLink(l.word(0), "/subscribe/")
	if err != nil {
		return err
	}
	if code, body := w.web(http.MethodPost, link, nil); code != http.StatusOK {
		return fmt.Errorf("confirming answers %d: %s", code, body)
	}
	return nil
}

// leaves ADDRESS POST: a subscriber takes the one click in the mail about a post.
func (w *World) doLeaves(_ *txtar.Archive, l line) error {
	all, err := w.house.Store.OutgoingOf(context.Background(), l.word(1))
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.To != l.word(0) {
			continue
		}
		_, after, _ := strings.Cut(o.Content.Text, statusURL+"/unsubscribe/")
		token, _, _ := strings.Cut(after, "\n")
		if code, body := w.web(http.MethodPost, "/unsubscribe/"+token, url.Values{"List-Unsubscribe": {"One-Click"}}); code != http.StatusOK {
			return fmt.Errorf("one click answers %d: %s", code, body)
		}
		return nil
	}
	return fmt.Errorf("no mail about %s to %s", l.word(1), l.word(0))
}

// mailedLink is the link in the newest mail that asks the address to confirm.
func (w *World) mailedLink(address, path string) (string, error) {
	subjects, err := w.subscriptionMails()
	if err != nil {
		return "", err
	}
	for _, subject := range subjects {
		all, err := w.house.Store.OutgoingOf(context.Background(), subject)
		if err != nil {
			return "", err
		}
		for _, o := range slices.Backward(all) {
			if _, after, found := strings.Cut(o.Content.Text, statusURL+path); found && o.To == address {
				token, _, _ := strings.Cut(after, "\n")
				return path + token, nil
			}
		}
	}
	return "", fmt.Errorf("no mail with a link to %s for %s", path, address)
}

// subscriptionMails are what mails that ask to confirm are about, the newest first.
// No service lists them: who subscribes is shown to nobody.
func (w *World) subscriptionMails() (subjects []string, err error) {
	db, err := sql.Open("sqlite", "file:"+w.dir+"/cordon.db?_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT subject FROM outgoing WHERE purpose = 'subscription' ORDER BY num DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var subject string
		if err := rows.Scan(&subject); err != nil {
			return nil, err
		}
		subjects = append(subjects, subject)
	}
	return subjects, rows.Err()
}

// posted ADDRESS POST N: the address has so many mails about the post.
func (w *World) doPosted(_ *txtar.Archive, l line) error {
	n, err := w.mailsAbout(l.word(0), l.word(1))
	if err == nil && strconv.Itoa(n) != l.word(2) {
		err = fmt.Errorf("%d mails about %s to %s, want %s", n, l.word(1), l.word(0), l.word(2))
	}
	return err
}

func (w *World) mailsAbout(address, post string) (n int, err error) {
	all, err := w.house.Store.OutgoingOf(context.Background(), post)
	for _, o := range all {
		if o.To == address {
			n++
		}
	}
	return n, err
}
