package console

import (
	"net/http"
	"net/url"

	"github.com/cordonmail/cordon"
)

// approveHost and withdrawHost are the forms of the panel "Linked hosts" on a
// tenant's page.
func (c *Console) approveHost(w http.ResponseWriter, q *request) {
	id := cordon.TenantID(q.PathValue("id"))
	_, err := c.Catalog.ApproveHost(q.Context(), q.actor, id, q.PostFormValue("name"))
	c.hostDone(w, q, id, "host-approved", err)
}

func (c *Console) withdrawHost(w http.ResponseWriter, q *request) {
	id := cordon.TenantID(q.PathValue("id"))
	err := c.Catalog.WithdrawHost(q.Context(), q.actor, id, q.PostFormValue("name"))
	c.hostDone(w, q, id, "host-withdrawn", err)
}

func (c *Console) hostDone(w http.ResponseWriter, q *request, id cordon.TenantID, done string, err error) {
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/tenants/"+url.PathEscape(string(id))+"?done="+done+"#hosts", http.StatusSeeOther)
}
