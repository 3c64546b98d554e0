package api

import (
	"context"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

type audienceRequest struct {
	TenantPath
	Body struct {
		Handle string        `json:"handle" minLength:"1" maxLength:"40" doc:"Short name: a-z, 0-9 and - inside" example:"recall-2026"`
		Filter cordon.Filter `json:"filter" doc:"Who is in it"`
	} `nameHint:"AudienceRequest"`
}

func (a *API) saveAudience(ctx context.Context, x *exchange, in *audienceRequest) (*created[cordon.Audience], error) {
	saved, err := a.Catalog.SaveAudience(ctx, x.actor, x.tenant, in.Body.Handle, in.Body.Filter)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Audience]{Location: tenantURL(x.tenant, "/audiences/"+string(saved.ID)), Body: saved}, nil
}

type tenantList struct {
	TenantPath
	PageQuery
}

func (a *API) listAudiences(ctx context.Context, x *exchange, in *tenantList) (*answer[list[cordon.Audience]], error) {
	return listed(a.Catalog.Audiences(ctx, x.actor, x.tenant, in.page()))
}

// FitQuery names a letter that the audience is held against.
type FitQuery struct {
	Template string `query:"template" maxLength:"64" doc:"Also count how many have every field this template needs; by ID or handle" example:"recall"`
	Version  int    `query:"version" minimum:"1" doc:"The template's version" example:"3"`
}

type audiencePath struct {
	TenantPath
	FitQuery
	Audience string `path:"audience" maxLength:"64" doc:"Audience, by ID or handle" example:"recall-2026"`
}

// audienceCount is an audience and how many it holds now.
type audienceCount struct {
	cordon.Audience
	Reach
}

// Reach is how many people a filter chooses.
type Reach struct {
	Recipients int                  `json:"recipients" doc:"Recipients it chooses now: active, not suppressed, no decoys" example:"4873"`
	Fit        int                  `json:"fit" doc:"Those who have every field the template needs; all, when none is named" example:"4873"`
	Unfit      []cordon.RecipientID `json:"unfit,omitempty" nullable:"false" doc:"The first few who do not"`
}

func (a *API) getAudience(ctx context.Context, x *exchange, in *audiencePath) (*answer[audienceCount], error) {
	audience, err := a.Catalog.Audience(ctx, x.actor, x.tenant, in.Audience)
	if err != nil {
		return nil, err
	}
	r, err := a.reach(ctx, x, audience.Filter, in.FitQuery)
	return answered(audienceCount{audience, r}, err)
}

type countRequest struct {
	TenantPath
	FitQuery
	Body struct {
		Filter cordon.Filter `json:"filter" doc:"Whom to count"`
	} `nameHint:"CountRequest"`
}

func (a *API) countAudience(ctx context.Context, x *exchange, in *countRequest) (*answer[Reach], error) {
	return answered(a.reach(ctx, x, in.Body.Filter, in.FitQuery))
}

func (a *API) reach(ctx context.Context, x *exchange, f cordon.Filter, q FitQuery) (Reach, error) {
	var needed []string
	if q.Template != "" {
		if q.Version == 0 {
			return Reach{}, cordon.InvalidField("version", "is missing", "name the template's version too")
		}
		v, err := a.version(ctx, x, &VersionPath{TemplatePath{Template: q.Template}, q.Version})
		if err != nil {
			return Reach{}, err
		}
		letter, err := compose.Compile(v.Content)
		if err != nil {
			return Reach{}, err
		}
		needed, _ = letter.Needs()
	}
	r, err := a.Catalog.Reach(ctx, x.actor, x.tenant, f, needed)
	return Reach{r.Total, r.Fit, r.Unfit}, err
}
