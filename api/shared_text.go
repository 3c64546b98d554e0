package api

import (
	"context"

	"github.com/cordonmail/cordon"
)

// FingerprintPath names a shared text.
type FingerprintPath struct {
	Fingerprint string `path:"fingerprint" doc:"The text's fingerprint, 16 hexadecimal digits" example:"9f3a0c11d2e45b67"`
}

func (a *API) shareText(ctx context.Context, x *exchange, in *VersionPath) (*created[cordon.SharedText], error) {
	text, err := a.Catalog.ShareText(ctx, x.actor, x.tenant, in.Template, in.Version)
	if err != nil {
		return nil, err
	}
	return &created[cordon.SharedText]{Location: "/v1/shared-texts/" + text.Fingerprint.String(), Body: text}, nil
}

func (a *API) listSharedTexts(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.SharedText]], error) {
	texts, err := a.Catalog.SharedTexts(ctx, x.actor)
	return listed(texts, "", err)
}

func (a *API) unshareText(ctx context.Context, x *exchange, in *FingerprintPath) (*nothing, error) {
	var f cordon.Fingerprint
	if err := f.UnmarshalText([]byte(in.Fingerprint)); err != nil {
		return nil, err
	}
	return done(a.Catalog.UnshareText(ctx, x.actor, f))
}
