package smtpd

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/report"
)

// session is one client's connection. It has no AuthSession: AUTH is neither
// offered nor taken.
type session struct {
	server *Server
	ctx    context.Context // the server's: a session has none of its own
	conn   *smtp.Conn
	client string // network

	from      cordon.Address   // MAIL FROM; "" is the null sender, or nothing that can be answered
	asked     []cordon.Address // planted addresses, taken at RCPT, and no message yet
	told      []cordon.Address // the clerk's, taken at RCPT
	strangers int
}

// Mail keeps the sender until the message ends; the null sender has none.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	a, err := cordon.ParseAddress(from)
	if err != nil {
		a = "" // what cannot be an address says nothing about who sent it
	}
	s.from = a
	return nil
}

// Rcpt takes planted addresses and the clerk's alone.
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
	if s.server.Reports != nil && s.server.Reports.BoxOf(a) != report.NoBox {
		s.told = append(s.told, a)
		return nil
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

// Data reads the message. For each planted address it is counted and forgotten;
// the clerk has it stored before the client hears that it was taken.
func (s *session) Data(r io.Reader) error {
	if len(s.asked)+len(s.told) == 0 {
		return replyNobodyYet
	}
	raw, done, err := s.read(r)
	if err != nil {
		return err
	}
	defer done()
	if len(s.told) == 0 && len(raw) > catalog.MaxArrival {
		return replyTooLarge // and counted as asked for
	}
	if len(s.told) > 0 && !s.server.crowd.store(s.client, len(raw), s.server.Now()) {
		return replyTooOften
	}
	for _, a := range s.told {
		arrived := report.Arrived{To: a, From: s.from, Network: s.client, Raw: raw}
		if err := s.server.Reports.Arrive(s.ctx, receiver(), arrived); err != nil {
			s.server.Log.ErrorContext(s.ctx, "mail for the clerk of reports not taken", "error", err)
			return replyTo(err)
		}
	}
	s.told = nil
	to := s.asked
	s.asked = nil
	for _, a := range to {
		arrival := cordon.Arrival{Sender: s.from.Domain(), Network: s.client, At: s.server.Now()}
		if err := s.server.Catalog.MailArrived(s.ctx, receiver(), a, arrival, bytes.NewReader(raw[:min(len(raw), catalog.MaxArrival)])); err != nil {
			s.server.Log.ErrorContext(s.ctx, "mail at a decoy not counted", "error", err)
			return replyTo(err)
		}
	}
	return nil
}

// read takes the message into memory: little for everybody, a large one only
// while few others do. done gives the place back.
func (s *session) read(r io.Reader) (raw []byte, done func(), err error) {
	done = func() {}
	var b bytes.Buffer
	_, err = io.CopyN(&b, r, smallMail)
	if err == nil {
		select {
		case s.server.large <- struct{}{}:
			done = func() { <-s.server.large }
		default:
			return nil, nil, replyTooOften
		}
		_, err = io.Copy(&b, io.LimitReader(r, s.server.mostBytes()+1-smallMail))
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	switch {
	case err == nil && int64(b.Len()) <= s.server.mostBytes():
		return b.Bytes(), done, nil
	case err == nil, errors.Is(err, smtp.ErrDataTooLarge):
		err = replyTooLarge // and counted as asked for
	default:
		err = replyBroken
	}
	done()
	return nil, nil, err
}

// Reset ends a message. An address that was asked for and got none is as much
// proof as one that did: who tests a list has the list.
func (s *session) Reset() {
	to := s.asked
	s.asked, s.told = nil, nil
	for _, a := range to {
		arrival := cordon.Arrival{Sender: s.from.Domain(), Network: s.client, Probe: true, At: s.server.Now()}
		if err := s.server.Catalog.MailArrived(context.WithoutCancel(s.ctx), receiver(), a, arrival, nil); err != nil {
			s.server.Log.ErrorContext(s.ctx, "a tried decoy was not counted", "error", err)
		}
	}
	s.from = ""
}

// Logout is the end of the connection.
func (s *session) Logout() error {
	s.Reset()
	return nil
}
