package statuspage

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// noticeRoutes are the pages for those whom an incident reached: for patients and
// for practices, in every language that the notice is whole in. They hold nothing
// of any one of them; who wants to know whether he was written to asks with his
// message's code on the page that checks one.
func (s *Server) noticeRoutes() []route {
	if s.Notices == nil {
		return nil
	}
	return []route{
		{"GET", "/notice/{number}", s.notice(notice.PatientPage), extra{files: s.noticeFiles(notice.PatientPage)}},
		{"GET", "/notice/{number}/{lang}", s.notice(notice.PatientPage), extra{}},
		{"GET", "/notice/{number}/practices", s.notice(notice.PracticePage), extra{files: s.noticeFiles(notice.PracticePage)}},
		{"GET", "/notice/{number}/practices/{lang}", s.notice(notice.PracticePage), extra{}},
	}
}

// noticePage is one page as it is drawn.
type noticePage struct {
	notice.Public
	Lead   []notice.Paragraph // what stands before the first heading
	Rest   []notice.Section
	For    string // patients or practices
	Checks bool   // codes are checked here
}

// noticeFresh is what browsers and proxies are told: a correction is seen within
// minutes, and a page that many look at costs little.
const noticeFresh = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"

func (s *Server) notice(letter notice.Letter) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		number, err := strconv.ParseInt(q.PathValue("number"), 10, 64)
		lang := cordon.Language(q.PathValue("lang"))
		if lang == "" {
			lang = cordon.English
		}
		if err != nil || strconv.FormatInt(number, 10) != q.PathValue("number") || !slices.Contains(cordon.Languages(), lang) {
			s.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such page."))
			return
		}
		public, err := s.Notices.PublicPage(q.Context(), number, letter, lang)
		if err != nil {
			s.problem(w, q, err)
			return
		}
		p := noticePage{Public: public, Rest: public.Document.Sections, For: string(letter), Checks: s.Reports != nil}
		if len(p.Rest) > 0 && p.Rest[0].Heading == "" {
			p.Lead, p.Rest = p.Rest[0].Paragraphs, p.Rest[1:]
		}
		summary := ""
		if len(p.Lead) > 0 {
			summary = p.Lead[0].Text
		}
		if !q.file {
			w.Header().Set("Cache-Control", noticeFresh)
		}
		s.show(w, q, http.StatusOK, "notice", frame{Title: public.Document.Title, Section: "announcements", Exercise: public.Exercise, Private: public.Exercise, Summary: summary, Body: p})
	}
}

// noticeFiles lists the pages that are written to the folder.
func (s *Server) noticeFiles(letter notice.Letter) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		numbers, err := s.Notices.PublicList(ctx)
		if err != nil {
			return nil, err
		}
		var all []string
		for _, n := range numbers {
			public, err := s.Notices.PublicPage(ctx, n, letter, cordon.English)
			if err != nil {
				return nil, fmt.Errorf("notice %d: %w", n, err)
			}
			for _, t := range public.Languages {
				all = append(all, public.In(t.Language))
			}
		}
		return all, nil
	}
}
