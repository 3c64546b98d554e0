package statuspage

import (
	"net/http"

	"github.com/cordonmail/cordon"
)

// subscribeRoutes are the forms of the mail subscription.
func (s *Server) subscribeRoutes() []route {
	return []route{
		{"GET", "/subscribe", s.subscribe, extra{}},
		{"POST", "/subscribe", s.askSubscription, extra{cost: formCost}},
		{"GET", "/subscribe/{token}", s.confirmPage, extra{}},
		{"POST", "/subscribe/{token}", s.confirm, extra{cost: formCost}},
		{"GET", "/unsubscribe/{token}", s.unsubscribePage, extra{}},
		{"POST", "/unsubscribe/{token}", s.unsubscribe, extra{}}, // one click comes from the mailbox provider's network, for many readers at once
	}
}

type subscribePage struct {
	Step  string // ask, asked, confirm, confirmed, leave, left
	Token string
	Fault *fault
}

func (s *Server) subscribePage(w http.ResponseWriter, q *request, status int, title string, page subscribePage) {
	s.show(w, q, status, "subscribe", frame{Title: title, Section: "subscribe", Private: page.Token != "", Body: page})
}

func (s *Server) subscribe(w http.ResponseWriter, q *request) {
	s.subscribePage(w, q, http.StatusOK, "Subscribe", subscribePage{Step: "ask"})
}

// askSubscription answers alike whatever is known of the address: what follows is
// done later, by rows.
func (s *Server) askSubscription(w http.ResponseWriter, q *request) {
	address, err := cordon.ParseAddress(q.PostFormValue("address"))
	if err == nil {
		err = s.Herald.AskSubscription(q.Context(), address, q.network)
	} else {
		err = cordon.InvalidField("the address", "is none", "write it like name@example.org")
	}
	if err != nil {
		s.subscribePage(w, q, statusOf(err), "Subscribe", subscribePage{Step: "ask", Fault: faultOf(err)})
		return
	}
	s.subscribePage(w, q, http.StatusOK, "Look into your mailbox", subscribePage{Step: "asked"})
}

// confirmPage only asks: programs that look at links in mail must confirm nothing.
func (s *Server) confirmPage(w http.ResponseWriter, q *request) {
	s.subscribePage(w, q, http.StatusOK, "Confirm your subscription", subscribePage{Step: "confirm", Token: q.PathValue("token")})
}

func (s *Server) confirm(w http.ResponseWriter, q *request) {
	if err := s.Herald.ConfirmSubscription(q.Context(), q.PathValue("token")); err != nil {
		s.subscribePage(w, q, statusOf(err), "Subscribe", subscribePage{Step: "ask", Fault: faultOf(err)})
		return
	}
	s.subscribePage(w, q, http.StatusOK, "You are subscribed", subscribePage{Step: "confirmed"})
}

func (s *Server) unsubscribePage(w http.ResponseWriter, q *request) {
	s.subscribePage(w, q, http.StatusOK, "Unsubscribe", subscribePage{Step: "leave", Token: q.PathValue("token")})
}

// unsubscribe is the page's own form, and the one click of RFC 8058 3.2, which
// posts List-Unsubscribe=One-Click and wants no page and no question.
func (s *Server) unsubscribe(w http.ResponseWriter, q *request) {
	if err := s.Herald.Unsubscribe(q.Context(), q.PathValue("token")); err != nil {
		s.problem(w, q, err)
		return
	}
	s.subscribePage(w, q, http.StatusOK, "You are unsubscribed", subscribePage{Step: "left"})
}
