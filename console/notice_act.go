package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// typedTexts are the texts of the form.
func typedTexts(q *request) map[cordon.NoticeField]string {
	texts := map[cordon.NoticeField]string{}
	for _, n := range cordon.NoticeFields() {
		if q.PostForm.Has(string(n)) {
			texts[n] = q.PostFormValue(string(n))
		}
	}
	return texts
}

func (c *Console) editOf(q *request) (notice.Edit, map[cordon.NoticeField]string, error) {
	if err := q.ParseForm(); err != nil {
		return notice.Edit{}, nil, cordon.Errorf(cordon.Invalid, "The form is too long, or broke off.")
	}
	typed := typedTexts(q)
	e := notice.Edit{Texts: map[cordon.Language]map[cordon.NoticeField]string{languageOf(q): typed}, Why: q.PostFormValue("why")}
	e.Seq, _ = strconv.Atoi(q.PostFormValue("seq")) // none: whichever is newest
	e.Revision, _ = strconv.Atoi(q.PostFormValue("revision"))
	return e, typed, nil
}

// previewNotice draws a text of what is being typed, unstored.
func (c *Console) previewNotice(w http.ResponseWriter, q *request) {
	view, _, err := c.letterTyped(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	html, err := c.pages.part("letter", view)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html))
}

// lookNotice is the preview of what is being typed for who has no script.
func (c *Console) lookNotice(w http.ResponseWriter, q *request) {
	view, typed, err := c.letterTyped(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p, err := c.noticeOf(q, typed)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p.Preview = view
	c.show(w, q, http.StatusOK, "notice", frame{Title: "Notice of " + p.Incident.Name(), Section: "incidents", Body: p})
}

// letterTyped is the letter as it is being typed, or why it cannot be told so, and
// the texts themselves.
func (c *Console) letterTyped(q *request) (letterView, map[cordon.NoticeField]string, error) {
	e, typed, err := c.editOf(q)
	if err != nil {
		return letterView{}, nil, err
	}
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err != nil {
		return letterView{}, nil, err
	}
	f, err := c.Notices.With(q.Context(), q.actor, i.ID, e)
	if err != nil {
		return letterView{Label: "Cannot be told like this", Fault: faultOf(err)}, typed, nil
	}
	return c.letterOf(q, f, languageOf(q)), typed, nil
}

// saveNotice writes a revision.
func (c *Console) saveNotice(w http.ResponseWriter, q *request) {
	e, typed, err := c.editOf(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err == nil {
		_, err = c.Notices.Edit(q.Context(), q.actor, i.ID, e)
	}
	if err != nil {
		if cordon.CodeOf(err) == cordon.Invalid || cordon.CodeOf(err) == cordon.Conflict {
			c.noticeWith(w, q, statusOf(err), typed, err)
			return
		}
		c.problem(w, q, err)
		return
	}
	c.noticeDone(w, q, i.ID, "notice-saved", nil)
}

// approveNotice makes it what is told.
func (c *Console) approveNotice(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err == nil {
		_, err = c.Notices.Approve(q.Context(), q.actor, i.ID, notice.Approval{Hash: q.PostFormValue("hash"), FollowUp: q.PostFormValue("follow_up") == "yes"})
	}
	c.noticeDone(w, q, i.ID, "notice-approved", err)
}

// tellNotice tells whoever is still to be told; followUpNotice writes to people, or
// says why not.
func (c *Console) tellNotice(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err == nil {
		_, err = c.Notices.Tell(q.Context(), q.actor, i.ID)
	}
	c.noticeDone(w, q, i.ID, "notice-told", err)
}

func (c *Console) followUpNotice(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	var tenants []cordon.TenantID
	if t := cordon.TenantID(q.PostFormValue("tenant")); t != "" {
		tenants = append(tenants, t)
	}
	done := "notice-written"
	switch {
	case err != nil:
	case q.PostFormValue("act") == "waive":
		done = "notice-waived"
		_, err = c.Notices.Waive(q.Context(), q.actor, i.ID, tenants, q.PostFormValue("because"))
	default:
		_, err = c.Notices.WriteTo(q.Context(), q.actor, i.ID, tenants)
	}
	c.noticeDone(w, q, i.ID, done, err)
}

// toldNotice records that a tenant was told by other means.
func (c *Console) toldNotice(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err == nil {
		err = c.Notices.TellOtherwise(q.Context(), q.actor, i.ID, cordon.TenantID(q.PostFormValue("tenant")), q.PostFormValue("because"))
	}
	c.noticeDone(w, q, i.ID, "notice-otherwise", err)
}

func (c *Console) noticeDone(w http.ResponseWriter, q *request, id cordon.IncidentID, done string, err error) {
	var e *cordon.Error
	switch {
	case err != nil && id != "" && errors.As(err, &e) && e.Code != cordon.Missing:
		c.noticeWith(w, q, statusOf(err), nil, err)
	case err != nil:
		c.problem(w, q, err)
	default:
		to := "/notices/" + url.PathEscape(string(id)) + "?" + url.Values{"done": {done}, "language": {string(languageOf(q))}}.Encode()
		http.Redirect(w, q.Request, to, http.StatusSeeOther)
	}
}
