package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/cordonmail/cordon"
)

// bundleIncident answers with the evidence of an incident as a zip file. It is
// made whole before its first byte leaves, so that a fault is still a problem and
// a part never passes for the whole.
func (a *API) bundleIncident(ctx context.Context, x *exchange, in *incidentPath) error {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "bundle-*.zip") // mode 0600
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil { // open, and without a name
		return fmt.Errorf("bundle: %w", err)
	}
	made, err := a.Auditor.Bundle(ctx, x.actor, id, file)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+bundleName(made.Incident)+`"`)
	x.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(x.w, file); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

func bundleName(i cordon.Incident) string {
	if i.Exercise {
		return "exercise-" + i.Name() + ".zip"
	}
	return i.Name() + ".zip"
}
