package statuspage

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

func signature() announce.Signature { return announce.Signature{} }

// TestAtomIsValid holds the feed against the rules of RFC 4287 that a reader
// relies on, empty and full.
func TestAtomIsValid(t *testing.T) {
	h := newHouse(t)
	for _, posts := range []int{0, 3} {
		for i := range posts {
			if i == 0 {
				h.post(nil)
			} else {
				h.post(follows(42837))
			}
		}
		raw := h.page("/feed.atom")
		if !strings.HasPrefix(raw, `<?xml version="1.0" encoding="UTF-8"?>`) {
			t.Errorf("begins with %.60s", raw)
		}
		var feed struct {
			XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
			ID      []string `xml:"id"`
			Title   []string `xml:"title"`
			Updated []string `xml:"updated"`
			Author  []struct {
				Name string `xml:"name"`
			} `xml:"author"`
			Links   []atomLink `xml:"link"`
			Entries []struct {
				ID        []string   `xml:"id"`
				Title     []string   `xml:"title"`
				Updated   []string   `xml:"updated"`
				Published []string   `xml:"published"`
				Links     []atomLink `xml:"link"`
				Content   []atomText `xml:"content"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(raw), &feed); err != nil {
			t.Fatal(err)
		}
		// 4.1.1: exactly one id, title, updated; an author unless every entry has one.
		if len(feed.ID) != 1 || len(feed.Title) != 1 || len(feed.Updated) != 1 || len(feed.Author) != 1 || feed.Author[0].Name == "" || len(feed.Entries) != posts {
			t.Fatalf("feed: %+v", feed)
		}
		wantMoment(t, feed.Updated[0])
		wantIRI(t, feed.ID[0])
		if self := feed.Links[0]; self.Rel != "self" || self.Href != siteURL+"/feed.atom" {
			t.Errorf("self: %+v", self)
		}
		ids := map[string]bool{}
		for _, e := range feed.Entries {
			// 4.1.2: the same of an entry, and an alternate link unless it has content.
			if len(e.ID) != 1 || len(e.Title) != 1 || len(e.Updated) != 1 || ids[e.ID[0]] || len(e.Content) != 1 || e.Content[0].Type != "html" {
				t.Errorf("entry: %+v", e)
			}
			ids[e.ID[0]] = true
			wantIRI(t, e.ID[0])
			wantMoment(t, e.Updated[0])
			wantMoment(t, e.Published[0])
			wantIn(t, e.Content[0].Text, "<p>We are looking into reports of spam.</p>", "&lt;soon&gt;")
			wantOut(t, e.Content[0].Text, "<soon>")
		}
		if posts > 0 && feed.Updated[0] != feed.Entries[0].Updated[0] {
			t.Errorf("updated %s, newest entry %s", feed.Updated[0], feed.Entries[0].Updated[0])
		}
	}
}

func wantMoment(t *testing.T, text string) {
	t.Helper()
	if _, err := time.Parse(time.RFC3339, text); err != nil { // 3.3
		t.Error(err)
	}
}

func wantIRI(t *testing.T, text string) {
	t.Helper()
	if u, err := url.Parse(text); err != nil || !u.IsAbs() { // 4.2.6
		t.Errorf("%q is no IRI", text)
	}
}

func TestRSSIsValid(t *testing.T) {
	h := newHouse(t)
	h.post(nil)
	h.post(follows(42837))
	h.post(func(d *cordon.AnnouncementDraft) { d.Status = cordon.PostExercise })
	var feed struct {
		XMLName xml.Name `xml:"rss"`
		Version string   `xml:"version,attr"`
		Channel struct {
			Title       []string `xml:"title"`
			Link        []string `xml:"link"`
			Description []string `xml:"description"`
			Items       []struct {
				Title []string  `xml:"title"`
				Link  []string  `xml:"link"`
				GUID  []rssGUID `xml:"guid"`
				Date  []string  `xml:"pubDate"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	raw := h.page("/feed.rss")
	if err := xml.Unmarshal([]byte(raw), &feed); err != nil {
		t.Fatal(err)
	}
	c := feed.Channel
	// The link element of Atom shares its local name.
	if feed.Version != "2.0" || len(c.Title) != 1 || c.Link[0] != siteURL+"/" || len(c.Description) != 1 || len(c.Items) != 2 {
		t.Fatalf("feed: %+v", feed)
	}
	guids := map[string]bool{}
	for _, item := range c.Items {
		if len(item.Title) != 1 || len(item.GUID) != 1 || guids[item.GUID[0].Value] || !item.GUID[0].Permanent || item.Link[0] != item.GUID[0].Value {
			t.Errorf("item: %+v", item)
		}
		guids[item.GUID[0].Value] = true
		if _, err := time.Parse(time.RFC1123Z, item.Date[0]); err != nil {
			t.Error(err)
		}
	}
	if c.Items[0].Title[0] != "Reports of spam email (42837) – UPDATE 1, 12 May 2007" {
		t.Errorf("newest: %q", c.Items[0].Title[0])
	}
}
