package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// topicAnnouncements rouses whoever shows or sends announcements.
const topicAnnouncements = "announcements"

const announcementColumns = `a.num, a.number, a.seq, a.kind, a.state, a.impact, a.title, a.body, a.source, a.not_affected, a.components, a.figures,
	a.ledger_size, a.next_due, a.report_by, a.signed_by, a.posted_by, a.approved_by, a.posted_at, h.incident, h.audience, h.exercise, h.last_seq, h.kind`

const announcementTables = `announcement a JOIN announcement_thread h ON h.number = a.number`

type numberedPost struct {
	num int64
	cordon.Announcement
}

func scanAnnouncement(r scanner) (n numberedPost, err error) {
	a := &n.Announcement
	var components, figures string
	var next, report, posted int64
	var exercise bool
	var newest cordon.AnnouncementKind
	var last int
	err = r.Scan(&n.num, &a.Number, &a.Seq, &a.Kind, &a.State, &a.Impact, &a.Title, &a.Body, &a.Source, &a.NotAffected, &components, &figures,
		&a.LedgerSize, &next, &report, &a.SignedBy, &a.PostedBy, &a.ApprovedBy, &posted, &a.Incident, &a.Audience, &exercise, &last, &newest)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal([]byte(components), &a.Components); err != nil {
		return n, fmt.Errorf("components of announcement %d/%d: %w", a.Number, a.Seq, err)
	}
	if err := json.Unmarshal([]byte(figures), &a.Figures); err != nil {
		return n, fmt.Errorf("figures of announcement %d/%d: %w", a.Number, a.Seq, err)
	}
	a.NextUpdateDue, a.ReportBy, a.PostedAt = fromMicros(next), fromMicros(report), fromMicros(posted)
	a.Status = cordon.PostActual
	if exercise {
		a.Status = cordon.PostExercise
	}
	placeAnnouncement(a)
	if last > a.Seq {
		a.SupersededBy, a.SupersededAs = last, cordon.Announcement{Seq: last, Kind: newest}.Mark()
	}
	return n, nil
}

// placeAnnouncement says where the original and the post before are.
func placeAnnouncement(a *cordon.Announcement) {
	a.OriginalURL, a.PreviousURL = cordon.AnnouncementPath(a.Status, a.Number, 0), ""
	if a.Seq > 0 {
		a.PreviousURL = cordon.AnnouncementPath(a.Status, a.Number, a.Seq-1)
	}
}

// Announcement answers one post.
func (s *Store) Announcement(ctx context.Context, number int64, seq int) (cordon.Announcement, error) {
	var n numberedPost
	err := s.read(ctx, func(q querier) (err error) {
		n, err = announcementOf(ctx, q, number, seq)
		return err
	})
	return n.Announcement, wrap(err, "announcement")
}

func announcementOf(ctx context.Context, q querier, number int64, seq int) (numberedPost, error) {
	n, err := scanAnnouncement(q.queryRow(ctx, `SELECT `+announcementColumns+` FROM `+announcementTables+` WHERE a.number = $1 AND a.seq = $2`, number, seq))
	return n, orMissing(err, "announcement")
}

// Announcements lists posts, the newest first.
func (s *Store) Announcements(ctx context.Context, f cordon.AnnouncementFilter, p cordon.Page) ([]cordon.Announcement, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	args := []any{before, p.Size() + 1}
	var where strings.Builder
	and := func(text string, arg any) {
		args = append(args, arg)
		where.WriteString(" AND " + strings.ReplaceAll(text, "?", "$"+strconv.Itoa(len(args))))
	}
	if f.Incident != "" {
		and(`h.incident = ?`, string(f.Incident))
	}
	if f.Number != 0 {
		and(`a.number = ?`, f.Number)
	}
	if len(f.Audiences) > 0 {
		and(`h.audience IN (SELECT r.value FROM {{texts ?}} r)`, jsonText(f.Audiences))
	}
	if f.Status != "" {
		and(`h.exercise = ?`, f.Status != cordon.PostActual)
	}
	var all []numberedPost
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+announcementColumns+` FROM `+announcementTables+` WHERE a.num < $1`+where.String()+` ORDER BY a.num DESC LIMIT $2`, args...)
		all, err = collect(rows, err, scanAnnouncement)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "announcements")
	}
	all, next := page(all, p, func(n numberedPost) string { return strconv.FormatInt(n.num, 10) })
	return unnumbered(all), next, nil
}

func unnumbered(all []numberedPost) []cordon.Announcement {
	list := make([]cordon.Announcement, len(all))
	for i, n := range all {
		list[i] = n.Announcement
	}
	return list
}

// viewPosts bounds what the status page holds in memory.
const viewPosts = 2000

// StatusView answers everything that the status page shows: the newest 2,000
// posts for everybody, their promises, and the parts of the service.
func (s *Store) StatusView(ctx context.Context) (v cordon.StatusView, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+announcementColumns+` FROM `+announcementTables+`
			WHERE h.audience IN ('public', 'recipients') ORDER BY a.num DESC LIMIT $1`, viewPosts)
		posts, err := collect(rows, err, scanAnnouncement)
		if err != nil {
			return err
		}
		v.Posts = unnumbered(posts)
		rows, err = q.query(ctx, `SELECT `+promiseColumns+` FROM promise p WHERE p.number > 0 AND p.audience IN ('public', 'recipients') ORDER BY p.num DESC LIMIT $1`, viewPosts)
		if v.Promises, err = collect(rows, err, scanPromise); err != nil {
			return err
		}
		v.Components, err = components(ctx, q)
		return err
	})
	v.At = s.now().UTC()
	return v, wrap(err, "status view")
}

// IncidentMailKinds answers of which kinds the incident's mail is.
func (s *Store) IncidentMailKinds(ctx context.Context, id cordon.IncidentID) (all []cordon.Kind, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT DISTINCT d.kind FROM dispatch d WHERE `+ofIncident("d", "$1")+` ORDER BY d.kind`, string(id))
		all, err = collect(rows, err, func(r scanner) (k cordon.Kind, err error) { return k, r.Scan(&k) })
		return err
	})
	return all, wrap(err, "incident's kinds of mail")
}

// PublishedFigures answers, for up to n numbers behind the one given that quoted
// figures and were not taken back, the newest post and the newest value of every
// figure that was quoted.
func (s *Store) PublishedFigures(ctx context.Context, after int64, n int) (all []cordon.Published, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT h.number FROM announcement_thread h WHERE h.number > $1 AND h.incident <> '' AND h.kind <> 'retraction'
			AND EXISTS (SELECT 1 FROM announcement a WHERE a.number = h.number AND a.figures <> '[]') ORDER BY h.number LIMIT $2`, after, n)
		numbers, err := collect(rows, err, func(r scanner) (n int64, err error) { return n, r.Scan(&n) })
		if err != nil {
			return err
		}
		all = make([]cordon.Published, 0, len(numbers))
		for _, number := range numbers {
			rows, err := q.query(ctx, `SELECT `+announcementColumns+` FROM `+announcementTables+` WHERE a.number = $1 ORDER BY a.seq DESC`, number)
			posts, err := collect(rows, err, scanAnnouncement)
			if err != nil {
				return err
			}
			all = append(all, published(posts))
		}
		return nil
	})
	return all, wrap(err, "published figures")
}

// published reads posts from the newest: of each figure the first seen counts.
func published(posts []numberedPost) cordon.Published {
	p := cordon.Published{Last: posts[0].Announcement}
	seen := map[string]bool{}
	for _, post := range posts {
		for _, f := range post.Figures {
			if !seen[f.Name] {
				seen[f.Name] = true
				p.Figures = append(p.Figures, f)
			}
		}
	}
	return p
}

// announcementDebts is what an incident owes its readers: what was promised and
// did not come, and that a public incident is over.
func announcementDebts(ctx context.Context, q querier, id cordon.IncidentID, now int64) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT `+promiseColumns+` FROM promise p WHERE p.incident = $1 AND p.state IN ('open', 'missed') AND p.settled_at = 0 AND p.due_at <= $2 ORDER BY p.num`,
		string(id), now)
	late, err := collect(rows, err, scanPromise)
	if err != nil {
		return nil, err
	}
	var debts []cordon.Debt
	for _, p := range late {
		debts = append(debts, cordon.Debt{Kind: cordon.DebtPromise, Subject: string(p.ID), Text: p.Missed()})
	}
	var untold bool
	err = q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident i WHERE i.id = $1 AND i.public)
		AND NOT EXISTS (SELECT 1 FROM announcement_thread h WHERE h.incident = $1 AND h.audience IN ('public', 'recipients'))`, string(id)).Scan(&untold)
	if err != nil {
		return nil, err
	}
	if untold {
		debts = append(debts, cordon.Debt{Kind: cordon.DebtPromise, Subject: string(id), Text: "The incident is public, and nothing was announced"})
	}
	rows, err = q.query(ctx, `SELECT h.number FROM announcement_thread h WHERE h.incident = $1 AND h.state NOT IN ('resolved', 'postmortem') ORDER BY h.number`, string(id))
	open, err := collect(rows, err, func(r scanner) (n int64, err error) { return n, r.Scan(&n) })
	for _, number := range open {
		debts = append(debts, cordon.Debt{Kind: cordon.DebtPromise, Subject: strconv.FormatInt(number, 10),
			Text: "Announcement " + strconv.FormatInt(number, 10) + " has no post that says it is resolved"})
	}
	return debts, err
}
