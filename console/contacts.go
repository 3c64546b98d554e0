package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/cordonmail/cordon"
)

// contactsPage is whom to tell at a tenant, in which language, under which laws.
type contactsPage struct {
	Tenant        cordon.Tenant
	Contacts      []cordon.TenantContact
	Settings      cordon.NoticeSettings
	Roles         []cordon.ContactRole
	Languages     []tongueLink
	Jurisdictions []lawChoice
	MayEdit       bool
	Fault         *fault
}

type lawChoice struct {
	Name   string
	Chosen bool
}

func (c *Console) tenantContacts(w http.ResponseWriter, q *request) {
	c.contactsWith(w, q, http.StatusOK, nil)
}

func (c *Console) contactsWith(w http.ResponseWriter, q *request, status int, because error) {
	p := contactsPage{Roles: cordon.ContactRoles(), Fault: faultOf(because)}
	var err error
	if p.Tenant, err = c.Catalog.Tenant(q.Context(), q.actor, q.PathValue("id")); err == nil {
		p.Contacts, err = c.Notices.Contacts(q.Context(), q.actor, p.Tenant.ID)
	}
	if err == nil {
		p.Settings, err = c.Notices.Settings(q.Context(), q.actor, p.Tenant.ID)
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p.MayEdit = q.actor.Can(cordon.ManageNotices, p.Tenant.ID) || q.actor.Can(cordon.ApproveNotices, p.Tenant.ID)
	for _, t := range c.Notices.Tongues() {
		p.Languages = append(p.Languages, tongueLink{Language: t.Language, Name: t.Name, Current: t.Language == p.Settings.Language})
	}
	for _, j := range c.Notices.Jurisdictions() {
		p.Jurisdictions = append(p.Jurisdictions, lawChoice{Name: j, Chosen: slices.Contains(p.Settings.Jurisdictions, j)})
	}
	c.show(w, q, status, "contacts", frame{Title: "Contacts of " + p.Tenant.Name, Section: "tenants", Body: p})
}

func (c *Console) addTenantContact(w http.ResponseWriter, q *request) {
	_, err := c.Notices.AddContact(q.Context(), q.actor, cordon.TenantContact{Tenant: cordon.TenantID(q.PathValue("id")), Role: cordon.ContactRole(q.PostFormValue("role")),
		Language: cordon.Language(q.PostFormValue("language")), Name: q.PostFormValue("name"), Address: cordon.Address(q.PostFormValue("address"))})
	c.contactsDone(w, q, "told-contact-added", err)
}

func (c *Console) removeTenantContact(w http.ResponseWriter, q *request) {
	err := c.Notices.RemoveContact(q.Context(), q.actor, cordon.TenantID(q.PathValue("id")), cordon.ContactID(q.PostFormValue("contact")))
	c.contactsDone(w, q, "told-contact-removed", err)
}

func (c *Console) setTenantNotices(w http.ResponseWriter, q *request) {
	n := cordon.NoticeSettings{Tenant: cordon.TenantID(q.PathValue("id")), Language: cordon.Language(q.PostFormValue("language"))}
	if q.ParseForm() == nil {
		n.Jurisdictions = q.PostForm["law"]
	}
	_, err := c.Notices.SetSettings(q.Context(), q.actor, n)
	c.contactsDone(w, q, "told-contact-settings", err)
}

func (c *Console) contactsDone(w http.ResponseWriter, q *request, done string, err error) {
	switch {
	case cordon.CodeOf(err) == cordon.Invalid:
		c.contactsWith(w, q, http.StatusUnprocessableEntity, err)
	case err != nil:
		c.problem(w, q, err)
	default:
		http.Redirect(w, q.Request, "/tenants/"+url.PathEscape(q.PathValue("id"))+"/contacts?done="+done, http.StatusSeeOther)
	}
}
