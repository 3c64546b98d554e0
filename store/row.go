package store

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// scanner is a row being read, alone or among others.
type scanner interface{ Scan(...any) error }

// collect reads every row with scan and closes them.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// micros is a time as it is stored: µs UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is micros' way back.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// jsonText is a list of strings, numbers or rows of them as one argument, for
// {{texts}}, {{nums}} and {{rows}}.
func jsonText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for what cannot be in such a list: channels, functions, NaN
	}
	return string(raw)
}

// entry makes a ledger entry of what the actor did. The body is for opaque IDs,
// counts and operators' words, never for personal data.
func entry(by cordon.Actor, kind cordon.EntryKind, tenant cordon.TenantID, subject string, body map[string]any) cordon.Entry {
	e := cordon.Entry{Kind: kind, Tenant: tenant, Actor: by.ID(), Subject: subject}
	if len(body) > 0 {
		e.Body = json.RawMessage(jsonText(body))
	}
	return e
}

// wrap says on the way up what was being done; nil stays nil, and an error
// meant for the caller stays as it is.
func wrap(err error, doing string) error {
	var told *cordon.Error
	if err == nil || errors.As(err, &told) {
		return err
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// findIt is where to look for what is missing; nothing for what no caller names.
func findIt(what string) string {
	switch what {
	case "account":
		return "copy its ID as cordon account list shows it"
	case "announcement":
		return "give number and place as cordon announce list shows them: 42837/2"
	case "component":
		return "copy its ID as cordon statuspage components shows it"
	case "draft":
		return "copy its ID as cordon announce drafts shows it"
	case "audience":
		return "name it by ID or handle; cordon audience list shows them"
	case "dispatch":
		return "copy its ID as cordon dispatches shows it"
	case "domain":
		return "add it with cordon domain create; cordon domain list shows them"
	case "key":
		return "copy its ID as cordon key list shows it"
	case "link":
		return "a link opens one session and then ends: ask for a new one"
	case "contact":
		return "copy its ID as cordon contact list shows it"
	case "notice":
		return "cordon notice facts show drafts the first one"
	case "notice identity":
		return "name by whom notices are sent with cordon notice identity set"
	case "page":
		return "copy its ID as cordon page list shows it"
	case "schedule":
		return "name it by ID or handle; cordon oncall schedule list shows them"
	case "policy":
		return "name it by ID or handle; cordon oncall policy list shows them"
	case "monitor":
		return "add it with cordon oncall heartbeat create; cordon oncall heartbeat list shows them"
	case "method":
		return "copy its ID as cordon oncall contact list shows it"
	case "on-call contact":
		return "copy its ID as cordon oncall contact list shows it"
	case "override":
		return "copy its ID as cordon oncall schedule show prints it"
	case "recipient":
		return "copy the ID as cordon recipients list shows it; who was erased has none"
	case "session":
		return "it has ended: sign in again"
	case "stop":
		return "copy its ID as cordon stops --all shows it"
	case "template":
		return "name it by ID or handle; cordon template list shows them"
	case "tenant":
		return "name it by ID or handle; cordon tenant list shows them"
	case "version":
		return "give its number; cordon template versions lists them"
	}
	return ""
}

// missing is the one answer for what does not exist and what is not yours.
func missing(what string) error {
	return &cordon.Error{Code: cordon.Missing, Field: what, Message: "there is no such " + what + ", or it is not yours", Remedy: findIt(what)}
}

// orMissing turns "no rows" into missing.
func orMissing(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return missing(what)
	}
	return err
}

// orTaken turns a unique constraint that was hit into a Conflict.
func (s *Store) orTaken(err error, field, message string) error {
	if err != nil && s.engine.conflict(err) {
		return &cordon.Error{Code: cordon.Conflict, Field: field, Message: message, Remedy: "choose another one"}
	}
	return err
}

// changedOne turns an UPDATE that found nothing to change into a Conflict.
func changedOne(res sql.Result, err error, otherwise string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return cordon.Errorf(cordon.Conflict, "%s", otherwise)
	}
	return err
}

func invalidHandle(field string) error {
	return cordon.InvalidField(field, "is not a handle", "use 1 to 40 of a-z, 0-9 and -, with no - at either end")
}

// cursor makes the key of the last row of a page opaque.
func cursor(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// afterCursor is cursor's way back.
func afterCursor(p cordon.Page) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil {
		return "", badCursor()
	}
	return string(raw), nil
}

func badCursor() error {
	return cordon.InvalidField("after", "is not a cursor of this list", "pass on the cursor of the last answer unchanged")
}

// pairKey is the key of a list that is ordered by a time and an ID.
func pairKey(at time.Time, id string) string { return strconv.FormatInt(micros(at), 10) + " " + id }

// afterPair is the cursor of such a list: µs and ID; zeros for the beginning.
func afterPair(p cordon.Page) (at int64, id string, err error) {
	key, err := afterCursor(p)
	if err != nil || key == "" {
		return 0, "", err
	}
	number, id, ok := strings.Cut(key, " ")
	at, err = strconv.ParseInt(number, 10, 64)
	if err != nil || !ok {
		return 0, "", badCursor()
	}
	return at, id, nil
}

// page cuts one row too many off a list and makes the cursor of the next page.
func page[T any](all []T, p cordon.Page, key func(T) string) ([]T, string) {
	if len(all) <= p.Size() {
		return all, ""
	}
	all = all[:p.Size()]
	return all, cursor(key(all[len(all)-1]))
}
