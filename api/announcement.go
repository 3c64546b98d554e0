package api

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

const tagAnnouncements = "announcements"

// announcementRoutes are the house's public words.
func (a *API) announcementRoutes() []route {
	const drafts = "/v1/announcement-drafts"
	return []route{
		{get, "/v1/announcements", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "listAnnouncements", tagAnnouncements, "List posts, newest first; a tenant's people see what is for them or for everybody", 0, nil, false, on(a.listAnnouncements)},
		{get, "/v1/announcements/{number}/{seq}", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "getAnnouncement", tagAnnouncements, "Show a post", 0, nil, false, on(a.getAnnouncement)},
		{get, drafts, need{cordon.ReadIncidents, cordon.PostAnnouncements}, "listAnnouncementDrafts", tagAnnouncements, "List drafts, newest first; the house's own are among them", 0, nil, false, on(a.listAnnouncementDrafts)},
		{post, drafts, need{cordon.PostAnnouncements}, "writeAnnouncementDraft", tagAnnouncements, "Write a draft", 201, nil, false, on(a.writeAnnouncementDraft)},
		{post, drafts + "/preview", need{cordon.PostAnnouncements}, "previewAnnouncement", tagAnnouncements, "How words would be posted now, with every fault; nothing is saved", 0, nil, false, on(a.previewAnnouncement)},
		{get, drafts + "/{draft}", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "getAnnouncementDraft", tagAnnouncements, "Show a draft as it would be posted now", 0, nil, false, on(a.getAnnouncementDraft)},
		{put, drafts + "/{draft}", need{cordon.PostAnnouncements}, "rewriteAnnouncementDraft", tagAnnouncements, "Replace the words of a draft, in the version that was seen; an approval ends with it", 0, nil, false, on(a.rewriteAnnouncementDraft)},
		{post, drafts + "/{draft}/approve", need{cordon.ApproveNotices, cordon.PostAnnouncements}, "approveAnnouncementDraft", tagAnnouncements, "Approve this very version, never one's own words", 0, nil, false, on(a.approveAnnouncementDraft)},
		{post, drafts + "/{draft}/post", need{cordon.PostAnnouncements}, "postAnnouncement", tagAnnouncements, "Post a draft: it never changes again. 200 with waiting means that it is kept back until a witness has seen the ledger", 0, nil, false, on(a.postAnnouncement)},
		{post, drafts + "/{draft}/drop", need{cordon.PostAnnouncements}, "dropAnnouncementDraft", tagAnnouncements, "Drop a draft", 204, nil, false, on(a.dropAnnouncementDraft)},
		{get, "/v1/promises", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "listPromises", tagAnnouncements, "List what readers were promised, newest first: open, kept, missed", 0, nil, false, on(a.listPromises)},
		{get, "/v1/subscribers", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "countSubscribers", tagAnnouncements, "How many get announcements by mail; who they are is shown to nobody", 0, nil, false, on(a.countSubscribers)},
		{get, "/v1/components", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "listComponents", tagAnnouncements, "List the parts of the service on the status page", 0, nil, false, on(a.listComponents)},
		{post, "/v1/components", need{cordon.PostAnnouncements}, "createComponent", tagAnnouncements, "Put a part of the service on the status page", 201, nil, false, on(a.createComponent)},
		{put, "/v1/components/{component}", need{cordon.PostAnnouncements}, "changeComponent", tagAnnouncements, "Replace what is said of a part; announce maintenance on it", 0, nil, false, on(a.changeComponent)},
		{del, "/v1/components/{component}", need{cordon.PostAnnouncements}, "deleteComponent", tagAnnouncements, "Take a part off the status page", 204, nil, false, on(a.deleteComponent)},
		{get, "/v1/status-page.zip", need{cordon.ReadIncidents, cordon.PostAnnouncements}, "renderStatusPage", tagAnnouncements, "The status page as files: pages, feeds and JSON, for any web server", 0, nil, false, streaming(a.renderStatusPage)},
	}
}

// herald is nil-safe: an edge without one announces nothing.
func (a *API) herald() (*announce.Herald, error) {
	if a.Herald == nil {
		return nil, cordon.Errorf(cordon.Unavailable, "this house announces nothing")
	}
	return a.Herald, nil
}

// AnnouncementWords is what is written of a post.
type AnnouncementWords struct {
	Title         string               `json:"title" maxLength:"120" doc:"Title, without number, UPDATE or date" example:"Reports of spam email"`
	State         cordon.PublicState   `json:"state,omitempty" enum:"investigating,identified,monitoring,resolved,postmortem" doc:"Where it stands; left out, as before" example:"investigating"`
	Impact        cordon.Impact        `json:"impact,omitempty" enum:"none,minor,major,critical" doc:"How much of the service it takes; left out, as before" example:"minor"`
	Components    []cordon.ComponentID `json:"components,omitempty" maxItems:"100" doc:"Parts of the service it touches; left out, those of the incident's kinds of mail"`
	Body          string               `json:"body" maxLength:"10000" doc:"Plain text, blank lines between paragraphs; {{copies_delivered}} and other figures are put in when it is posted" example:"So far {{copies_delivered}} messages were delivered."`
	NotAffected   string               `json:"not_affected,omitempty" maxLength:"1000" doc:"What works as it should; every original says it" example:"Appointment letters go out as usual."`
	NextUpdateDue time.Time            `json:"next_update_due,omitzero" doc:"When readers hear more: a promise" example:"2026-11-22T05:18:00Z"`
	ReportBy      time.Time            `json:"report_by,omitzero" doc:"By when there will be a report: a promise" example:"2026-11-27T17:00:00Z"`
	SignedBy      string               `json:"signed_by,omitempty" maxLength:"120" doc:"Role or name, as readers see it" example:"Duty officer, Customer Care"`
}

func (t AnnouncementWords) words() cordon.AnnouncementText {
	return cordon.AnnouncementText{Title: t.Title, State: t.State, Impact: t.Impact, Components: t.Components, Body: t.Body, NotAffected: t.NotAffected,
		NextUpdateDue: t.NextUpdateDue, ReportBy: t.ReportBy, SignedBy: t.SignedBy}
}

type writeDraftRequest struct {
	Body struct {
		Number   int64                   `json:"number,omitempty" minimum:"0" doc:"The announcement it follows; left out for an original" example:"42837"`
		Kind     cordon.AnnouncementKind `json:"kind,omitempty" enum:"original,update,correction,resolved,retraction" doc:"Left out: original without a number, update with one" example:"update"`
		Audience cordon.PostAudience     `json:"audience,omitempty" enum:"public,tenants,recipients,staff" doc:"Who it is for; left out, public. What follows an original is for its readers" example:"public"`
		Incident string                  `json:"incident,omitempty" maxLength:"64" doc:"Incident it is about, by ID or number; its figures can be quoted" example:"INC-12"`
		Exercise bool                    `json:"exercise,omitempty" doc:"Watermarked EXERCISE, and mailed to nobody; always so for a drill's incident" example:"false"`
		AnnouncementWords
	} `nameHint:"AnnouncementDraftRequest"`
}

func (a *API) draftOf(ctx context.Context, x *exchange, in *writeDraftRequest) (cordon.AnnouncementDraft, error) {
	d := cordon.AnnouncementDraft{Number: in.Body.Number, Kind: in.Body.Kind, Audience: in.Body.Audience, AnnouncementText: in.Body.words()}
	if in.Body.Exercise {
		d.Status = cordon.PostExercise
	}
	var err error
	if in.Body.Incident != "" {
		d.Incident, err = a.incidentOf(ctx, x, in.Body.Incident)
	}
	return d, err
}

func (a *API) writeAnnouncementDraft(ctx context.Context, x *exchange, in *writeDraftRequest) (*created[cordon.AnnouncementDraft], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	d, err := a.draftOf(ctx, x, in)
	if err == nil {
		d, err = h.Write(ctx, x.actor, d)
	}
	if err != nil {
		return nil, err
	}
	return &created[cordon.AnnouncementDraft]{Location: "/v1/announcement-drafts/" + string(d.ID), Body: d}, nil
}

func (a *API) previewAnnouncement(ctx context.Context, x *exchange, in *writeDraftRequest) (*answer[announce.Galley], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	d, err := a.draftOf(ctx, x, in)
	if err != nil {
		return nil, err
	}
	return answered(h.Try(ctx, x.actor, d))
}

// DraftPath names a draft.
type DraftPath struct {
	Draft cordon.AnnouncementDraftID `path:"draft" maxLength:"64" doc:"Draft's ID" example:"adr_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getAnnouncementDraft(ctx context.Context, x *exchange, in *DraftPath) (*answer[announce.Galley], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return answered(h.Look(ctx, x.actor, in.Draft))
}

type draftsQuery struct {
	PageQuery
	All bool `query:"all" doc:"Also those that were posted or dropped" example:"false"`
}

func (a *API) listAnnouncementDrafts(ctx context.Context, x *exchange, in *draftsQuery) (*answer[list[cordon.AnnouncementDraft]], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return listed(h.Drafts(ctx, x.actor, in.All, in.page()))
}

type rewriteDraftRequest struct {
	DraftPath
	Body struct {
		Version int64                   `json:"version" minimum:"1" doc:"The version that was seen" example:"2"`
		Kind    cordon.AnnouncementKind `json:"kind,omitempty" enum:"original,update,correction,resolved,retraction" doc:"Left out, as it is" example:"resolved"`
		AnnouncementWords
	} `nameHint:"AnnouncementDraftChange"`
}

func (a *API) rewriteAnnouncementDraft(ctx context.Context, x *exchange, in *rewriteDraftRequest) (*answer[cordon.AnnouncementDraft], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	seen, err := h.Look(ctx, x.actor, in.Draft)
	if err != nil {
		return nil, err
	}
	d := seen.Draft
	d.Version = in.Body.Version
	if in.Body.Kind != "" {
		d.Kind = in.Body.Kind
	}
	words := in.Body.words()
	if words.State == "" {
		words.State = d.State
	}
	if words.Impact == "" {
		words.Impact = d.Impact
	}
	d.AnnouncementText = words
	return answered(h.Write(ctx, x.actor, d))
}

type draftVersionRequest struct {
	DraftPath
	Body struct {
		Version int64 `json:"version" minimum:"1" doc:"The version that was read" example:"2"`
	} `nameHint:"AnnouncementDraftVersion"`
}

func (a *API) approveAnnouncementDraft(ctx context.Context, x *exchange, in *draftVersionRequest) (*answer[cordon.AnnouncementDraft], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return answered(h.Approve(ctx, x.actor, in.Draft, in.Body.Version))
}

func (a *API) dropAnnouncementDraft(ctx context.Context, x *exchange, in *draftVersionRequest) (*nothing, error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return done(h.Drop(ctx, x.actor, in.Draft, in.Body.Version))
}

type postRequest struct {
	DraftPath
	Body struct {
		Version  int64  `json:"version" minimum:"1" doc:"The version that was read" example:"2"`
		SignedBy string `json:"signed_by,omitempty" maxLength:"120" doc:"Role or name, as readers see it; left out, the draft's" example:"Duty officer, Customer Care"`
		Next     int    `json:"next_in_seconds,omitempty" minimum:"0" maximum:"31536000" doc:"Until the next post; left out, the draft's" example:"1200"`
	} `nameHint:"PostRequest"`
}

func (a *API) postAnnouncement(ctx context.Context, x *exchange, in *postRequest) (*answer[announce.Posted], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return answered(h.Post(ctx, x.actor, in.Draft, announce.Signature{Version: in.Body.Version, SignedBy: in.Body.SignedBy, Next: time.Duration(in.Body.Next) * time.Second}))
}

type announcementsQuery struct {
	PageQuery
	Number   int64  `query:"number" minimum:"0" doc:"Only under this number" example:"42837"`
	Incident string `query:"incident" maxLength:"64" doc:"Only about this incident, by ID or number" example:"INC-12"`
}

func (a *API) listAnnouncements(ctx context.Context, x *exchange, in *announcementsQuery) (*answer[list[cordon.Announcement]], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	f := cordon.AnnouncementFilter{Number: in.Number}
	if in.Incident != "" {
		if f.Incident, err = a.incidentOf(ctx, x, in.Incident); err != nil {
			return nil, err
		}
	}
	return listed(h.Announcements(ctx, x.actor, f, in.page()))
}

// PostPath names a post.
type PostPath struct {
	Number int64 `path:"number" minimum:"1" doc:"Announcement's number" example:"42837"`
	Seq    int   `path:"seq" minimum:"0" doc:"Its place: 0 is the original, 2 is UPDATE 2" example:"2"`
}

func (a *API) getAnnouncement(ctx context.Context, x *exchange, in *PostPath) (*answer[cordon.Announcement], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return answered(h.Announcement(ctx, x.actor, in.Number, in.Seq))
}

type promisesQuery struct {
	PageQuery
	Owed     bool   `query:"owed" doc:"Only those that are still owed" example:"true"`
	Incident string `query:"incident" maxLength:"64" doc:"Only of this incident, by ID or number" example:"INC-12"`
}

func (a *API) listPromises(ctx context.Context, x *exchange, in *promisesQuery) (*answer[list[cordon.Promise]], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	f := cordon.PromiseFilter{Owed: in.Owed}
	if in.Incident != "" {
		if f.Incident, err = a.incidentOf(ctx, x, in.Incident); err != nil {
			return nil, err
		}
	}
	return listed(h.Promises(ctx, x.actor, f, in.page()))
}

type subscriberCount struct {
	Subscribers int64 `json:"subscribers" doc:"How many have confirmed" example:"1204"`
}

func (a *API) countSubscribers(ctx context.Context, x *exchange, _ *struct{}) (*answer[subscriberCount], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	n, err := h.Subscribers(ctx, x.actor)
	return answered(subscriberCount{n}, err)
}

type componentBody struct {
	Name             string        `json:"name" minLength:"1" maxLength:"60" doc:"As its readers know it" example:"Appointment reminders"`
	Description      string        `json:"description,omitempty" maxLength:"200" doc:"One line" example:"Mail before each visit"`
	Position         int           `json:"position,omitempty" minimum:"0" maximum:"10000" doc:"Place on the page; left out, the last" example:"1"`
	Kinds            []cordon.Kind `json:"kinds,omitempty" maxItems:"3" doc:"Kinds of mail it stands for: incidents whose mail is of one of them touch it" example:"[\"single\"]"`
	MaintenanceFrom  time.Time     `json:"maintenance_from,omitzero" doc:"Announced work on it: from" example:"2026-12-01T22:00:00Z"`
	MaintenanceUntil time.Time     `json:"maintenance_until,omitzero" doc:"And until" example:"2026-12-02T02:00:00Z"`
}

func (b componentBody) component(id cordon.ComponentID) cordon.Component {
	return cordon.Component{ID: id, Name: b.Name, Description: b.Description, Position: b.Position, Kinds: b.Kinds, MaintenanceFrom: b.MaintenanceFrom, MaintenanceUntil: b.MaintenanceUntil}
}

type componentRequest struct {
	Body componentBody `nameHint:"ComponentRequest"`
}

func (a *API) createComponent(ctx context.Context, x *exchange, in *componentRequest) (*created[cordon.Component], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	c, err := h.SaveComponent(ctx, x.actor, in.Body.component(""))
	if err != nil {
		return nil, err
	}
	return &created[cordon.Component]{Location: "/v1/components/" + string(c.ID), Body: c}, nil
}

func (a *API) listComponents(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.Component]], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	all, err := h.Components(ctx, x.actor)
	return listed(all, "", err)
}

// ComponentPath names a part of the service.
type ComponentPath struct {
	Component cordon.ComponentID `path:"component" maxLength:"64" doc:"Component's ID" example:"cmp_0123456789abcdefghjkmnpqrs"`
}

type changeComponentRequest struct {
	ComponentPath
	Body componentBody `nameHint:"ComponentRequest"`
}

func (a *API) changeComponent(ctx context.Context, x *exchange, in *changeComponentRequest) (*answer[cordon.Component], error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	if !in.Component.Valid() {
		return nil, cordon.InvalidField("component", "is not a component's ID", "copy the ID as it is shown")
	}
	return answered(h.SaveComponent(ctx, x.actor, in.Body.component(in.Component)))
}

func (a *API) deleteComponent(ctx context.Context, x *exchange, in *ComponentPath) (*nothing, error) {
	h, err := a.herald()
	if err != nil {
		return nil, err
	}
	return done(h.DeleteComponent(ctx, x.actor, in.Component))
}

// renderStatusPage answers with every file of the status page. It is drawn whole
// before the first byte leaves, so that a fault is still a problem.
func (a *API) renderStatusPage(ctx context.Context, x *exchange, _ *struct{}) error {
	if a.StatusFiles == nil {
		return cordon.Errorf(cordon.Unavailable, "this house has no status page")
	}
	files, err := a.StatusFiles(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part, err := w.Create(name)
		if err == nil {
			_, err = part.Write(files[name])
		}
		if err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="status-page.zip"`)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	x.w.WriteHeader(http.StatusOK)
	_, err = x.w.Write(b.Bytes())
	return err
}
