package statuspage

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	feedPosts = 100
	rssType   = "application/rss+xml; charset=utf-8"
	atomType  = "application/atom+xml; charset=utf-8"
	atomSpace = "http://www.w3.org/2005/Atom"
)

// rssFeed is RSS 2.0 (rssboard.org/rss-specification).
type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Built       string    `xml:"lastBuildDate,omitempty"`
	TTL         int       `xml:"ttl"` // minutes
	Self        rssSelf   `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type rssSelf struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type rssItem struct {
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	GUID        rssGUID  `xml:"guid"`
	Published   string   `xml:"pubDate"` // RFC 822, with a year of four digits
	Categories  []string `xml:"category"`
	Description string   `xml:"description"` // HTML, as readers take it
}

type rssGUID struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

// atomFeed is RFC 4287.
type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Language string      `xml:"xml:lang,attr"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	Updated  string      `xml:"updated"`
	Author   atomPerson  `xml:"author"`
	Links    []atomLink  `xml:"link"`
	Entries  []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Author     atomPerson     `xml:"author"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Content    atomText       `xml:"content"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// fed are the posts that a feed has.
func fed(v cordon.StatusView, exercise bool) []cordon.Announcement {
	var all []cordon.Announcement
	for _, p := range v.Posts {
		if p.Exercise() == exercise && len(all) < feedPosts {
			all = append(all, p)
		}
	}
	return all
}

func (s *Server) feedTitle(exercise bool) string {
	title := s.Site.Name + ": announcements"
	if exercise {
		title = "EXERCISE – " + title
	}
	return title
}

// newestOf is when a feed last changed; the moment that all feeds began at, when
// it is empty, because Atom asks for one.
func newestOf(posts []cordon.Announcement) time.Time {
	if len(posts) == 0 {
		return time.Unix(0, 0).UTC()
	}
	return posts[0].PostedAt.UTC()
}

func categories(p cordon.Announcement) []string {
	all := []string{string(p.Kind), string(p.State), string(p.Impact)}
	if p.Exercise() {
		all = append(all, "exercise")
	}
	return all
}

func under(exercise bool) string {
	if exercise {
		return exercisePath
	}
	return ""
}

func (s *Server) rss(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, rssType, func(v cordon.StatusView) ([]byte, error) {
			posts := fed(v, exercise)
			feed := rssFeed{Version: "2.0", Atom: atomSpace, Channel: rssChannel{
				Title: s.feedTitle(exercise), Link: s.Site.URL + under(exercise) + "/", Language: "en", TTL: 5,
				Description: "What " + s.Site.Name + " announces about its service",
				Self:        rssSelf{Href: s.Site.URL + under(exercise) + "/feed.rss", Rel: "self", Type: "application/rss+xml"},
			}}
			if len(posts) > 0 {
				feed.Channel.Built = newestOf(posts).Format(time.RFC1123Z)
			}
			for _, p := range posts {
				at := s.Site.URL + p.Path()
				feed.Channel.Items = append(feed.Channel.Items, rssItem{
					Title: p.Heading(), Link: at, GUID: rssGUID{Permanent: true, Value: at}, Published: p.PostedAt.UTC().Format(time.RFC1123Z),
					Categories: categories(p), Description: feedHTML(p),
				})
			}
			return writeXML(feed)
		})
	}
}

func (s *Server) atom(exercise bool) func(http.ResponseWriter, *request) {
	return func(w http.ResponseWriter, q *request) {
		s.fromView(w, q, atomType, func(v cordon.StatusView) ([]byte, error) {
			posts := fed(v, exercise)
			self := s.Site.URL + under(exercise) + "/feed.atom"
			feed := atomFeed{
				Language: "en", ID: self, Title: s.feedTitle(exercise), Updated: newestOf(posts).Format(time.RFC3339), Author: atomPerson{s.Site.Name},
				Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: self}, {Rel: "alternate", Type: "text/html", Href: s.Site.URL + under(exercise) + "/"}},
			}
			for _, p := range posts {
				at, posted := s.Site.URL+p.Path(), p.PostedAt.UTC().Format(time.RFC3339)
				entry := atomEntry{
					ID: at, Title: p.Heading(), Published: posted, Updated: posted, Author: atomPerson{p.SignedBy},
					Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: at}}, Content: atomText{"html", feedHTML(p)},
				}
				for _, c := range categories(p) {
					entry.Categories = append(entry.Categories, atomCategory{c})
				}
				feed.Entries = append(feed.Entries, entry)
			}
			return writeXML(feed)
		})
	}
}

func writeXML(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// feedHTML is the post as feed readers show it; everything in it is escaped.
func feedHTML(p cordon.Announcement) string {
	var b strings.Builder
	add := func(text string) {
		for _, par := range cordon.Paragraphs(text) {
			b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(par), "\n", "<br>") + "</p>")
		}
	}
	if p.Exercise() {
		add("EXERCISE. Nothing of this is real.")
	}
	add(p.Body)
	if p.NotAffected != "" {
		add("Not affected: " + p.NotAffected)
	}
	if len(p.Figures) > 0 {
		add("Figures as of " + moment(p.Figures[0].AsOf) + ", ledger entry " + cordon.Thousands(p.LedgerSize) + ".")
	}
	if !p.NextUpdateDue.IsZero() {
		add("Next update by " + moment(p.NextUpdateDue) + ".")
	}
	if !p.ReportBy.IsZero() {
		add("A report by " + moment(p.ReportBy) + ".")
	}
	add("Signed: " + p.SignedBy)
	return b.String()
}
