package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// The one-time code travels in the fragment of the printed link, which browsers
// send to nobody, and from there in the body of one POST. It is in no URL that
// a log, a proxy or a Referer could keep. The session's secret lives in a cookie
// that no script can read and no other site can send.

const (
	cookiePlain  = "cordon_session"
	cookieSecure = "__Host-cordon_session"
	sessionFor   = 12 * time.Hour // of the cookie; the registry decides how long the session lasts
)

// EnterPath is where a one-time link leads: base + EnterPath + "#" + code.
const EnterPath = "/enter"

type enterPage struct{ Fault *fault }

func (c *Console) enter(w http.ResponseWriter, q *request) {
	c.show(w, q, http.StatusOK, "enter", frame{Title: "Sign in", Body: enterPage{}})
}

func (c *Console) redeem(w http.ResponseWriter, q *request) {
	code := strings.TrimSpace(q.PostFormValue("code"))
	// A whole link pasted is as good as its code.
	if i := strings.LastIndexByte(code, '#'); i >= 0 {
		code = code[i+1:]
	}
	secret, err := c.Registry.Redeem(q.Context(), code)
	if err != nil {
		if k := cordon.CodeOf(err); k == cordon.Internal || k == cordon.Unavailable {
			c.problem(w, q, err)
			return
		}
		c.show(w, q, http.StatusForbidden, "enter", frame{Title: "Sign in", Body: enterPage{Fault: &fault{
			Message: "This code does not open the door.",
			Remedy:  "It may have been used already, or be older than 15 minutes. Ask for a new link.",
		}}})
		return
	}
	http.SetCookie(w, c.cookie(q, secret.Reveal(), int(sessionFor.Seconds())))
	http.Redirect(w, q.Request, "/", http.StatusSeeOther)
}

func (c *Console) leave(w http.ResponseWriter, q *request) {
	if err := c.Registry.SignOut(q.Context(), q.secret); err != nil {
		c.problem(w, q, err)
		return
	}
	http.SetCookie(w, c.cookie(q, "", -1))
	http.Redirect(w, q.Request, EnterPath, http.StatusSeeOther)
}

func (c *Console) cookie(q *request, value string, maxAge int) *http.Cookie {
	k := &http.Cookie{
		Name: cookiePlain, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if c.Secure || q.TLS != nil {
		k.Name, k.Secure = cookieSecure, true
	}
	return k
}

// signedInAs reads the cookie and asks the registry who that is, on every
// request: a session ended elsewhere is ended here at once.
func (c *Console) signedInAs(r *http.Request) (cordon.Actor, string, error) {
	name := cookiePlain
	if c.Secure || r.TLS != nil {
		name = cookieSecure
	}
	k, err := r.Cookie(name)
	if err != nil {
		return cordon.Actor{}, "", cordon.Errorf(cordon.Denied, "Nobody is signed in.")
	}
	actor, err := c.Registry.Session(r.Context(), k.Value)
	return actor, k.Value, err
}
