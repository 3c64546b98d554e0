package statuspage

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// exercisePath is where posts of drills are, and nowhere else.
const exercisePath = "/exercise"

// statusRoutes are the pages, feeds and JSON of real posts (under "") or of drills
// (under exercisePath).
func (s *Server) statusRoutes(under string) []route {
	exercise := under != ""
	fixed := func(paths ...string) func(context.Context) ([]string, error) {
		return func(context.Context) ([]string, error) { return paths, nil }
	}
	top := under + "/{$}"
	routes := []route{
		{"GET", top, s.home(exercise), extra{files: fixed(under + "/")}},
		{"GET", under + "/history", s.history(exercise), extra{files: fixed(under + "/history")}},
		{"GET", under + "/announcements", s.index(exercise), extra{files: fixed(under + "/announcements")}},
		{"GET", under + "/announcements/{number}", s.post(exercise), extra{files: s.postFiles(exercise)}},
		{"GET", under + "/announcements/{number}/{seq}", s.post(exercise), extra{}},
		{"GET", under + "/feed.rss", s.rss(exercise), extra{open: true, files: fixed(under + "/feed.rss")}},
		{"GET", under + "/feed.atom", s.atom(exercise), extra{open: true, files: fixed(under + "/feed.atom")}},
	}
	for _, d := range s.documents() {
		path := under + "/api/v2/" + d.name + ".json"
		routes = append(routes, route{"GET", path, s.json(exercise, d.make), extra{open: true, files: fixed(path)}})
	}
	if exercise { // "/exercise" itself
		routes = append(routes, route{"GET", under, s.home(true), extra{}})
	}
	return routes
}

type homePage struct {
	State      cordon.ComponentState
	Headline   string
	Current    []threadCard
	Components []componentRow
	Days       []pastDay
	Legend     bool
}

// threadCard is a thread as a list shows it.
type threadCard struct {
	thread
	Owed []promised
}

// pastDay is a day on which something began, or a run of days without.
type pastDay struct {
	Day     time.Time
	Since   time.Time // of a run: its first day
	Threads []thread
	Going   bool // what is shown above was going on
}

// Quiet says whether there is nothing to tell of.
func (d pastDay) Quiet() bool { return len(d.Threads) == 0 && !d.Going }

// Words names the day, or the run of days.
func (d pastDay) Words() string {
	if d.Since.Equal(d.Day) {
		return day(d.Day)
	}
	if d.Since.Month() == d.Day.Month() {
		return d.Since.Format("2") + " to " + day(d.Day)
	}
	return d.Since.Format("2 January") + " to " + day(d.Day)
}

const pastDays = 14

func (s *Server) home(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, htmlType, func(v cordon.StatusView) ([]byte, error) {
			all := threads(v, exercise)
			open := current(all)
			page := homePage{State: overall(v, all)}
			page.Headline = headline(page.State, len(open))
			for _, t := range open {
				page.Current = append(page.Current, threadCard{t, owed(v, t.Number)})
			}
			for _, c := range v.Components {
				row := rowOf(v, all, c)
				page.Components = append(page.Components, row)
			}
			page.Days = past(v, all, pastDays)
			return s.render(q, "home", s.frameOf(v, exercise, frame{Title: page.Headline, Section: "status", Summary: page.Headline, Body: page}))
		})
	}
}

// past is what was over by now, by the day on which it began, the newest first;
// days on which nothing was are one run.
func past(v cordon.StatusView, all []thread, days int) []pastDay {
	today := v.At.UTC().Truncate(24 * time.Hour)
	var out []pastDay
	for i := range days {
		d := pastDay{Day: today.AddDate(0, 0, -i)}
		d.Since = d.Day
		for _, t := range all {
			began := t.Original().PostedAt.UTC().Truncate(24 * time.Hour)
			d.Going = d.Going || !t.Over() && !began.After(d.Day)
			if t.Over() && began.Equal(d.Day) {
				d.Threads = append(d.Threads, t)
			}
		}
		if n := len(out); n > 0 && d.Quiet() && out[n-1].Quiet() {
			out[n-1].Since = d.Day
			continue
		}
		out = append(out, d)
	}
	return out
}

// frameOf is the frame of a page drawn of a view.
func (s *Server) frameOf(v cordon.StatusView, exercise bool, f frame) frame {
	f.Exercise = exercise
	if exercise {
		f.Title, f.Private = "EXERCISE – "+f.Title, true
	}
	if s.Now().Sub(v.At) > staleAfter {
		f.Stale = v.At
	}
	return f
}

type historyPage struct{ Months []month }

type month struct {
	Name    string
	Threads []thread
}

func (s *Server) history(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, htmlType, func(v cordon.StatusView) ([]byte, error) {
			var page historyPage
			for _, t := range threads(v, exercise) {
				name := t.Original().PostedAt.UTC().Format("January 2006")
				if n := len(page.Months); n == 0 || page.Months[n-1].Name != name {
					page.Months = append(page.Months, month{Name: name})
				}
				last := &page.Months[len(page.Months)-1]
				last.Threads = append(last.Threads, t)
			}
			return s.render(q, "history", s.frameOf(v, exercise, frame{Title: "History", Section: "history", Body: page}))
		})
	}
}

type indexPage struct{ Posts []cordon.Announcement }

func (s *Server) index(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, htmlType, func(v cordon.StatusView) ([]byte, error) {
			var page indexPage
			for _, p := range v.Posts {
				if p.Exercise() == exercise {
					page.Posts = append(page.Posts, p)
				}
			}
			return s.render(q, "announcements", s.frameOf(v, exercise, frame{Title: "Announcements", Section: "announcements", Body: page}))
		})
	}
}

type postPage struct {
	Post         cordon.Announcement
	Paragraphs   []paragraph
	NotAffected  []paragraph
	Components   []string
	Thread       thread
	Owed         []promised // of the number, on its newest post
	Kept, Missed int
	SupersededBy string // path
}

func (s *Server) post(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		number, errNumber := strconv.ParseInt(q.PathValue("number"), 10, 64)
		seq, errSeq := 0, error(nil)
		if text := q.PathValue("seq"); text != "" {
			seq, errSeq = strconv.Atoi(text)
		}
		if errNumber != nil || errSeq != nil || cordon.AnnouncementPath(statusOfPost(exercise), number, seq) != q.URL.Path { // one spelling each
			s.problem(w, q, missingPost())
			return
		}
		s.fromView(w, q, htmlType, func(v cordon.StatusView) ([]byte, error) {
			page, err := s.postPage(v, exercise, number, seq)
			if err != nil {
				return nil, err
			}
			f := frame{Title: page.Post.Heading(), Section: "announcements", Summary: firstLine(page.Post.Body), Body: page}
			f = s.frameOf(v, exercise, f)
			f.Title = page.Post.Heading() // watermarked already
			return s.render(q, "announcement", f)
		})
	}
}

func statusOfPost(exercise bool) cordon.PostStatus {
	if exercise {
		return cordon.PostExercise
	}
	return cordon.PostActual
}

func missingPost() error {
	return &cordon.Error{Code: cordon.Missing, Message: "There is no such announcement.", Remedy: "The index lists them all."}
}

func (s *Server) postPage(v cordon.StatusView, exercise bool, number int64, seq int) (postPage, error) {
	for _, t := range threads(v, exercise) {
		if t.Number != number {
			continue
		}
		for _, p := range t.Posts {
			if p.Seq == seq {
				return s.pageOf(v, t, p), nil
			}
		}
	}
	return postPage{}, missingPost()
}

func (s *Server) pageOf(v cordon.StatusView, t thread, p cordon.Announcement) postPage {
	page := postPage{Post: p, Thread: t, Paragraphs: s.paragraphs(p.Body), NotAffected: s.paragraphs(p.NotAffected)}
	for _, c := range v.Components {
		if touched(p, c.ID) {
			page.Components = append(page.Components, c.Name)
		}
	}
	if last := t.Last(); last.Seq != p.Seq {
		page.SupersededBy = last.Path()
	} else {
		page.Owed = owed(v, t.Number)
	}
	page.Kept, page.Missed = settled(v, t.Number)
	return page
}

// postFiles lists every post that is shown.
func (s *Server) postFiles(exercise bool) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		snap, err := s.look(ctx)
		if err != nil {
			return nil, err
		}
		var paths []string
		for _, p := range snap.view.Posts {
			if p.Exercise() == exercise {
				paths = append(paths, p.Path())
			}
		}
		return paths, nil
	}
}

// paragraph is lines, each of pieces of which some are links.
type paragraph struct{ Lines [][]piece }

type piece struct {
	Text string
	To   string // path of the status page; "" = plain text
}

// paragraphs cuts a text for the page. Only addresses of the status page itself
// become links.
func (s *Server) paragraphs(text string) []paragraph {
	var all []paragraph
	for _, p := range cordon.Paragraphs(text) {
		var out paragraph
		for line := range strings.SplitSeq(p, "\n") {
			out.Lines = append(out.Lines, s.pieces(strings.TrimSpace(line)))
		}
		all = append(all, out)
	}
	return all
}

func (s *Server) pieces(line string) []piece {
	var all []piece
	own := s.Site.URL + "/"
	for own != "/" {
		before, after, found := strings.Cut(line, own)
		if !found {
			break
		}
		end := strings.IndexFunc(after, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.", r)
		})
		if end < 0 {
			end = len(after)
		}
		path := strings.TrimRight(after[:end], ".")
		all = append(all, piece{Text: before}, piece{Text: own + path, To: "/" + path})
		line = after[len(path):]
	}
	return append(all, piece{Text: line})
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if r := []rune(line); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return line
}
