package api

import (
	"context"

	"github.com/cordonmail/cordon"
)

type complaintRequest struct {
	TenantPath
	Body struct {
		Dispatch      cordon.DispatchID    `json:"dispatch" maxLength:"64" doc:"The dispatch whose copy it is about" example:"dsp_0123456789abcdefghjkmnpqrs"`
		Recipient     cordon.RecipientID   `json:"recipient" maxLength:"64" doc:"Who got the copy" example:"rcp_0123456789abcdefghjkmnpqrs"`
		Kind          cordon.ComplaintKind `json:"kind" enum:"complaint,not-me" doc:"complaint: unwanted mail; not-me: somebody sends in the sender's name" example:"complaint"`
		Authenticated bool                 `json:"authenticated,omitempty" doc:"Whether you vouch for it: it came by a feedback loop whose signature was verified, or in person. Only such count towards a stop" example:"true"`
		Source        string               `json:"source,omitempty" maxLength:"100" doc:"Who passes it on: a feedback loop's name, never an address" example:"example-fbl"`
	} `nameHint:"ComplaintRequest"`
}

func (a *API) recordComplaint(ctx context.Context, x *exchange, in *complaintRequest) (*created[cordon.Complaint], error) {
	kept, err := a.Watch.Record(ctx, x.actor, cordon.Complaint{
		Tenant: x.tenant, Dispatch: in.Body.Dispatch, Recipient: in.Body.Recipient, Kind: in.Body.Kind, Authenticated: in.Body.Authenticated, Source: in.Body.Source,
	})
	if err != nil {
		return nil, err
	}
	return &created[cordon.Complaint]{Location: tenantURL(x.tenant, "/complaints"), Body: kept}, nil
}

type complaintsQuery struct {
	TenantPath
	PageQuery
	Dispatch cordon.DispatchID `query:"dispatch" maxLength:"64" doc:"Only about this dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
}

func (a *API) listComplaints(ctx context.Context, x *exchange, in *complaintsQuery) (*answer[list[cordon.Complaint]], error) {
	return listed(a.Watch.Complaints(ctx, x.actor, x.tenant, in.Dispatch, in.page()))
}

func watchWords() map[string]word {
	return map[string]word{
		"Complaint.id":            {doc: "The complaint", example: "cpl_0123456789abcdefghjkmnpqrs"},
		"Complaint.recipient":     {doc: "Who got the copy", example: "rcp_0123456789abcdefghjkmnpqrs"},
		"Complaint.dispatch":      {doc: "The dispatch whose copy it is about", example: "dsp_0123456789abcdefghjkmnpqrs"},
		"Complaint.kind":          {doc: "complaint: unwanted mail; not-me: somebody sends in the sender's name", example: "complaint", enum: enum(cordon.ComplaintUnwanted, cordon.ComplaintNotMe)},
		"Complaint.authenticated": {doc: "Whether somebody vouches for it; only such count towards a stop", example: true},
		"Complaint.source":        {doc: "Who passed it on", example: "example-fbl"},
		"Complaint.at":            {doc: "When it was recorded", example: "2026-11-22T04:58:00Z"},
		"Evidence.delivered":      {doc: "Copies the relay took", example: 1240},
		"Evidence.bounces":        {doc: "Copies refused for good, other than by policy", example: 3},
		"Evidence.policy":         {doc: "Copies the far side rejected by policy (enhanced status X.7.X)", example: 0},
		"Evidence.errors":         {doc: "Tries that failed for another cause", example: 2},
		"Evidence.errors_row":     {doc: "The latest failed tries in a row, of a dispatch or key", example: 0},
		"Evidence.complaints":     {doc: "Recipients with an authenticated complaint", example: 0},
		"Evidence.not_me":         {doc: "Recipients with an authenticated report that somebody sends in the sender's name", example: 0},
		"Evidence.reports":        {doc: "Recipients with a complaint nobody vouches for; it never stops anybody", example: 1},
		"Evidence.decoys":         {doc: "Touches of planted recipients", example: 0},
	}
}
