package api

import (
	"context"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// noticeRoutes are the rows of notices, contacts and legal clocks.
func (a *API) noticeRoutes() []route {
	const t = "/v1/tenants/{tenant}"
	const n = incidentURL + "/notice"
	const packet = n + "/packets/{tenant}"
	return []route{
		{get, "/v1/notice-identity", need{cordon.ReadIncidents}, "getNoticeIdentity", tagNotices, "By whom notices are sent", 0, nil, false, on(a.noticeIdentity)},
		{put, "/v1/notice-identity", need{cordon.ManageNotices}, "setNoticeIdentity", tagNotices, "Name by whom notices are sent", 0, nil, false, on(a.setNoticeIdentity)},
		{get, "/v1/notice-settings", need{cordon.ReadIncidents}, "getHouseNoticeSettings", tagNotices, "Language and laws of tenants that said nothing of their own", 0, nil, false, on(a.houseSettings)},
		{put, "/v1/notice-settings", need{cordon.ManageNotices}, "setHouseNoticeSettings", tagNotices, "Replace language and laws of tenants that said nothing of their own", 0, nil, false, on(a.setHouseSettings)},
		{get, t + "/notice-settings", need{cordon.ReadIncidents}, "getNoticeSettings", tagNotices, "The language of a tenant's people, and the laws it is under", 0, nil, false, on(a.noticeSettings)},
		{put, t + "/notice-settings", need{cordon.ManageNotices, cordon.ApproveNotices}, "setNoticeSettings", tagNotices, "Replace them", 0, nil, false, on(a.setNoticeSettings)},
		{get, t + "/contacts", need{cordon.ReadIncidents}, "listContacts", tagNotices, "Whom to tell at a tenant; nothing is opened", 0, nil, false, on(a.listContacts)},
		{post, t + "/contacts", need{cordon.ManageNotices, cordon.ApproveNotices}, "addContact", tagNotices, "Name whom to tell at a tenant", 201, nil, false, on(a.addContact)},
		{del, t + "/contacts/{contact}", need{cordon.ManageNotices, cordon.ApproveNotices}, "removeContact", tagNotices, "Forget a contact", 204, nil, false, on(a.removeContact)},

		{get, n, need{cordon.ReadIncidents}, "getNotice", tagNotices, "What is to be told, whom it would reach, and the hash to approve it with; the first call drafts it", 0, nil, false, on(a.lookNotice)},
		{put, n + "/facts", need{cordon.ManageNotices}, "editNotice", tagNotices, "Write texts of the draft; over an approved notice, begin a correction", 0, nil, false, on(a.editNotice)},
		{get, n + "/history", need{cordon.ReadIncidents}, "noticeHistory", tagNotices, "Every revision of every notice, newest first", 0, nil, false, on(a.noticeHistory)},
		{get, n + "/letters/{letter}", need{cordon.ReadIncidents}, "previewNotice", tagNotices, "Read one text as it would be told", 0, nil, false, on(a.previewNotice)},
		{get, n + "/post", need{cordon.ReadIncidents}, "noticePost", tagNotices, "A draft for an announcement, its figures bound", 0, nil, false, on(a.noticePost)},
		{post, n + "/approve", need{cordon.ApproveNotices}, "approveNotice", tagNotices, "Approve the draft by its hash: every affected tenant is told at once, and their people when asked for", 0, nil, false, on(a.approveNotice)},
		{get, n + "/tellings", need{cordon.ReadIncidents}, "listTellings", tagNotices, "What each tenant is owed, and what it got", 0, nil, false, on(a.listTellings)},
		{post, n + "/tell", need{cordon.ApproveNotices}, "tellTenants", tagNotices, "Tell whoever is still to be told", 0, nil, false, on(a.tellTenants)},
		{post, n + "/told", need{cordon.ApproveNotices}, "toldOtherwise", tagNotices, "Say that a tenant was told by other means", 204, nil, false, on(a.toldOtherwise)},
		{post, n + "/follow-up", need{cordon.ApproveNotices}, "followUp", tagNotices, "Write to the people of tenants, or say why nobody does from here", 0, nil, false, on(a.followUp)},
		{get, packet, need{cordon.ReadIncidents}, "getPacket", tagNotices, "A tenant's packet: letter, sample letter, counts, clocks", 0, nil, false, on(a.getPacket)},
		{get, packet + "/list.csv", need{cordon.ReadIncidents}, "getPacketList", tagNotices, "A tenant's exact list; taking it is a ledger entry, addresses only with reveal=true and the permission reveal", 0, nil, false, streaming(a.packetCSV)},
		{get, packet + "/worksheet", need{cordon.ReadIncidents}, "getWorksheet", tagNotices, "The four factors of 45 CFR 164.402, filled in as far as the records go", 0, nil, false, on(a.worksheet)},
		{get, packet + "/drafts", need{cordon.ReadIncidents}, "listDrafts", tagNotices, "Drafts for authorities, one a regime, with what is missing marked", 0, nil, false, on(a.drafts)},

		{get, "/v1/clocks", need{cordon.ReadIncidents}, "listClocks", tagNotices, "Legal clocks of open incidents, or of one: due, what is left, what is missing", 0, nil, false, on(a.listClocks)},
		{post, incidentURL + "/clocks", need{cordon.ApproveNotices}, "decideClock", tagNotices, "Decide that a regime applies, or does not, because", 0, nil, false, on(a.decideClock)},
	}
}

func (a *API) noticeIdentity(ctx context.Context, x *exchange, _ *struct{}) (*answer[cordon.NoticeIdentity], error) {
	return answered(a.Notices.Identity(ctx, x.actor))
}

type identityRequest struct {
	Body struct {
		Tenant  string         `json:"tenant" minLength:"1" maxLength:"64" doc:"Tenant whose domain it is, by ID or handle" example:"house"`
		Name    string         `json:"name" minLength:"1" maxLength:"200" doc:"The organisation, as receivers see it" example:"Example Health Systems"`
		Address cordon.Address `json:"address" minLength:"3" maxLength:"254" doc:"An organisation's address, no person's" example:"privacy@house.example"`
	} `nameHint:"NoticeIdentityRequest"`
}

func (a *API) setNoticeIdentity(ctx context.Context, x *exchange, in *identityRequest) (*answer[cordon.NoticeIdentity], error) {
	tenant, err := a.tenantOf(ctx, x.actor, in.Body.Tenant)
	if err != nil {
		return nil, err
	}
	return answered(a.Notices.SetIdentity(ctx, x.actor, cordon.NoticeIdentity{Tenant: tenant, Name: in.Body.Name, Address: in.Body.Address}))
}

type settingsBody struct {
	Language      cordon.Language `json:"language,omitempty" enum:"en,de,fr,nl,es" doc:"Of letters to the tenant's people; left out for English" example:"de"`
	Jurisdictions []string        `json:"jurisdictions,omitempty" maxItems:"20" nullable:"false" doc:"Laws it is under; none: as the installation says" example:"eu-controller"`
}

type houseSettingsRequest struct {
	Body settingsBody `nameHint:"HouseNoticeSettingsRequest"`
}

type settingsRequest struct {
	TenantPath
	Body settingsBody `nameHint:"NoticeSettingsRequest"`
}

func (a *API) houseSettings(ctx context.Context, x *exchange, _ *struct{}) (*answer[cordon.NoticeSettings], error) {
	return answered(a.Notices.Settings(ctx, x.actor, ""))
}

func (a *API) setHouseSettings(ctx context.Context, x *exchange, in *houseSettingsRequest) (*answer[cordon.NoticeSettings], error) {
	return answered(a.Notices.SetSettings(ctx, x.actor, cordon.NoticeSettings{Language: in.Body.Language, Jurisdictions: in.Body.Jurisdictions}))
}

func (a *API) noticeSettings(ctx context.Context, x *exchange, _ *TenantPath) (*answer[cordon.NoticeSettings], error) {
	return answered(a.Notices.Settings(ctx, x.actor, x.tenant))
}

func (a *API) setNoticeSettings(ctx context.Context, x *exchange, in *settingsRequest) (*answer[cordon.NoticeSettings], error) {
	return answered(a.Notices.SetSettings(ctx, x.actor, cordon.NoticeSettings{Tenant: x.tenant, Language: in.Body.Language, Jurisdictions: in.Body.Jurisdictions}))
}

type contactRequest struct {
	TenantPath
	Body struct {
		Role     cordon.ContactRole `json:"role,omitempty" enum:"security,privacy,general" doc:"What the contact is there for; left out for general" example:"privacy"`
		Language cordon.Language    `json:"language,omitempty" enum:"en,de,fr,nl,es" doc:"Of what it is told; left out for English" example:"en"`
		Name     string             `json:"name,omitempty" maxLength:"200" doc:"Of the contact; sealed" example:"Privacy desk"`
		Address  cordon.Address     `json:"address" minLength:"3" maxLength:"254" doc:"Mail address; sealed" example:"privacy@northside.example"`
	} `nameHint:"ContactRequest"`
}

func (a *API) addContact(ctx context.Context, x *exchange, in *contactRequest) (*created[cordon.TenantContact], error) {
	c, err := a.Notices.AddContact(ctx, x.actor, cordon.TenantContact{Tenant: x.tenant, Role: in.Body.Role, Language: in.Body.Language, Name: in.Body.Name, Address: in.Body.Address})
	if err != nil {
		return nil, err
	}
	return &created[cordon.TenantContact]{Location: tenantURL(x.tenant, "/contacts/"+string(c.ID)), Body: c}, nil
}

func (a *API) listContacts(ctx context.Context, x *exchange, _ *TenantPath) (*answer[list[cordon.TenantContact]], error) {
	all, err := a.Notices.Contacts(ctx, x.actor, x.tenant)
	return listed(all, "", err)
}

type contactPath struct {
	TenantPath
	Contact cordon.ContactID `path:"contact" maxLength:"64" doc:"Contact's ID" example:"tct_0123456789abcdefghjkmnpqrs"`
}

func (a *API) removeContact(ctx context.Context, x *exchange, in *contactPath) (*nothing, error) {
	return done(a.Notices.RemoveContact(ctx, x.actor, x.tenant, in.Contact))
}

// noticeAct is what approving would do, with the sentence that says it.
type noticeAct struct {
	notice.Act
	Says string `json:"says" doc:"The act in a sentence" example:"tells 3 tenants (5 contacts), writes to 1,005 people"`
}

func (a *API) lookNotice(ctx context.Context, x *exchange, in *IncidentPath) (*answer[noticeAct], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	act, err := a.Notices.Look(ctx, x.actor, id)
	return answered(noticeAct{act, act.Says()}, err)
}

type editNoticeRequest struct {
	IncidentPath
	Body struct {
		Seq      int                                               `json:"seq,omitempty" minimum:"0" doc:"Notice that was looked at; left out: whichever is newest" example:"1"`
		Revision int                                               `json:"revision,omitempty" minimum:"0" doc:"Its revision; a newer one is a conflict" example:"3"`
		Texts    map[cordon.Language]map[cordon.NoticeField]string `json:"texts" doc:"Texts by language and name; what is left out stays"`
		Why      string                                            `json:"why,omitempty" maxLength:"500" doc:"Why, for the record" example:"said more plainly"`
	} `nameHint:"EditNoticeRequest"`
}

func (a *API) editNotice(ctx context.Context, x *exchange, in *editNoticeRequest) (*answer[cordon.NoticeFacts], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return answered(a.Notices.Edit(ctx, x.actor, id, notice.Edit{Seq: b.Seq, Revision: b.Revision, Texts: b.Texts, Why: b.Why}))
}

func (a *API) noticeHistory(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[cordon.NoticeFacts]], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	all, err := a.Notices.History(ctx, x.actor, id)
	return listed(all, "", err)
}

type previewNoticeQuery struct {
	IncidentPath
	Letter   notice.Letter   `path:"letter" enum:"patient,practice,sample,tenant,followup,post" doc:"Which text" example:"patient"`
	Language cordon.Language `query:"language" enum:"en,de,fr,nl,es" doc:"Language; English where the notice is not whole in it" example:"de"`
	Tenant   string          `query:"tenant" maxLength:"64" doc:"For this tenant, by ID or handle; left out for nobody in particular" example:"northside"`
}

// toldText is one text of a notice.
type toldText struct {
	Language cordon.Language `json:"language,omitempty" doc:"In which it is" example:"de"`
	Title    string          `json:"title" doc:"Title, or a mail's subject" example:"About a message sent in the name of your practice"`
	Text     string          `json:"text" doc:"As plain text" example:"Somebody used our message system without permission …"`
	HTML     string          `json:"html,omitempty" doc:"As a mail's HTML body" example:"<!doctype html>…"`
}

func toldTextOf(d notice.Document) toldText {
	return toldText{Language: d.Language, Title: d.Title, Text: d.Text(), HTML: d.HTML()}
}

func (a *API) previewNotice(ctx context.Context, x *exchange, in *previewNoticeQuery) (*answer[toldText], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	tenant, err := a.noticeTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	d, err := a.Notices.Preview(ctx, x.actor, id, in.Letter, in.Language, tenant)
	return answered(toldTextOf(d), err)
}

func (a *API) noticeTenant(ctx context.Context, x *exchange, ref string) (cordon.TenantID, error) {
	if ref == "" {
		return "", nil
	}
	return a.tenantOf(ctx, x.actor, ref)
}

func (a *API) noticePost(ctx context.Context, x *exchange, in *IncidentPath) (*answer[toldText], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	title, body, err := a.Notices.StatusDraft(ctx, x.actor, id)
	return answered(toldText{Language: cordon.English, Title: title, Text: body}, err)
}

type approveNoticeRequest struct {
	IncidentPath
	Body struct {
		Hash     string `json:"hash" minLength:"1" maxLength:"64" doc:"Of the notice as it was seen" example:"f2a9c1d04b7e5583"`
		FollowUp bool   `json:"follow_up,omitempty" doc:"Also write to the people of every affected tenant" example:"true"`
	} `nameHint:"ApproveNoticeRequest"`
}

func (a *API) approveNotice(ctx context.Context, x *exchange, in *approveNoticeRequest) (*answer[cordon.NoticeFacts], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	return answered(a.Notices.Approve(ctx, x.actor, id, notice.Approval{Hash: in.Body.Hash, FollowUp: in.Body.FollowUp}))
}

type tellingsQuery struct {
	IncidentPath
	PageQuery
}

func (a *API) listTellings(ctx context.Context, x *exchange, in *tellingsQuery) (*answer[list[cordon.Telling]], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	return listed(a.Notices.Tellings(ctx, x.actor, id, in.page()))
}

// noticeDone is how many a verb was about.
type noticeDone struct {
	Count int64 `json:"count" doc:"How many it was about" example:"3"`
}

func (a *API) tellTenants(ctx context.Context, x *exchange, in *IncidentPath) (*answer[noticeDone], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	n, err := a.Notices.Tell(ctx, x.actor, id)
	return answered(noticeDone{n}, err)
}

type toldRequest struct {
	IncidentPath
	Body struct {
		Tenant  string `json:"tenant" minLength:"1" maxLength:"64" doc:"Tenant, by ID or handle" example:"northside"`
		Because string `json:"because" minLength:"1" maxLength:"500" doc:"How it was told; it goes into the ledger" example:"by telephone, their privacy officer rang back"`
	} `nameHint:"ToldOtherwiseRequest"`
}

func (a *API) toldOtherwise(ctx context.Context, x *exchange, in *toldRequest) (*nothing, error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	tenant, err := a.tenantOf(ctx, x.actor, in.Body.Tenant)
	if err != nil {
		return nil, err
	}
	return done(a.Notices.TellOtherwise(ctx, x.actor, id, tenant, in.Body.Because))
}

type followUpRequest struct {
	IncidentPath
	Body struct {
		Tenants []string `json:"tenants,omitempty" maxItems:"500" nullable:"false" doc:"Only these, by ID or handle; left out for every affected one" example:"northside"`
		Waive   string   `json:"waive,omitempty" maxLength:"500" doc:"Do not write, because; it goes into the ledger" example:"the practice writes itself"`
	} `nameHint:"FollowUpRequest"`
}

func (a *API) followUp(ctx context.Context, x *exchange, in *followUpRequest) (*answer[noticeDone], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	var tenants []cordon.TenantID
	for _, ref := range in.Body.Tenants {
		tenant, err := a.tenantOf(ctx, x.actor, ref)
		if err != nil {
			return nil, err
		}
		tenants = append(tenants, tenant)
	}
	var n int64
	if in.Body.Waive != "" {
		n, err = a.Notices.Waive(ctx, x.actor, id, tenants, in.Body.Waive)
	} else {
		n, err = a.Notices.WriteTo(ctx, x.actor, id, tenants)
	}
	return answered(noticeDone{n}, err)
}
