package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/cordonmail/cordon"
)

// Problem is every error answer (RFC 9457). It carries no input back: what was
// given may be personal.
type Problem struct {
	Type     string         `json:"type" doc:"URN that names the kind of problem" example:"urn:cordon:problem:invalid"`
	Title    string         `json:"title" doc:"The kind of problem in words" example:"The input is wrong"`
	Status   int            `json:"status" doc:"HTTP status" example:"422"`
	Detail   string         `json:"detail" doc:"What is wrong this time" example:"is missing"`
	Instance string         `json:"instance,omitempty" doc:"This very call; quote it when asking, the log names it too" example:"urn:cordon:request:req_4t1c0e7k2m9x8w3f"`
	Code     cordon.Code    `json:"code" doc:"Cordon's code: a closed list" enum:"invalid,denied,missing,conflict,held,stopped,limited,unavailable,internal" example:"invalid"`
	Field    string         `json:"field,omitempty" doc:"The input it is about, in the caller's terms" example:"filter.all[0]"`
	Remedy   string         `json:"remedy,omitempty" doc:"What to do about it" example:"name the approved version's number, 1 or more"`
	Faults   []cordon.Fault `json:"faults,omitempty" nullable:"false" doc:"All faults, when there are several"`

	header http.Header
}

func (p *Problem) Error() string             { return p.Detail }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) GetHeaders() http.Header   { return p.header }
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// kind is what a code looks like over HTTP.
type kind struct {
	status     int
	title      string
	detail     string // when the error has no text of its own, or one not meant for outside
	retryAfter int    // seconds
}

// problems is the one map from codes to statuses. A send that is held is no
// problem: it is accepted, 202, with its reasons in the body; the code appears
// here only when a verb is refused because something is held.
func problems(c cordon.Code) kind {
	switch c {
	case cordon.Invalid:
		return kind{http.StatusUnprocessableEntity, "The input is wrong", "the input is wrong", 0}
	case cordon.Denied:
		return kind{http.StatusForbidden, "Not allowed", "you may not do this", 0}
	case cordon.Missing:
		return kind{http.StatusNotFound, "Not found", "there is no such thing, or it is not yours", 0}
	case cordon.Conflict:
		return kind{http.StatusConflict, "Not in a state that allows this", "it is not in a state that allows this", 0}
	case cordon.Held:
		return kind{http.StatusConflict, "Held for a person", "it is held for a person", 0}
	case cordon.Stopped:
		return kind{http.StatusLocked, "Stopped", "a stop covers it", 0}
	case cordon.Limited:
		return kind{http.StatusTooManyRequests, "A limit is reached", "a limit is reached", 60}
	case cordon.Unavailable:
		return kind{http.StatusServiceUnavailable, "Cannot be decided now", "try again in a moment", 5}
	default:
		return kind{http.StatusInternalServerError, "Our fault", "something went wrong on our side; nothing was done that is not recorded", 0}
	}
}

func newProblem(c cordon.Code, detail, request string) *Problem {
	k := problems(c)
	if k.status == http.StatusInternalServerError {
		c, detail = cordon.Internal, ""
	}
	p := &Problem{Type: "urn:cordon:problem:" + string(c), Title: k.title, Status: k.status, Detail: detail, Code: c, header: http.Header{}}
	if p.Detail == "" {
		p.Detail = k.detail
	}
	if request != "" {
		p.Instance = "urn:cordon:request:" + request
	}
	if k.retryAfter > 0 {
		p.header.Set("Retry-After", strconv.Itoa(k.retryAfter)) // RFC 9110 10.2.3
	}
	return p
}

// problem turns any error into what the caller may see, and logs what he may not.
func (a *API) problem(ctx context.Context, x *exchange, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		if p.Instance == "" {
			p.Instance = "urn:cordon:request:" + x.id
		}
		return p
	}
	if ctx.Err() != nil {
		return newProblem(cordon.Unavailable, "the call was given up before it was answered", x.id)
	}
	var e *cordon.Error
	if !errors.As(err, &e) || problems(e.Code).status == http.StatusInternalServerError {
		a.Log.Error("request failed", "request", x.id, "method", x.r.Method, "error", err)
		return newProblem(cordon.Internal, "", x.id)
	}
	p = newProblem(e.Code, e.Message, x.id)
	p.Field, p.Remedy, p.Faults = e.Field, e.Remedy, e.Faults
	return p
}

// unauthenticated is the answer to a call without a usable key: 401, and the
// same for every reason a key may not be usable.
func unauthenticated(detail, remedy, request string) *Problem {
	p := newProblem(cordon.Denied, detail, request)
	p.Status, p.Title, p.Remedy = http.StatusUnauthorized, "No usable key", remedy
	p.header.Set("WWW-Authenticate", `Bearer realm="cordon"`) // RFC 6750 3
	return p
}

func unsupportedMedia(given string, takes []string, request string) *Problem {
	detail := "is missing"
	if given != "" {
		detail = "is not one this route takes"
	}
	p := newProblem(cordon.Invalid, detail, request)
	p.Status, p.Title, p.Field = http.StatusUnsupportedMediaType, "Unsupported content type", "Content-Type"
	p.Remedy = "send " + strings.Join(takes, " or ")
	return p
}

func tooLarge(detail, remedy, request string) *Problem {
	p := newProblem(cordon.Invalid, detail, request)
	p.Status, p.Title, p.Field, p.Remedy = http.StatusRequestEntityTooLarge, "Too large", "body", remedy
	return p
}

func malformed(detail, remedy, request string) *Problem {
	p := newProblem(cordon.Invalid, detail, request)
	p.Status, p.Title, p.Field, p.Remedy = http.StatusBadRequest, "The input cannot be read", "body", remedy
	return p
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller is gone when this fails
}

// asProblem rewrites what huma says of bad input: the same shape as every other
// problem, the field in the caller's terms, and nothing of the input itself.
func asProblem(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	request := ""
	if x, ok := ctx.Context().Value(exchangeKey{}).(*exchange); ok {
		request = x.id
	}
	return problemOfModel(m, request), nil
}

func problemOfModel(m *huma.ErrorModel, request string) *Problem {
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		return tooLarge(fmt.Sprintf("is larger than %d bytes", maxJSON), "send less in one call", request)
	case http.StatusRequestTimeout:
		p := malformed("did not arrive in time", "send it faster, or less of it", request)
		p.Status, p.Title = http.StatusRequestTimeout, "Too slow"
		return p
	case http.StatusUnsupportedMediaType:
		return unsupportedMedia("?", []string{"application/json"}, request)
	case http.StatusBadRequest:
		detail := "is missing"
		if len(m.Errors) > 0 {
			detail = "is not valid JSON"
		}
		return malformed(detail, "send one JSON object as /openapi.json describes it", request)
	}
	if m.Status >= http.StatusInternalServerError {
		return newProblem(cordon.Internal, "", request)
	}
	p := newProblem(cordon.Invalid, "", request)
	for _, e := range m.Errors {
		if e != nil {
			p.Faults = append(p.Faults, faultOf(e))
		}
	}
	if len(p.Faults) > 0 {
		first := p.Faults[0]
		p.Field, p.Detail, p.Remedy = first.Field, first.Message, first.Remedy
	}
	return p
}

var missingProperty = regexp.MustCompile(`^expected required property (\S+) to be present`)

// faultOf says huma's finding in the house's words.
func faultOf(e *huma.ErrorDetail) cordon.Fault {
	where, field, cut := strings.Cut(e.Location, ".")
	if !cut {
		field = where
	}
	f := cordon.Fault{Field: field, Message: e.Message}
	switch {
	case e.Message == validation.MsgUnexpectedProperty:
		f.Message, f.Remedy = "is not a known field", "remove it, or correct its name"
	case e.Message == "unknown query parameter":
		f.Message, f.Remedy = "is not a known query parameter", "remove it, or correct its name"
	case strings.HasPrefix(e.Message, "required ") && strings.HasSuffix(e.Message, "parameter is missing"):
		f.Message, f.Remedy = "is missing", "give it"
	default:
		if found := missingProperty.FindStringSubmatch(e.Message); found != nil {
			f.Field = strings.TrimPrefix(strings.TrimPrefix(e.Location+".", "body."), "body")
			f.Field = strings.TrimPrefix(f.Field+found[1], ".")
			f.Message, f.Remedy = "is missing", "give it"
			return f
		}
		f.Message = strings.Replace(e.Message, "expected", "must be", 1)
		f.Message = strings.Replace(f.Message, "must be string to be", "must be", 1)
		f.Message = strings.Replace(f.Message, "must be value to be", "must be", 1)
		f.Message = strings.Replace(f.Message, "must be string to match", "must match", 1)
		f.Message = strings.Replace(f.Message, "must be length", "must have a length", 1)
	}
	return f
}
