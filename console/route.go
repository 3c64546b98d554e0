package console

import (
	"net/http"
	"strings"

	"github.com/cordonmail/cordon"
)

// Two doors that no service permission describes. They are words of this table
// alone, and no actor is ever granted them.
const (
	anyone   cordon.Permission = "console.anyone"    // sign-in and static files
	signedIn cordon.Permission = "console.signed-in" // whoever has a session
)

// route is one line of the table. The zero permission denies everybody.
type route struct {
	method     string
	pattern    string
	permission cordon.Permission
	handler    func(http.ResponseWriter, *request)
}

// table is every address of the console. The permission here is the first look
// only: each service asks again, for the tenant in question.
func (c *Console) table() []route {
	return []route{
		{"GET", EnterPath, anyone, c.enter},
		{"POST", EnterPath, anyone, c.redeem},
		{"POST", "/leave", signedIn, c.leave},
		{"GET", "/static/{file}", anyone, c.static},

		{"GET", "/{$}", cordon.ReadDispatches, c.overview},
		{"GET", "/live/overview", cordon.ReadDispatches, c.overviewLive},

		{"GET", "/stop", cordon.PlaceStops, c.stop},
		{"POST", "/stop", cordon.PlaceStops, c.placeStop},
		{"POST", "/stop/preview", cordon.PlaceStops, c.previewStop},
		{"GET", "/stops", cordon.ReadDispatches, c.stops},
		{"GET", "/stops/{id}", cordon.ReadDispatches, c.stopped},
		{"POST", "/stops/{id}/lift", cordon.LiftStops, c.lift},
		{"GET", "/live/stops/{id}", cordon.ReadDispatches, c.stoppedLive},

		{"GET", "/dispatches", cordon.ReadDispatches, c.dispatches},
		{"GET", "/live/dispatches", cordon.ReadDispatches, c.dispatchesLive},
		{"GET", "/dispatches/{tenant}/{id}", cordon.ReadDispatches, c.dispatch},
		{"GET", "/live/dispatches/{tenant}/{id}", cordon.ReadDispatches, c.dispatchLive},
		{"GET", "/dispatches/{tenant}/{id}/affected.csv", cordon.Assess, c.affected},
		{"POST", "/dispatches/{tenant}/{id}/release", cordon.ReleaseHolds, c.release},
		{"POST", "/dispatches/{tenant}/{id}/discard", cordon.ReleaseHolds, c.discard},
		{"GET", "/holds", cordon.ReadDispatches, c.holds},
		{"POST", "/holds/preview", cordon.ReleaseHolds, c.previewHolds},
		{"POST", "/holds/settle", cordon.ReleaseHolds, c.settleHolds},
		{"GET", "/holds/{tenant}/{id}", cordon.ReadDispatches, c.hold},
		{"GET", "/holds/{tenant}/{id}/sample", cordon.ReadDispatches, c.heldSample},
		{"POST", "/dispatches/{tenant}/{id}/stage/hold", cordon.PlaceStops, c.holdStage},
		{"POST", "/dispatches/{tenant}/{id}/stage/resume", cordon.ReleaseHolds, c.resumeStage},
		{"POST", "/dispatches/{tenant}/{id}/stage/advance", cordon.ReleaseHolds, c.advanceStage},

		{"GET", "/incidents", cordon.ReadIncidents, c.incidents},
		{"GET", "/live/incidents", cordon.ReadIncidents, c.incidentsLive},
		{"POST", "/incidents", cordon.ManageIncidents, c.openIncident},
		{"GET", "/incidents/{id}", cordon.ReadIncidents, c.incident},
		{"GET", "/live/incidents/{id}", cordon.ReadIncidents, c.incidentLive},
		{"GET", "/incidents/{id}/affected.csv", cordon.Assess, c.incidentCSV},
		{"GET", "/incidents/{id}/bundle.zip", cordon.ReadLedger, c.incidentBundle},
		{"POST", "/incidents/{id}/do/{act}", cordon.ManageIncidents, c.actOnIncident},
		{"GET", "/measures", cordon.ReadIncidents, c.measures},

		{"GET", "/signals", cordon.ReadLedger, c.signals},
		{"GET", "/live/signals", cordon.ReadLedger, c.signalsLive},
		{"GET", "/watch", cordon.ReadDispatches, c.watch},
		{"GET", "/live/watch", cordon.ReadDispatches, c.watchLive},
		{"GET", "/ledger", cordon.ReadLedger, c.ledger},
		{"POST", "/ledger/verify", cordon.ReadLedger, c.verifyLedger},
		{"GET", "/tenants", cordon.ReadCatalog, c.tenants},
		{"GET", "/live/tenants", cordon.ReadCatalog, c.tenantsLive},
		{"GET", "/tenants/{id}", cordon.ReadCatalog, c.tenant},
		{"GET", "/live/tenants/{id}", cordon.ReadCatalog, c.tenantLive},
		{"POST", "/tenants/{id}/hosts", cordon.ManageTenants, c.approveHost},
		{"POST", "/tenants/{id}/hosts/withdraw", cordon.ManageTenants, c.withdrawHost},

		{"GET", "/decoys", cordon.ManageTenants, c.decoys},
		{"POST", "/decoys/{id}/plant", cordon.ManageTenants, c.plantDecoys},
		{"POST", "/decoys/{id}/rotate", cordon.ManageTenants, c.rotateDecoys},

		{"GET", "/oncall", cordon.ReadIncidents, c.onCall},
		{"GET", "/live/oncall", cordon.ReadIncidents, c.onCallLive},
		{"POST", "/oncall/contacts", cordon.ManageOnCall, c.addContact},
		{"POST", "/oncall/contacts/{id}/methods", cordon.ManageOnCall, c.addMethod},
		{"POST", "/oncall/contacts/{id}/test", cordon.ManageOnCall, c.testContact},
		{"POST", "/oncall/contacts/{id}/remove", cordon.ManageOnCall, c.removeContact},
		{"POST", "/oncall/methods/{id}", cordon.ManageOnCall, c.settleMethod},
		{"POST", "/oncall/schedules", cordon.ManageOnCall, c.addSchedule},
		{"POST", "/oncall/overrides", cordon.ManageIncidents, c.addOverride},
		{"POST", "/oncall/overrides/{id}/remove", cordon.ManageIncidents, c.removeOverride},
		{"POST", "/oncall/policies", cordon.ManageOnCall, c.addPolicy},
		{"POST", "/oncall/heartbeats", cordon.ManageOnCall, c.addMonitor},
		{"POST", "/oncall/heartbeats/{name}/remove", cordon.ManageOnCall, c.removeMonitor},
		{"POST", "/oncall/settings", cordon.ManageOnCall, c.setOnCall},
		{"GET", "/pages", cordon.ReadIncidents, c.onCallPages},
		{"POST", "/pages", cordon.ManageIncidents, c.triggerPage},
		{"GET", "/pages/{id}", cordon.ReadIncidents, c.onCallPage},
		{"GET", "/live/pages/{id}", cordon.ReadIncidents, c.onCallPageLive},
		{"POST", "/pages/{id}", cordon.ManageIncidents, c.actOnPage},
		{"GET", "/page/{token}", anyone, c.openLink}, // the signed token is the right
		{"POST", "/page/{token}", anyone, c.followLink},

		{"GET", "/notices", cordon.ReadIncidents, c.notices},
		{"GET", "/notices/{incident}", cordon.ReadIncidents, c.notice},
		{"POST", "/notices/{incident}", cordon.ManageNotices, c.saveNotice},
		{"POST", "/notices/{incident}/look", cordon.ReadIncidents, c.lookNotice},
		{"POST", "/notices/{incident}/preview", cordon.ManageNotices, c.previewNotice},
		{"POST", "/notices/{incident}/approve", cordon.ApproveNotices, c.approveNotice},
		{"POST", "/notices/{incident}/tell", cordon.ApproveNotices, c.tellNotice},
		{"POST", "/notices/{incident}/told", cordon.ApproveNotices, c.toldNotice},
		{"POST", "/notices/{incident}/follow-up", cordon.ApproveNotices, c.followUpNotice},
		{"GET", "/notices/{incident}/packet/{tenant}", cordon.ReadIncidents, c.packet},
		{"POST", "/notices/{incident}/packet/{tenant}/list.csv", cordon.ReadIncidents, c.packetList},
		{"GET", "/notices/{incident}/packet/{tenant}/worksheet", cordon.ReadIncidents, c.worksheet},
		{"GET", "/notices/{incident}/packet/{tenant}/drafts/{regime}", cordon.ReadIncidents, c.packetDraft},
		{"GET", "/clocks", cordon.ReadIncidents, c.clocks},
		{"POST", "/incidents/{incident}/clocks", cordon.ApproveNotices, c.decideClock},
		{"GET", "/tenants/{id}/contacts", cordon.ReadIncidents, c.tenantContacts},
		{"POST", "/tenants/{id}/contacts", cordon.ApproveNotices, c.addTenantContact},
		{"POST", "/tenants/{id}/contacts/remove", cordon.ApproveNotices, c.removeTenantContact},
		{"POST", "/tenants/{id}/contacts/settings", cordon.ApproveNotices, c.setTenantNotices},

		{"GET", "/reports", cordon.HandleReports, c.reports},
		{"POST", "/reports/{id}", cordon.HandleReports, c.openReport}, // a form: every reading is on record
		{"GET", "/problems/{id}", cordon.HandleReports, c.reportProblem},
		{"POST", "/problems/{id}/settle", cordon.HandleReports, c.settleProblem},
		{"POST", "/problems/{id}/link", cordon.ManageIncidents, c.linkProblem},

		{"GET", "/announcements", cordon.ReadIncidents, c.announcements},
		{"GET", "/live/announcements", cordon.ReadIncidents, c.announcementsLive},
		{"GET", "/announcements/new", cordon.PostAnnouncements, c.compose},
		{"POST", "/announcements/preview", cordon.PostAnnouncements, c.previewDraft},
		{"POST", "/announcements/drafts", cordon.PostAnnouncements, c.beginDraft},
		{"GET", "/announcements/drafts/{id}", cordon.ReadIncidents, c.openDraft},
		{"POST", "/announcements/drafts/{id}", cordon.ReadIncidents, c.actOnDraft}, // approving needs other rights than posting: the service asks
		{"GET", "/announcements/{number}/{seq}", cordon.ReadIncidents, c.announcement},

		{"GET", "/drills", cordon.RunDrills, c.drills},
		{"GET", "/live/drills", cordon.RunDrills, c.drillsLive},
		{"POST", "/drills/{name}/runs", cordon.RunDrills, c.startDrill},
		{"GET", "/drill-runs/{id}", cordon.RunDrills, c.drillRun},
		{"GET", "/live/drill-runs/{id}", cordon.RunDrills, c.drillRunLive},

		{"GET", "/mailbox", cordon.ReadDispatches, c.mailbox},
		{"GET", "/mailbox/{id}", cordon.ReadDispatches, c.message},
		{"GET", "/mailbox/{id}/body", cordon.ReadDispatches, c.messageBody},
	}
}

// maxForm bounds what a form may send.
const maxForm = 64 << 10

// policy is the Content-Security-Policy of every page: our own files, nothing
// inline, nowhere else, and in nobody's frame.
const policy = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"

func (c *Console) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range c.table() {
		mux.HandleFunc(r.method+" "+r.pattern, c.guarded(r))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r}
		q.actor, q.secret, _ = c.signedInAs(r)
		c.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such page."))
	})
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This form came from another site, so nothing was done.", http.StatusForbidden)
	}))
	return headers(cross.Handler(mux))
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// request is an HTTP request with who makes it.
type request struct {
	*http.Request
	actor  cordon.Actor
	secret string
}

// may says whether the viewer has the permission where it works at all.
func (q *request) may(p cordon.Permission) bool { return q.actor.Can(p, q.actor.Tenant) }

// page is the cursor the request asks for.
func (q *request) page(limit int) cordon.Page {
	return cordon.Page{After: q.FormValue("after"), Limit: limit}
}

// guarded asks who it is and whether the table lets them in.
func (c *Console) guarded(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		q := &request{Request: hr}
		if r.permission == anyone {
			r.handler(w, q)
			return
		}
		var err error
		q.actor, q.secret, err = c.signedInAs(hr)
		switch {
		case err != nil && cordon.CodeOf(err) != cordon.Denied && cordon.CodeOf(err) != cordon.Missing:
			c.problem(w, q, err)
		case err != nil && (strings.HasPrefix(hr.URL.Path, "/live/") || hr.Header.Get("HX-Request") != ""):
			w.Header().Set("HX-Redirect", EnterPath) // the whole page goes there, not the piece that was asked for
			http.Error(w, "sign in first", http.StatusUnauthorized)
		case err != nil:
			http.Redirect(w, hr, EnterPath, http.StatusSeeOther)
		case r.permission != signedIn && !q.may(r.permission):
			c.problem(w, q, cordon.Errorf(cordon.Denied, "Your account may not open this."))
		default:
			r.handler(w, q)
		}
	}
}
