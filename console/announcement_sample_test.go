package console

import (
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

// sampleAnnouncements are the pages of announcements, full and empty.
func sampleAnnouncements(full func(name, page, section, live string, body any) samplePageCase, bare func(name, page string, body any) samplePageCase) []samplePageCase {
	post := samplePost()
	draft := sampleDraft()
	compose := composePage{Draft: draft, Title: "Correction to 42837", Action: "/announcements/drafts/adr_x", Number: "42837", Preview: sampleAnnouncePreview(draft), MayPost: true, MayApprove: true, By: "Cordon", Approver: "Ines Moreau",
		Components: []option{{"cmp_1", "Appointment letters", true}, {"cmp_2", "Mailings", false}}, ReportBy: "2026-11-30T12:00", Fault: &fault{"Signed by is missing.", "Write it."}}
	compose.options(draft, sampleNow)
	fresh := composePage{Title: "New announcement", Action: "/announcements/drafts", Preview: announcePreview{Problem: "There is no such incident."}}
	fresh.options(cordon.AnnouncementDraft{}, sampleNow)
	exercise := draft
	exercise.Status, exercise.ID = cordon.PostExercise, ""
	rehearsal := composePage{Draft: exercise, Title: "New announcement", Action: "/announcements/drafts", Preview: sampleAnnouncePreview(exercise), MayPost: true}
	rehearsal.options(exercise, sampleNow)
	page := announcementPage{Post: post, Paragraphs: cordon.Paragraphs(post.Body), NotAffected: []string{post.NotAffected}, Facts: []fact{{Name: "For", Value: "Public"}}, Before: "/announcements/42837/0", Newest: "/announcements/42837/2", MayPost: true}
	return []samplePageCase{
		full("announcements", "announcements", "announcements", "/live/announcements", sampleAnnouncementsPage()),
		bare("announcements empty", "announcements", announcementsPage{}),
		full("announce", "announce", "announcements", "", compose),
		full("announce exercise", "announce", "announcements", "", rehearsal),
		bare("announce empty", "announce", fresh),
		full("announcement", "announcement", "announcements", "", page),
		bare("announcement bare", "announcement", announcementPage{}),
	}
}

func samplePost() cordon.Announcement {
	a := cordon.Announcement{Number: 42837, Seq: 1, Kind: cordon.AnnounceUpdate, Audience: cordon.ForPublic, Status: cordon.PostActual, PostedAt: sampleNow.Add(-time.Hour), PostedBy: "acc_1",
		Incident: "inc_0123456789abcdefghjkmnpqrs", SupersededBy: 2, SupersededAs: "UPDATE 2", LedgerSize: 413}
	a.Title, a.Body, a.NotAffected, a.SignedBy = "Reports of spam email", "So far 1,005 messages were delivered.\n\nWe found how.", "Appointment letters go out as usual.", "Customer Care"
	a.State, a.Impact, a.NextUpdateDue = cordon.PublicIdentified, cordon.ImpactMinor, sampleNow.Add(20*time.Minute)
	a.Figures = []cordon.Figure{{Name: cordon.FigureDelivered, Value: 1005, AsOf: sampleNow, LedgerSize: 413}}
	return a
}

func sampleDraft() cordon.AnnouncementDraft {
	d := cordon.AnnouncementDraft{ID: "adr_0123456789abcdefghjkmnpqrs", Number: 42837, Kind: cordon.AnnounceCorrection, Audience: cordon.ForPublic, Status: cordon.PostActual, Stage: cordon.DraftOpen,
		Why: "published figures changed: copies_delivered was 1,005, is 1,008", Author: "system", Version: 2, UpdatedAt: sampleNow.Add(-3 * time.Minute)}
	d.Title, d.Body, d.State, d.Impact = "Reports of spam email", "Messages delivered: {{copies_delivered}} (before: 1,005).", cordon.PublicIdentified, cordon.ImpactMinor
	return d
}

func sampleAnnouncePreview(d cordon.AnnouncementDraft) announcePreview {
	return previewOf(announce.Galley{Draft: d, Heading: "Reports of spam email (42837) – UPDATE 3 (CORRECTION), 22 November 2026", Body: "Messages delivered: 1,008 (before: 1,005).",
		Text:     cordon.AnnouncementText{NotAffected: "Everything else.", NextUpdateDue: sampleNow.Add(time.Hour), ReportBy: sampleNow.Add(99 * time.Hour), SignedBy: "Customer Care"},
		Figures:  []cordon.Figure{{Name: cordon.FigureDelivered, Value: 1008}},
		Faults:   []cordon.Fault{{Field: "signed_by", Message: "is missing", Remedy: "write it"}},
		Warnings: []string{"The number 1,005 is typed, not counted."}, Approval: true, Waits: true}, nil)
}

func sampleAnnouncementsPage() announcementsPage {
	draft, second := sampleDraft(), sampleDraft()
	second.Kind, second.Status, second.Audience, second.Why, second.Stage = cordon.AnnounceUpdate, cordon.PostExercise, cordon.ForTenants, "", cordon.DraftWaiting
	exercise := samplePost()
	exercise.Status, exercise.SupersededAs, exercise.ApprovedBy = cordon.PostExercise, "", "acc_2"
	p := announcementsPage{MayPost: true, Next: "/announcements?after=x",
		Figures: []figure{{Label: "Await a signature", Value: "2", Tone: cordon.HeldState}, {Label: "Promises owed", Value: "1"}},
		Drafts:  []draftRow{{Draft: draft, Title: "Reports of spam email (42837)", Kind: "Correction", By: "Cordon"}, {Draft: second, Title: "Messages sent without authority", Kind: "Update", By: "Ines Moreau", Waits: true, Second: true}},
		Posts:   []postRow{{samplePost(), "Identified", "Ines Moreau"}, {exercise, "Resolved", "The operator"}}}
	for _, promise := range []cordon.Promise{
		{Kind: cordon.PromiseUpdate, State: cordon.PromiseOpen, Number: 42837, DueAt: sampleNow.Add(20 * time.Minute)},
		{Kind: cordon.PromiseReport, State: cordon.PromiseMissed, Number: 42837, DueAt: sampleNow.Add(-time.Hour)},
		{Kind: cordon.PromiseFirst, State: cordon.PromiseKept, DueAt: sampleNow.Add(-2 * time.Hour), SettledAt: sampleNow.Add(-3 * time.Hour)},
		{Kind: cordon.PromiseFirst, State: cordon.PromiseDropped, DueAt: sampleNow, SettledAt: sampleNow, Exercise: true},
		{Kind: cordon.PromiseUpdate, State: cordon.PromiseMissed, DueAt: sampleNow, SettledAt: sampleNow},
	} {
		p.Promises = append(p.Promises, promiseRowOf(promise, sampleNow))
	}
	return p
}
