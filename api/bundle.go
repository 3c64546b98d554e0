package api

import (
	"context"
	"io"
	"net/http"
)

// bundleIncident answers with the evidence of an incident as a zip file.
func (a *API) bundleIncident(ctx context.Context, x *exchange, in *incidentPath) error {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return err
	}
	file, made, err := a.Auditor.BundleFile(ctx, x.actor, id)
	if err != nil {
		return err
	}
	defer file.Close()
	h := x.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+made.FileName()+`"`)
	x.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(x.w, file); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
