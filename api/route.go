package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonmail/cordon"
)

const (
	maxJSON     = 1 << 20          // bytes of a JSON body
	bodyTimeout = 30 * time.Second // to read one
)

// route is one row of the table.
type route struct {
	method, path string
	need         need
	id           string // operation, for the description and the golden list
	tag          string
	summary      string
	status       int // 0 = 200
	takes        []string
	foreign      bool // a foreign tenant in the path goes on to the service, which records the attempt
	bind         binder
}

// binder registers a handler with huma once its types are known.
type binder func(a *API, op huma.Operation)

// on binds a handler: the actor and the tenant come in the exchange, and every
// error goes out as a problem.
func on[I, O any](handle func(context.Context, *exchange, *I) (*O, error)) binder {
	return func(a *API, op huma.Operation) {
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
			x := ctx.Value(exchangeKey{}).(*exchange)
			// The body is read; without this its deadline would end a long verb.
			_ = http.NewResponseController(x.w).SetReadDeadline(time.Time{}) // not every writer has deadlines
			out, err := handle(ctx, x, in)
			if err != nil {
				return nil, a.problem(ctx, x, err)
			}
			return out, nil
		})
	}
}

// streaming binds a handler that writes its answer itself.
func streaming[I any](handle func(context.Context, *exchange, *I) error) binder {
	return on(func(ctx context.Context, x *exchange, in *I) (*stream, error) {
		if err := handle(ctx, x, in); err != nil {
			return nil, err
		}
		return &stream{Body: func(huma.Context) {}}, nil
	})
}

// stream is an answer that has been written.
type stream struct{ Body func(huma.Context) }

func (a *API) register(r route) {
	op := huma.Operation{
		Method:          r.method,
		Path:            r.path,
		OperationID:     r.id,
		Summary:         r.summary,
		Description:     "Needs the permission " + r.need.String() + ".",
		Tags:            []string{r.tag},
		DefaultStatus:   r.status,
		MaxBodyBytes:    maxJSON,
		BodyReadTimeout: bodyTimeout,
		Security:        []map[string][]string{{"bearer": {}}},
		Middlewares:     huma.Middlewares{a.admit(r)},
		Responses:       a.problemResponses(r),
	}
	r.bind(a, op)
}

// problemResponses names the problems a route can answer with.
func (a *API) problemResponses(r route) map[string]*huma.Response {
	problem := func(what string) *huma.Response {
		return &huma.Response{Description: what, Content: map[string]*huma.MediaType{
			problemType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}},
		}}
	}
	all := map[string]*huma.Response{
		"401":     problem("No usable key"),
		"403":     problem("The key may not do this"),
		"422":     problem("The input is wrong; every fault is named"),
		"429":     problem("A limit is reached; see Retry-After"),
		"default": problem("Any other problem, in the same shape"),
	}
	if strings.Contains(r.path, "{") {
		all["404"] = problem("Unknown, or not yours: one answer for both")
	}
	if r.method != http.MethodGet {
		all["409"] = problem("Not in a state that allows this")
	}
	return all
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete

	csvType       = "text/csv"
	multipartType = "multipart/form-data"
	jsonType      = "application/json"
	ndjsonType    = "application/x-ndjson"
)

// routes is the table: every route, what it needs, what it does. A row without
// a need is closed to everybody, and a test names it.
func (a *API) routes() []route {
	const t = "/v1/tenants/{tenant}"
	return append(append(a.onCallRoutes(), append(a.announcementRoutes(), a.noticeRoutes()...)...), []route{
		{get, "/v1/whoami", need{anybody}, "whoAmI", tagAccess, "Who the key acts for, and what it may do", 0, nil, false, on(a.whoAmI)},

		{post, "/v1/tenants", need{cordon.ManageTenants}, "createTenant", tagCatalog, "Create a tenant; its decoys are planted at once", 201, nil, false, on(a.createTenant)},
		{get, "/v1/tenants", need{cordon.ReadCatalog}, "listTenants", tagCatalog, "List tenants", 0, nil, false, on(a.listTenants)},
		{get, t, need{cordon.ReadCatalog}, "getTenant", tagCatalog, "Show a tenant", 0, nil, false, on(a.getTenant)},
		{post, t + "/erase", need{cordon.ManageTenants}, "eraseTenant", tagCatalog, "Erase a tenant: its key is dropped, nobody can open its personal data again", 204, nil, false, on(a.eraseTenant)},
		{get, t + "/limits", need{cordon.ReadCatalog}, "getLimits", tagCatalog, "Show the tenant's limits", 0, nil, false, on(a.getLimits)},
		{put, t + "/limits", need{cordon.ManageTenants}, "setLimits", tagCatalog, "Replace the tenant's limits; a ledger entry says who did", 0, nil, false, on(a.setLimits)},
		{get, t + "/decoys", need{cordon.ManageTenants}, "countDecoys", tagCatalog, "How many decoys stand among how many recipients; which ones is never told", 0, nil, false, on(a.countDecoys)},
		{post, t + "/decoys", need{cordon.ManageTenants}, "plantDecoys", tagCatalog, "Top the tenant's decoys up to what its limits ask for", 0, nil, false, on(a.plantDecoys)},
		{post, t + "/decoys/rotate", need{cordon.ManageTenants}, "rotateDecoys", tagCatalog, "Replace the oldest quarter of the tenant's decoys; those replaced stay traps", 0, nil, false, on(a.rotateDecoys)},
		{get, "/v1/decoys", need{cordon.ManageTenants}, "listDecoys", tagCatalog, "How every tenant's directory is guarded by decoys, and what was touched", 0, nil, false, on(a.listDecoys)},
		{get, "/v1/decoys/arrivals", need{cordon.ManageTenants}, "listDecoyArrivals", tagCatalog, "Mail from outside at planted addresses, the latest 100", 0, nil, false, on(a.listDecoyArrivals)},
		{post, "/v1/inbound", need{cordon.ReportInbound}, "reportInbound", tagCatalog, "Report a mail that another server received for a planted address; nothing of it is kept", 204, []string{mailType}, false, on(a.reportInbound)},

		{post, t + "/domains", need{cordon.ManageTenants}, "createDomain", tagCatalog, "Add a sending domain; the answer holds the DNS record to publish", 201, nil, false, on(a.createDomain)},
		{get, t + "/domains", need{cordon.ReadCatalog}, "listDomains", tagCatalog, "List sending domains", 0, nil, false, on(a.listDomains)},
		{post, t + "/hosts", need{cordon.ManageTenants}, "approveHost", tagCatalog, "Let the tenant's letters link to a host beside its own domains", 201, nil, false, on(a.approveHost)},
		{get, t + "/hosts", need{cordon.ReadCatalog}, "listHosts", tagCatalog, "List the hosts that letters may link to", 0, nil, false, on(a.listHosts)},
		{del, t + "/hosts/{host}", need{cordon.ManageTenants}, "withdrawHost", tagCatalog, "Take a host's approval back: letters that link there are held", 204, nil, false, on(a.withdrawHost)},

		{post, "/v1/accounts", need{cordon.ManageTenants}, "createAccount", tagAccess, "Create an account", 201, nil, false, on(a.createAccount)},
		{get, "/v1/accounts", need{cordon.ReadCatalog}, "listAccounts", tagAccess, "List accounts", 0, nil, false, on(a.listAccounts)},
		{get, "/v1/accounts/{account}", need{cordon.ReadCatalog}, "getAccount", tagAccess, "Show an account", 0, nil, false, on(a.getAccount)},
		{post, "/v1/keys", need{cordon.ManageKeys}, "createKey", tagAccess, "Create a key; its secret is shown this once", 201, nil, false, on(a.createKey)},
		{get, "/v1/keys", need{cordon.ReadCatalog}, "listKeys", tagAccess, "List keys, without secrets", 0, nil, false, on(a.listKeys)},
		{get, "/v1/keys/{key}", need{cordon.ReadCatalog}, "getKey", tagAccess, "Show a key, without its secret", 0, nil, false, on(a.getKey)},
		{post, "/v1/keys/{key}/suspend", need{cordon.ManageKeys}, "suspendKey", tagAccess, "Suspend a key at once", 204, nil, false, on(a.suspendKey)},
		{post, "/v1/keys/{key}/resume", need{cordon.ManageKeys}, "resumeKey", tagAccess, "Let a suspended key act again", 204, nil, false, on(a.resumeKey)},
		{post, "/v1/keys/{key}/revoke", need{cordon.ManageKeys}, "revokeKey", tagAccess, "Revoke a key for good", 204, nil, false, on(a.revokeKey)},

		{post, t + "/recipients/import", need{cordon.ManageRecipients}, "importRecipients", tagRecipients, "Import recipients from CSV: a stream of any length, all or nothing", 0, []string{csvType}, false, streaming(a.importRecipients)},
		{get, t + "/recipients", need{cordon.ReadCatalog}, "listRecipients", tagRecipients, "List recipients, opaque", 0, nil, false, on(a.listRecipients)},
		{get, t + "/refs/{ref}", need{cordon.ReadCatalog}, "getRecipientByRef", tagRecipients, "Find a recipient by the tenant's own reference", 0, nil, false, on(a.recipientByRef)},
		{del, t + "/recipients/{recipient}", need{cordon.ManageRecipients}, "eraseRecipient", tagRecipients, "Erase a recipient's personal data for good", 204, nil, false, on(a.eraseRecipient)},
		{post, t + "/recipients/{recipient}/reveal", need{cordon.Reveal}, "revealRecipient", tagRecipients, "Open a recipient's personal data; the ledger keeps who did and why", 0, nil, false, on(a.revealRecipient)},
		{post, t + "/suppressions", need{cordon.ManageRecipients}, "suppress", tagRecipients, "Never mail this recipient or address again", 204, nil, false, on(a.suppress)},
		{post, t + "/suppressions/lift", need{cordon.ManageRecipients}, "unsuppress", tagRecipients, "Take a suppression back", 204, nil, false, on(a.unsuppress)},

		{post, t + "/audiences", need{cordon.ManageRecipients}, "saveAudience", tagRecipients, "Save an audience: a filter by tags", 201, nil, false, on(a.saveAudience)},
		{get, t + "/audiences", need{cordon.ReadCatalog}, "listAudiences", tagRecipients, "List audiences", 0, nil, false, on(a.listAudiences)},
		{post, t + "/audiences/count", need{cordon.ReadCatalog}, "countAudience", tagRecipients, "How many a filter would choose; nothing is saved", 0, nil, false, on(a.countAudience)},
		{get, t + "/audiences/{audience}", need{cordon.ReadCatalog}, "getAudience", tagRecipients, "Show an audience and how many it holds", 0, nil, false, on(a.getAudience)},

		{post, t + "/templates", need{cordon.ManageTemplates}, "createTemplate", tagTemplates, "Create a template", 201, nil, false, on(a.createTemplate)},
		{get, t + "/templates", need{cordon.ReadCatalog}, "listTemplates", tagTemplates, "List templates", 0, nil, false, on(a.listTemplates)},
		{get, t + "/templates/{template}", need{cordon.ReadCatalog}, "getTemplate", tagTemplates, "Show a template", 0, nil, false, on(a.getTemplate)},
		{post, t + "/templates/{template}/versions", need{cordon.ManageTemplates}, "writeVersion", tagTemplates, "Write a new version, a draft until somebody else approves it", 201, nil, false, on(a.writeVersion)},
		{get, t + "/templates/{template}/versions", need{cordon.ReadCatalog}, "listVersions", tagTemplates, "List a template's versions", 0, nil, false, on(a.listVersions)},
		{get, t + "/templates/{template}/versions/{version}", need{cordon.ReadCatalog}, "getVersion", tagTemplates, "Show a version", 0, nil, false, on(a.getVersion)},
		{get, t + "/templates/{template}/versions/{version}/preview", need{cordon.ReadCatalog}, "previewVersion", tagTemplates, "Render a version with invented data", 0, nil, false, on(a.previewVersion)},
		{post, t + "/templates/{template}/versions/{version}/approve", need{cordon.ApproveTemplates}, "approveVersion", tagTemplates, "Approve a version, by the hash of what was seen; never one's own", 0, nil, false, on(a.approveVersion)},
		{post, t + "/templates/{template}/versions/{version}/revoke", need{cordon.ApproveTemplates, cordon.ManageTemplates}, "revokeVersion", tagTemplates, "Revoke a version: nothing of it leaves any more", 0, nil, false, on(a.revokeVersion)},
		{post, t + "/templates/{template}/versions/{version}/share", need{cordon.ManageTenants}, "shareText", tagTemplates, "Let many tenants send this text in the same words", 201, nil, false, on(a.shareText)},
		{get, "/v1/shared-texts", need{cordon.ReadCatalog}, "listSharedTexts", tagTemplates, "List the texts that many tenants may send", 0, nil, false, on(a.listSharedTexts)},
		{del, "/v1/shared-texts/{fingerprint}", need{cordon.ManageTenants}, "unshareText", tagTemplates, "Take a shared text's approval back", 204, nil, false, on(a.unshareText)},

		{post, "/v1/reports", need{cordon.HandleReports, cordon.ReportInbound}, "addReport", tagReports, "Hand in a report, or a reported mail, as it came; it is safe when this answers, and read soon after", 201, []string{mailType}, false, on(a.addReport)},
		{post, "/v1/reports/xarf", need{cordon.HandleReports, cordon.ReportInbound}, "addXARF", tagReports, "Hand in an XARF document, version 3 or 4; every fault of an invalid one is named", 201, []string{jsonType}, false, on(a.addXARF)},
		{post, "/v1/inspect", need{cordon.HandleReports}, "inspectMessage", tagReports, "Say what a received message or XARF document is; nothing is kept", 0, []string{mailType, jsonType}, false, on(a.inspectMessage)},
		{get, "/v1/reports", need{cordon.HandleReports}, "listReports", tagReports, "List reports from outside, newest first", 0, nil, false, on(a.listReports)},
		{get, "/v1/reports/{report}", need{cordon.HandleReports}, "getReport", tagReports, "Show a report, without what it says", 0, nil, false, on(a.getReport)},
		{get, "/v1/reports/{report}/evidence", need{cordon.HandleReports}, "readReport", tagReports, "Open what a report says, as text; the ledger keeps who did", 0, nil, false, on(a.reportEvidence)},
		{get, "/v1/problems", need{cordon.HandleReports}, "listProblems", tagReports, "List the problems that reports came to, newest first", 0, nil, false, on(a.listProblems)},
		{get, "/v1/problems/{problem}", need{cordon.HandleReports}, "getProblem", tagReports, "Show a problem with its complaint rate", 0, nil, false, on(a.getProblem)},
		{get, "/v1/problems/{problem}/leaks", need{cordon.HandleReports}, "countLeaks", tagReports, "How many addresses that a directory knows got mail of strangers; which ones is told to nobody", 0, nil, false, on(a.problemLeaks)},
		{post, "/v1/problems/{problem}/settle", need{cordon.HandleReports}, "settleProblem", tagReports, "Take a problem up, answer it (every reporter who is owed it is mailed the outcome), or close it", 0, nil, false, on(a.settleProblem)},
		{post, "/v1/problems/{problem}/link", need{cordon.ManageIncidents}, "linkProblem", tagReports, "Make a problem part of an incident", 0, nil, false, on(a.linkProblem)},
		{get, "/v1/returned", need{cordon.HandleReports}, "listReturned", tagReports, "How much mail came back and was only counted", 0, nil, false, on(a.listReturned)},
		{get, t + "/dispatches/{dispatch}/bounces", need{cordon.ReadDispatches}, "countBounces", tagReports, "How many copies came back by mail after they had been handed over; they stay delivered", 0, nil, false, on(a.countBounces)},
		{post, "/v1/check", need{anybody}, "checkCode", tagReports, "Is the message with this code from here? Nothing personal is answered", 0, nil, false, on(a.checkCode)},
		{post, "/v1/check/message", need{anybody}, "checkMessage", tagReports, "Is this message from here? Its signature and the ledger are checked", 0, []string{mailType}, false, on(a.checkMessage)},

		{post, t + "/orders", need{cordon.SendSingle, cordon.SendBulk}, "order", tagMail, "Ask to mail: a template version to an audience (bulk) or to named recipients (single)", 202, []string{jsonType, csvType, multipartType}, true, on(a.order)},
		{get, "/v1/dispatches", need{cordon.ReadDispatches}, "listAllDispatches", tagMail, "List dispatches, newest first", 0, nil, false, on(a.listAllDispatches)},
		{get, t + "/dispatches", need{cordon.ReadDispatches}, "listDispatches", tagMail, "List a tenant's dispatches, newest first", 0, nil, false, on(a.listDispatches)},
		{get, t + "/dispatches/{dispatch}", need{cordon.ReadDispatches}, "getDispatch", tagMail, "Show a dispatch and where its copies stand", 0, nil, false, on(a.getDispatch)},
		{get, t + "/dispatches/{dispatch}/stages", need{cordon.ReadDispatches}, "listStages", tagMail, "List the stages of a dispatch with what came back of each; none when it leaves whole", 0, nil, false, on(a.listStages)},
		{post, t + "/dispatches/{dispatch}/stages/hold", need{cordon.PlaceStops}, "holdStage", tagMail, "Hold a staged send where it is: what has not been claimed stays until somebody resumes or advances it", 0, nil, false, on(a.holdStage)},
		{post, t + "/dispatches/{dispatch}/stages/resume", need{cordon.ReleaseHolds, cordon.LiftStops}, "resumeStage", tagMail, "Let a held stage go on where it was", 0, nil, false, on(a.resumeStage)},
		{post, t + "/dispatches/{dispatch}/stages/advance", need{cordon.ReleaseHolds}, "advanceStage", tagMail, "Open the next stage now; before it is due, or over a hold, by somebody else than who ordered", 0, nil, false, on(a.advanceStage)},
		{post, t + "/dispatches/{dispatch}/release", need{cordon.ReleaseHolds}, "releaseDispatch", tagMail, "Release a held dispatch: every check again, by somebody else; above the limit by two", 0, nil, false, on(a.releaseDispatch)},
		{post, t + "/dispatches/{dispatch}/discard", need{cordon.ReleaseHolds}, "discardDispatch", tagMail, "Discard a held dispatch: its copies never leave; above the limit by two", 0, nil, false, on(a.discardDispatch)},

		{get, "/v1/holds", need{cordon.ReadDispatches}, "listAllHolds", tagMail, "List what is held for a person, newest or oldest first", 0, nil, false, on(a.listAllHolds)},
		{post, "/v1/holds/preview", need{cordon.ReleaseHolds}, "previewAllHolds", tagMail, "What a bulk act over a filter would be about, in counts; nothing is done", 0, nil, false, on(a.previewAllHolds)},
		{post, "/v1/holds/release", need{cordon.ReleaseHolds}, "releaseAllHolds", tagMail, "Release exactly the previewed set, each judged again; above the limit two people must ask for it", 0, nil, false, on(a.releaseAllHolds)},
		{post, "/v1/holds/discard", need{cordon.ReleaseHolds}, "discardAllHolds", tagMail, "Discard exactly the previewed set; above the limit two people must ask for it", 0, nil, false, on(a.discardAllHolds)},
		{get, t + "/holds", need{cordon.ReadDispatches}, "listHolds", tagMail, "List what of a tenant is held for a person", 0, nil, false, on(a.listHolds)},
		{get, t + "/holds/{dispatch}", need{cordon.ReadDispatches}, "getHold", tagMail, "Show a held dispatch: why, a sample with invented data, what changed, and its sender's history", 0, nil, false, on(a.getHold)},
		{post, t + "/holds/preview", need{cordon.ReleaseHolds}, "previewHolds", tagMail, "What a bulk act over a filter would be about, in counts; nothing is done", 0, nil, false, on(a.previewHolds)},
		{post, t + "/holds/release", need{cordon.ReleaseHolds}, "releaseHolds", tagMail, "Release exactly the previewed set, each judged again; above the limit two people must ask for it", 0, nil, false, on(a.releaseHolds)},
		{post, t + "/holds/discard", need{cordon.ReleaseHolds}, "discardHolds", tagMail, "Discard exactly the previewed set; above the limit two people must ask for it", 0, nil, false, on(a.discardHolds)},

		{post, "/v1/stops", need{cordon.PlaceStops}, "placeStop", tagContain, "Stop: in force when this answers", 201, nil, false, on(a.placeStop)},
		{get, "/v1/stops", need{cordon.ReadDispatches}, "listStops", tagContain, "List stops, newest first", 0, nil, false, on(a.listStops)},
		{post, "/v1/stops/preview", need{cordon.PlaceStops}, "previewStop", tagContain, "What a stop would cover now; nothing is stopped", 0, nil, false, on(a.previewStop)},
		{get, "/v1/stops/{stop}", need{cordon.ReadDispatches}, "getStop", tagContain, "Show a stop", 0, nil, false, on(a.getStop)},
		{post, "/v1/stops/{stop}/lift", need{cordon.LiftStops}, "liftStop", tagContain, "Lift a stop: resume or discard what it kept back", 0, nil, false, on(a.liftStop)},

		{get, "/v1/assess", need{cordon.Assess}, "assess", tagSize, "Size the damage: counts, tenants, first and last copy", 0, nil, false, on(a.assess)},
		{get, "/v1/assess.csv", need{cordon.Assess}, "assessCSV", tagSize, "Everyone concerned, as CSV; addresses only with reveal=true and the permission reveal", 0, nil, false, streaming(a.assessCSV)},
		{get, "/v1/ledger/entries", need{cordon.ReadLedger}, "listEntries", tagSize, "Read the ledger", 0, nil, false, on(a.listEntries)},
		{get, t + "/ledger", need{cordon.ReadLedger}, "listTenantEntries", tagSize, "Read the ledger's entries about a tenant", 0, nil, false, on(a.listTenantEntries)},
		{get, "/v1/ledger/head", need{cordon.ReadLedger}, "ledgerHead", tagSize, "The ledger's size and root, signed now", 0, nil, false, on(a.ledgerHead)},
		{get, "/v1/ledger/verify", need{cordon.ReadLedger}, "verifyLedger", tagSize, "Hash every stored entry again and compare", 0, nil, false, streaming(a.verifyLedger)},
		{get, incidentURL + "/bundle", need{cordon.ReadLedger}, "bundleIncident", tagSize, "The evidence of an incident as a zip file, which anybody can check offline with cordon verify", 0, nil, false, streaming(a.bundleIncident)},
		{get, "/v1/signals", need{cordon.ReadLedger}, "listSignals", tagSize, "List signals, newest first", 0, nil, false, on(a.listSignals)},
		{post, t + "/complaints", need{cordon.RecordComplaints}, "recordComplaint", tagMail, "Record a complaint about a copy: once for each recipient; only authenticated ones count towards a stop", 201, nil, false, on(a.recordComplaint)},
		{get, t + "/complaints", need{cordon.ReadDispatches}, "listComplaints", tagMail, "List complaints, newest first", 0, nil, false, on(a.listComplaints)},
		{get, t + "/evidence", need{cordon.ReadDispatches}, "getEvidence", tagMail, "Count what came back of a dispatch, template or key, or of all the tenant's mail", 0, nil, false, on(a.getEvidence)},
		{get, "/v1/totals", need{cordon.ReadDispatches}, "totals", tagSize, "Where all copies stand, by tenant", 0, nil, false, on(a.totals)},

		{get, "/v1/incidents", need{cordon.ReadIncidents}, "listIncidents", tagIncidents, "List incidents, newest first", 0, nil, false, on(a.listIncidents)},
		{post, "/v1/incidents", need{cordon.ManageIncidents}, "openIncident", tagIncidents, "Open an incident by hand; somebody is paged", 201, nil, false, on(a.openIncident)},
		{get, incidentURL, need{cordon.ReadIncidents}, "getIncident", tagIncidents, "Show an incident", 0, nil, false, on(a.getIncident)},
		{post, incidentURL + "/move", need{cordon.ManageIncidents}, "moveIncident", tagIncidents, "Take it to another state; resolved is refused while anything is owed, and every debt is named", 0, nil, false, on(a.moveIncident)},
		{post, incidentURL + "/change", need{cordon.ManageIncidents}, "changeIncident", tagIncidents, "Change title, severity, kind, or whether announcements are owed", 0, nil, false, on(a.changeIncident)},
		{post, incidentURL + "/assign", need{cordon.ManageIncidents}, "assignIncident", tagIncidents, "Give a role to somebody, take it, or take it away", 0, nil, false, on(a.assignIncident)},
		{post, incidentURL + "/merge", need{cordon.ManageIncidents}, "mergeIncident", tagIncidents, "End it as part of another: a link, never a move", 0, nil, false, on(a.mergeIncident)},
		{post, incidentURL + "/decline", need{cordon.ManageIncidents}, "declineIncident", tagIncidents, "End it because it was none, with the reason", 0, nil, false, on(a.declineIncident)},
		{post, incidentURL + "/end-exercise", need{cordon.ManageIncidents}, "endExercise", tagIncidents, "End the incident of an exercise, whatever it owes", 0, nil, false, on(a.endExercise)},
		{post, incidentURL + "/notes", need{cordon.ManageIncidents}, "noteIncident", tagIncidents, "Add a line to the timeline; no line is ever changed", 204, nil, false, on(a.noteIncident)},
		{get, incidentURL + "/timeline", need{cordon.ReadIncidents}, "incidentTimeline", tagIncidents, "Read the timeline, newest first", 0, nil, false, on(a.incidentTimeline)},
		{get, incidentURL + "/tasks", need{cordon.ReadIncidents}, "incidentTasks", tagIncidents, "List what is to be done", 0, nil, false, on(a.incidentTasks)},
		{post, incidentURL + "/tasks", need{cordon.ManageIncidents}, "addIncidentTask", tagIncidents, "Set a further task, or an action item of the review", 204, nil, false, on(a.addIncidentTask)},
		{post, incidentURL + "/tasks/{task}", need{cordon.ManageIncidents}, "settleIncidentTask", tagIncidents, "Mark a task as done, as skipped with the reason, or as open again", 204, nil, false, on(a.settleIncidentTask)},
		{get, incidentURL + "/links", need{cordon.ReadIncidents}, "incidentLinks", tagIncidents, "List what is linked: signals, stops, dispatches, keys, problems", 0, nil, false, on(a.incidentLinks)},
		{post, incidentURL + "/links", need{cordon.ManageIncidents}, "linkIncident", tagIncidents, "Tie something to it; a link is never taken away", 204, nil, false, on(a.linkIncident)},
		{post, incidentURL + "/recovered", need{cordon.ManageIncidents}, "recoverIncident", tagIncidents, "Say that a key or account is in the right hands again", 204, nil, false, on(a.recoverIncident)},
		{get, incidentURL + "/scope", need{cordon.ReadIncidents}, "incidentScope", tagIncidents, "Which dispatches are the bad ones", 0, nil, false, on(a.incidentScope)},
		{post, incidentURL + "/scope", need{cordon.ManageIncidents}, "addIncidentScope", tagIncidents, "Say of more dispatches that they are bad; every figure follows", 204, nil, false, on(a.addIncidentScope)},
		{post, incidentURL + "/scope/{row}/remove", need{cordon.ManageIncidents}, "removeIncidentScope", tagIncidents, "Say that what a row alone names was not bad", 204, nil, false, on(a.removeIncidentScope)},
		{get, incidentURL + "/owed", need{cordon.ReadIncidents}, "incidentOwed", tagIncidents, "List what is still owed before it can be resolved", 0, nil, false, on(a.incidentOwed)},
		{get, incidentURL + "/damage", need{cordon.Assess}, "incidentDamage", tagIncidents, "Size the damage: exactly the bad copies, live", 0, nil, false, on(a.incidentDamage)},
		{get, incidentURL + "/figures", need{cordon.Assess}, "incidentFigures", tagIncidents, "Every figure that a text may quote, of one moment", 0, nil, false, on(a.incidentFigures)},
		{get, incidentURL + "/containment", need{cordon.ReadIncidents}, "incidentContainment", tagIncidents, "Whether anything bad can still leave, and what", 0, nil, false, on(a.incidentContainment)},
		{get, incidentURL + "/affected", need{cordon.Assess}, "incidentAffected", tagIncidents, "List whoever got a bad copy, or perhaps did: each person once", 0, nil, false, on(a.incidentAffected)},
		{get, incidentURL + "/affected.csv", need{cordon.Assess}, "incidentAffectedCSV", tagIncidents, "The same as CSV, opaque", 0, nil, false, streaming(a.incidentAffectedCSV)},
		{get, incidentURL + "/measures", need{cordon.ReadIncidents}, "incidentMeasures", tagIncidents, "TTD, TTA, TTC, TTI, TTN, TTR, exposure and blast radius", 0, nil, false, on(a.incidentMeasures)},
		{get, incidentURL + "/review", need{cordon.ReadIncidents}, "incidentReview", tagIncidents, "Read what the review found", 0, nil, false, on(a.incidentReview)},
		{put, incidentURL + "/review", need{cordon.ManageIncidents}, "writeIncidentReview", tagIncidents, "Write what the review found", 204, nil, false, on(a.writeIncidentReview)},
		{get, "/v1/measures", need{cordon.ReadIncidents}, "measureReport", tagIncidents, "The measures over time: median and 90th percentile by month", 0, nil, false, on(a.measureReport)},
		{get, "/v1/playbooks/{kind}", need{cordon.ReadIncidents}, "getPlaybook", tagIncidents, "Show the playbook of a kind of incident", 0, nil, false, on(a.getPlaybook)},

		{get, "/v1/drills", need{cordon.RunDrills}, "listDrills", tagDrills, "List the drills, and the runs that this node still knows", 0, nil, false, on(a.listDrills)},
		{post, "/v1/drills/{drill}/runs", need{cordon.RunDrills}, "startDrill", tagDrills, "Rehearse an incident on this house, on practices made for it", 202, nil, false, on(a.startDrill)},
		{get, "/v1/drill-runs/{run}", need{cordon.RunDrills}, "getDrillRun", tagDrills, "How far a run is, and its report", 0, nil, false, on(a.getDrillRun)},
	}...)
}
