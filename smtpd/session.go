package smtpd

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

// session is one client's connection. It has no AuthSession: AUTH is neither
// offered nor taken.
type session struct {
	server *Server
	ctx    context.Context // the server's: a session has none of its own
	conn   *smtp.Conn
	client string // network

	sender    string           // domain of MAIL FROM
	asked     []cordon.Address // taken at RCPT, and no message yet
	strangers int
}

// Mail keeps the sender's domain and nothing else; the null sender has none.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	a, err := cordon.ParseAddress(from)
	if err != nil {
		a = "" // what cannot be an address says nothing about who sent it
	}
	s.sender = a.Domain()
	return nil
}

// Rcpt takes planted addresses alone.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.strangers >= s.server.Limits.Strangers {
		if s.strangers++; s.strangers > s.server.Limits.Strangers+1 {
			s.conn.Close() // told why the time before
		}
		return replyHarvest
	}
	if !s.server.crowd.ask(s.client, s.server.Now()) {
		return replyTooOften
	}
	a, err := cordon.ParseAddress(to)
	if err != nil {
		s.strangers++
		return replySyntax
	}
	if !s.server.domains[a.Domain()] {
		s.strangers++
		return replyRelaying
	}
	known, err := s.server.Catalog.IsDecoyAddress(s.ctx, receiver(), a)
	switch {
	case err != nil:
		s.server.Log.ErrorContext(s.ctx, "decoy not looked up", "error", err)
		return replyNotNow
	case !known:
		s.strangers++
		return replyStranger
	}
	s.asked = append(s.asked, a)
	return nil
}

// Data reads the message, has it counted for each recipient, and forgets it.
func (s *session) Data(r io.Reader) error {
	if len(s.asked) == 0 {
		return replyNobodyYet
	}
	raw, err := io.ReadAll(io.LimitReader(r, catalog.MaxArrival+1))
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge) || len(raw) > catalog.MaxArrival:
		return replyTooLarge // and counted as asked for
	case err != nil:
		return replyBroken
	}
	to := s.asked
	s.asked = nil
	for _, a := range to {
		arrival := cordon.Arrival{Sender: s.sender, Network: s.client, At: s.server.Now()}
		if err := s.server.Catalog.MailArrived(s.ctx, receiver(), a, arrival, bytes.NewReader(raw)); err != nil {
			s.server.Log.ErrorContext(s.ctx, "mail at a decoy not counted", "error", err)
			return replyTo(err)
		}
	}
	return nil
}

// Reset ends a message. An address that was asked for and got none is as much
// proof as one that did: who tests a list has the list.
func (s *session) Reset() {
	to := s.asked
	s.asked = nil
	for _, a := range to {
		arrival := cordon.Arrival{Sender: s.sender, Network: s.client, Probe: true, At: s.server.Now()}
		if err := s.server.Catalog.MailArrived(context.WithoutCancel(s.ctx), receiver(), a, arrival, nil); err != nil {
			s.server.Log.ErrorContext(s.ctx, "a tried decoy was not counted", "error", err)
		}
	}
	s.sender = ""
}

// Logout is the end of the connection.
func (s *session) Logout() error {
	s.Reset()
	return nil
}
