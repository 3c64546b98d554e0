package store

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

type sealedOnCall struct {
	Name string `json:"name"`
}

type sealedOnCallMethod struct {
	Target string `json:"target"`
}

// openSealed opens what is sealed of a subject of the house into v.
func (s *Store) openSealed(subject string, sealed []byte, v any) error {
	raw, err := s.openHouse(subject, sealed)
	if err != nil {
		return err
	}
	if json.Unmarshal(raw, v) != nil { // its error may quote the data
		return fmt.Errorf("%s: sealed data is malformed", subject)
	}
	return nil
}

func (s *Store) onCallContacts(ctx context.Context, q querier) ([]cordon.OnCallContact, error) {
	rows, err := q.query(ctx, `SELECT c.id, c.account, c.sealed, c.rules, c.created_at FROM oncall_contact c ORDER BY c.created_at, c.id`)
	all, err := collect(rows, err, func(r scanner) (c cordon.OnCallContact, err error) {
		var sealed []byte
		var rules string
		var created int64
		if err := r.Scan(&c.ID, &c.Account, &sealed, &rules, &created); err != nil {
			return c, err
		}
		c.CreatedAt, c.Methods, c.Rules = fromMicros(created), []cordon.ContactMethod{}, []cordon.NotifyRule{}
		var open sealedOnCall
		if err := s.openSealed("contact "+string(c.ID), sealed, &open); err != nil {
			return c, err
		}
		c.Name = open.Name
		return c, json.Unmarshal([]byte(rules), &c.Rules)
	})
	if err != nil {
		return nil, err
	}
	at := map[cordon.OnCallContactID]int{}
	for i, c := range all {
		at[c.ID] = i
	}
	type owned struct {
		contact cordon.OnCallContactID
		cordon.ContactMethod
	}
	rows, err = q.query(ctx, `SELECT m.id, m.contact, m.channel, m.sealed, m.verified_at, m.created_at FROM oncall_method m ORDER BY m.created_at, m.id`)
	methods, err := collect(rows, err, func(r scanner) (m owned, err error) {
		var sealed []byte
		var verified, created int64
		if err := r.Scan(&m.ID, &m.contact, &m.Channel, &sealed, &verified, &created); err != nil {
			return m, err
		}
		m.VerifiedAt, m.CreatedAt = fromMicros(verified), fromMicros(created)
		var open sealedOnCallMethod
		err = s.openSealed("contact method "+string(m.ID), sealed, &open)
		m.Target, m.Hint = open.Target, cordon.HintOf(m.Channel, open.Target)
		return m, err
	})
	for _, m := range methods {
		if i, ok := at[m.contact]; ok {
			all[i].Methods = append(all[i].Methods, m.ContactMethod)
		}
	}
	return all, err
}

// needContact says that the contact must be there.
func (t *tx) needContact(ctx context.Context, field string, id cordon.OnCallContactID) error {
	var there bool
	err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM oncall_contact c WHERE c.id = $1)`, string(id)).Scan(&there)
	if err == nil && !there {
		return &cordon.Error{Code: cordon.Missing, Field: field, Message: "names a contact that there is not", Remedy: findIt("on-call contact")}
	}
	return err
}

// SaveContact writes a contact's name, account and rules: a new one, or what one
// of that ID becomes. Its methods are not touched.
func (s *Store) SaveContact(ctx context.Context, by cordon.Actor, c cordon.OnCallContact) error {
	if c.Rules == nil {
		c.Rules = []cordon.NotifyRule{}
	}
	err := s.write(ctx, func(t *tx) error {
		for _, r := range c.Rules {
			var mine bool
			if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM oncall_method m WHERE m.id = $1 AND m.contact = $2)`, string(r.Method), string(c.ID)).Scan(&mine); err != nil {
				return err
			}
			if !mine {
				return &cordon.Error{Code: cordon.Missing, Field: "rules.method", Message: "is no method of this contact", Remedy: findIt("on-call contact")}
			}
		}
		sealed := s.sealHouse("contact "+string(c.ID), mustJSON(sealedOnCall{c.Name}))
		if _, err := t.exec(ctx, `INSERT INTO oncall_contact (id, account, sealed, rules, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET account = excluded.account, sealed = excluded.sealed, rules = excluded.rules`,
			string(c.ID), string(c.Account), sealed, jsonText(c.Rules), micros(t.now)); err != nil {
			return err
		}
		t.changedOnCall(by, "contact", string(c.ID), map[string]any{"account": c.Account, "rules": c.Rules})
		return nil
	})
	return wrap(err, "save contact")
}

// DeleteContact removes a contact that nothing names, with its methods.
func (s *Store) DeleteContact(ctx context.Context, by cordon.Actor, id cordon.OnCallContactID) error {
	err := s.write(ctx, func(t *tx) error {
		b, err := s.onCallBook(ctx, t, t.now)
		if err != nil {
			return err
		}
		if where := usesContact(b, id); where != "" {
			return &cordon.Error{Code: cordon.Conflict, Field: "contact", Message: "is still named by " + where, Remedy: "take it out there first"}
		}
		if _, err := t.exec(ctx, `DELETE FROM oncall_method WHERE contact = $1`, string(id)); err != nil {
			return err
		}
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_contact WHERE id = $1`, "on-call contact", string(id))
	})
	return wrap(err, "delete contact")
}

func usesContact(b cordon.OnCallBook, id cordon.OnCallContactID) string {
	for _, c := range b.Schedules {
		for _, l := range c.Layers {
			if slices.Contains(l.People, id) {
				return "the schedule " + c.Handle
			}
		}
	}
	for _, o := range b.Overrides {
		if o.Contact == id {
			return "the override " + string(o.ID)
		}
	}
	for _, p := range b.Policies {
		for _, st := range p.Steps {
			if slices.ContainsFunc(st.Targets, func(g cordon.PageTarget) bool { return g.Contact == id }) {
				return "the policy " + p.Handle
			}
		}
	}
	if slices.Contains(b.Settings.Fallback, id) {
		return "the fallback"
	}
	return ""
}

// AddMethod adds a way to reach a contact. It is not used before it is verified.
func (s *Store) AddMethod(ctx context.Context, by cordon.Actor, contact cordon.OnCallContactID, m cordon.ContactMethod) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.needContact(ctx, "contact", contact); err != nil {
			return err
		}
		var n int
		if err := t.queryRow(ctx, `SELECT COUNT(*) FROM oncall_method m WHERE m.contact = $1`, string(contact)).Scan(&n); err != nil {
			return err
		}
		if n >= cordon.MaxMethods {
			return cordon.Errorf(cordon.Limited, "a contact has at most %d methods", cordon.MaxMethods)
		}
		sealed := s.sealHouse("contact method "+string(m.ID), mustJSON(sealedOnCallMethod{m.Target}))
		if _, err := t.exec(ctx, `INSERT INTO oncall_method (id, contact, channel, sealed, verified_at, code, code_until, code_tries, code_num, created_at) VALUES ($1, $2, $3, $4, 0, NULL, 0, 0, 0, $5)`,
			string(m.ID), string(contact), string(m.Channel), sealed, micros(t.now)); err != nil {
			return err
		}
		t.changedOnCall(by, "method", string(m.ID), map[string]any{"contact": contact, "channel": m.Channel})
		return nil
	})
	return wrap(err, "add method")
}

// DeleteMethod removes a way to reach a contact, and the rules that name it.
func (s *Store) DeleteMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID) error {
	err := s.write(ctx, func(t *tx) error {
		var contact, rules string
		err := t.queryRow(ctx, `SELECT c.id, c.rules FROM oncall_contact c WHERE c.id = (SELECT m.contact FROM oncall_method m WHERE m.id = $1)`, string(id)).Scan(&contact, &rules)
		if err != nil {
			return orMissing(err, "method")
		}
		var all []cordon.NotifyRule
		if err := json.Unmarshal([]byte(rules), &all); err != nil {
			return err
		}
		left := slices.DeleteFunc(all, func(r cordon.NotifyRule) bool { return r.Method == id })
		if left == nil {
			left = []cordon.NotifyRule{}
		}
		if _, err := t.exec(ctx, `UPDATE oncall_contact SET rules = $2 WHERE id = $1`, contact, jsonText(left)); err != nil {
			return err
		}
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_method WHERE id = $1`, "method", string(id))
	})
	return wrap(err, "delete method")
}

// codeTries is how many wrong codes a sent one bears, and codesADay how many may
// be sent in a row without being given back: six digits must not be guessed.
const (
	codeTries = 5
	codesSent = 10
)

// AskMethod keeps the hash of the code that is sent to prove a method, until the
// given time, and queues the message that carries it.
func (s *Store) AskMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID, hash []byte, until time.Time, message func(m cordon.ContactMethod, num int64) cordon.Outgoing) error {
	err := s.write(ctx, func(t *tx) error {
		m, state, err := t.lockMethod(ctx, id)
		if err != nil {
			return err
		}
		if !m.VerifiedAt.IsZero() {
			return cordon.Errorf(cordon.Conflict, "this method is verified already")
		}
		if state.num >= codesSent {
			return &cordon.Error{Code: cordon.Limited, Field: "method", Message: "was sent ten codes, and none came back", Remedy: "remove it and add it again, after checking where it leads"}
		}
		if _, err := t.exec(ctx, `UPDATE oncall_method SET code = $2, code_until = $3, code_tries = 0, code_num = code_num + 1 WHERE id = $1`, string(id), hash, micros(until)); err != nil {
			return err
		}
		return t.enqueue(ctx, message(m, state.num+1))
	})
	return wrap(err, "ask method")
}

type codeState struct {
	hash  []byte
	until time.Time
	tries int
	num   int64
}

func (t *tx) lockMethod(ctx context.Context, id cordon.MethodID) (m cordon.ContactMethod, c codeState, err error) {
	var sealed []byte
	var verified, until int64
	err = t.queryRow(ctx, `SELECT m.channel, m.sealed, m.verified_at, m.code, m.code_until, m.code_tries, m.code_num FROM oncall_method m WHERE m.id = $1 {{forupdate}}`, string(id)).
		Scan(&m.Channel, &sealed, &verified, &c.hash, &until, &c.tries, &c.num)
	if err != nil {
		return m, c, orMissing(err, "method")
	}
	m.ID, m.VerifiedAt, c.until = id, fromMicros(verified), fromMicros(until)
	var open sealedOnCallMethod
	err = t.s.openSealed("contact method "+string(id), sealed, &open)
	m.Target, m.Hint = open.Target, cordon.HintOf(m.Channel, open.Target)
	return m, c, err
}

// VerifyMethod takes a code back by its hash. After five wrong ones it is void.
// With hash nil the way it came (a link that was sent there) is the proof.
func (s *Store) VerifyMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID, hash []byte) error {
	wrong := &cordon.Error{Code: cordon.Invalid, Field: "code", Message: "is not the code that was sent, or too old", Remedy: "copy it as it came, or send a new one"}
	var refused error
	err := s.write(ctx, func(t *tx) error {
		refused = nil
		m, c, err := t.lockMethod(ctx, id)
		if err != nil || !m.VerifiedAt.IsZero() {
			return err
		}
		if hash != nil && (c.hash == nil || c.tries >= codeTries || !t.now.Before(c.until) || subtle.ConstantTimeCompare(c.hash, hash) != 1) {
			refused = wrong
			_, err := t.exec(ctx, `UPDATE oncall_method SET code_tries = code_tries + 1 WHERE id = $1`, string(id))
			return err
		}
		if _, err := t.exec(ctx, `UPDATE oncall_method SET verified_at = $2, code = NULL, code_until = 0, code_num = 0 WHERE id = $1`, string(id), micros(t.now)); err != nil {
			return err
		}
		t.changedOnCall(by, "method", string(id), map[string]any{"verified": true})
		return nil
	})
	return wrap(errors.Join(err, refused), "verify method")
}
