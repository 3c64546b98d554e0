package api

import (
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// TenantPath is the tenant in a path.
type TenantPath struct {
	Tenant string `path:"tenant" maxLength:"64" doc:"Tenant, by ID or handle" example:"northside"`
}

// PageQuery asks for part of a list.
type PageQuery struct {
	After string `query:"after" maxLength:"500" doc:"Cursor: next of the last answer; leave it out for the beginning" example:"MTcwMA"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Rows to answer with, at most" example:"50"`
}

func (q PageQuery) page() cordon.Page { return cordon.Page{After: q.After, Limit: q.Limit} }

// list is part of a list, and where the next part begins.
type list[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"The rows of this part"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next part, for after; left out at the end" example:"MTcwMA"`
}

// answer is a body and nothing else.
type answer[T any] struct{ Body T }

// created is a new thing and where it can be found.
type created[T any] struct {
	Location string `header:"Location" doc:"Path of the new thing" example:"/v1/stops/stp_0123456789abcdefghjkmnpqrs"`
	Body     T
}

// nothing is the answer of a verb that has nothing to say.
type nothing struct{}

func listed[T any](items []T, next string, err error) (*answer[list[T]], error) {
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []T{}
	}
	return &answer[list[T]]{Body: list[T]{Items: items, Next: next}}, nil
}

func answered[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{Body: body}, nil
}

func done(err error) (*nothing, error) {
	if err != nil {
		return nil, err
	}
	return &nothing{}, nil
}

func tenantURL(t cordon.TenantID, rest string) string { return "/v1/tenants/" + string(t) + rest }

func sortTotals(rows []total) {
	slices.SortFunc(rows, func(a, b total) int { return strings.Compare(string(a.Tenant), string(b.Tenant)) })
}
