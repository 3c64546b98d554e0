package api

import "github.com/cordonmail/cordon"

func announcementWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	all := map[string]word{
		"Galley.draft":    {doc: "The draft as it stands"},
		"Galley.heading":  {doc: "Its heading; ? stands for a number that it will get", example: "Reports of spam email (42837) – UPDATE 2, 14 May 2007"},
		"Galley.body":     {doc: "The body with the figures of this moment", example: "So far 1,005 messages were delivered."},
		"Galley.text":     {doc: "The words as they would be posted, promises and components filled in"},
		"Galley.quoted":   {doc: "Figures that the text quotes"},
		"Galley.figures":  {doc: "All figures that could be quoted"},
		"Galley.faults":   {doc: "What keeps it from being posted"},
		"Galley.warnings": {doc: "What to look at once more: numbers that are typed, a mail address", example: []any{"The number 1,005 is typed. {{copies_delivered}} says the same, and stays true."}},
		"Galley.approval": {doc: "A second person must approve it first", example: false},
		"Galley.waits":    {doc: "No witness has seen the ledger of its figures yet", example: false},
		"Posted.post":     {doc: "The post"},
		"Posted.warnings": {doc: "What should have been looked at once more", example: []any{"The number 5 is typed, not counted."}},
		"Posted.waiting":  {doc: "Instead: the draft that is posted by itself once a witness has seen the ledger"},

		"Promise.kind":       {doc: "first-post of a public incident, next-update, or report", example: "next-update", enum: enum(cordon.PromiseFirst, cordon.PromiseUpdate, cordon.PromiseReport)},
		"Promise.state":      {doc: "open, kept, missed, or dropped because nobody needs it any more", example: "kept", enum: enum(cordon.PromiseOpen, cordon.PromiseKept, cordon.PromiseMissed, cordon.PromiseDropped)},
		"Promise.incident":   {doc: "Incident it is about", example: "inc_0123456789abcdefghjkmnpqrs"},
		"Promise.number":     {doc: "Announcement it is about", example: 42837},
		"Promise.seq":        {doc: "Place of the post that made it", example: 1},
		"Promise.audience":   {doc: "Whom it was made to", example: "public", enum: enum(cordon.PostAudiences()...)},
		"Promise.made_at":    {doc: "When it was made", example: when},
		"Promise.due_at":     {doc: "What was promised", example: when},
		"Promise.settled_at": {doc: "When what was promised came", example: when},
		"Promise.settled_by": {doc: "Place of the post that it was", example: 2},
		"Promise.warned_at":  {doc: "When the Customer Liaison was paged before it lapsed", example: when},
		"Promise.paged_at":   {doc: "When the Customer Liaison was paged because it had", example: when},

		"Component.name":              {doc: "As its readers know it", example: "Appointment reminders"},
		"Component.description":       {doc: "One line", example: "Mail before each visit"},
		"Component.position":          {doc: "Place on the page", example: 1},
		"Component.kinds":             {doc: "Kinds of mail it stands for", example: []any{"single"}, enum: enum(cordon.Bulk, cordon.Single, cordon.Notice)},
		"Component.maintenance_from":  {doc: "Announced work on it: from", example: "2026-12-01T22:00:00Z"},
		"Component.maintenance_until": {doc: "And until", example: "2026-12-02T02:00:00Z"},
		"Component.updated_at":        {doc: "When it last changed", example: when},
	}
	texts, both, posts, drafts := textWords(), sharedWords(), postWords(), draftWords()
	spread(all, "AnnouncementText.", texts)
	spread(all, "Announcement.", texts, both, posts)
	spread(all, "AnnouncementDraft.", texts, both, drafts)
	return all
}

// spread adds the words of properties of one type.
func spread(all map[string]word, of string, parts ...map[string]word) {
	for _, part := range parts {
		for name, w := range part {
			all[of+name] = w
		}
	}
}

// textWords are the properties of what a person writes.
func textWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"title":           {doc: "Title, without number, UPDATE or date", example: "Reports of spam email"},
		"state":           {doc: "Where it stands", example: "investigating", enum: enum(cordon.PublicStates()...)},
		"impact":          {doc: "How much of the service it takes", example: "minor", enum: enum(cordon.Impacts()...)},
		"components":      {doc: "Parts of the service it touches"},
		"body":            {doc: "Plain text; of a draft with {{figures}}, of a post with the figures put in", example: "So far 1,005 messages were delivered."},
		"not_affected":    {doc: "What works as it should", example: "Appointment letters go out as usual."},
		"next_update_due": {doc: "When readers hear more", example: when},
		"report_by":       {doc: "By when there will be a report", example: when},
		"signed_by":       {doc: "Role or name, as readers see it", example: "Duty officer, Customer Care"},
	}
}

// sharedWords are what posts and drafts share beside their text.
func sharedWords() map[string]word {
	return map[string]word{
		"number":      {doc: "Number of the series, shared by an original and what follows it", example: 42837},
		"kind":        {doc: "What it is to those before it", example: "update", enum: enum(cordon.AnnouncementKinds()...)},
		"audience":    {doc: "Who it is for", example: "public", enum: enum(cordon.PostAudiences()...)},
		"status":      {doc: "actual, or exercise: watermarked, and mailed to nobody", example: "actual", enum: enum(cordon.PostActual, cordon.PostExercise)},
		"incident":    {doc: "Incident it is about", example: "inc_0123456789abcdefghjkmnpqrs"},
		"posted_by":   {doc: "Who posted it, as the ledger names actors", example: "acc_0123456789abcdefghjkmnpqrs"},
		"approved_by": {doc: "The second person; left out when one person posted it alone", example: "acc_0123456789abcdefghjkmnpqrt"},
	}
}

// postWords are what a post alone has.
func postWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"seq":           {doc: "0 is the original, 2 is UPDATE 2", example: 2},
		"source":        {doc: "The body as it was written, with {{figures}}", example: "So far {{copies_delivered}} messages were delivered."},
		"original_url":  {doc: "Path of the original on the status page", example: "/announcements/42837"},
		"previous_url":  {doc: "Path of the post before", example: "/announcements/42837/1"},
		"figures":       {doc: "Figures it quotes, as they were"},
		"ledger_size":   {doc: "Size of the ledger they were computed at", example: 1834},
		"posted_at":     {doc: "When", example: when},
		"superseded_by": {doc: "Place of the newest post under the number, when it is not this one", example: 3},
		"superseded_as": {doc: "Its mark", example: "UPDATE 3"},
	}
}

// draftWords are what a draft alone has.
func draftWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"stage":      {doc: "open, waiting for a witness, posted, or dropped", example: "open", enum: enum(cordon.DraftOpen, cordon.DraftWaiting, cordon.DraftPosted, cordon.DraftDropped)},
		"why":        {doc: "What the house wrote it for; left out when a person did", example: "published figures changed: copies_delivered was 1,005, is 1,008"},
		"author":     {doc: "Who wrote the words that stand", example: "system"},
		"version":    {doc: "Counts the changes of its words", example: 2},
		"updated_at": {doc: "When it last changed", example: when},
		"posted_seq": {doc: "Place of the post it became", example: 2},
		"frozen":     {doc: "Figures of one that waits for a witness, as they will be published"},
	}
}
