package ledger

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cordonmail/cordon"
)

// FileName is what a file with the bundle is called: INC-12.zip.
func (b Bundled) FileName() string {
	if b.Incident.Exercise {
		return "exercise-" + b.Incident.Name() + ".zip"
	}
	return b.Incident.Name() + ".zip"
}

// BundleFile makes the bundle in a file without a name, which the caller closes,
// and stands at its beginning. So whoever sends it sends all of it or a fault, and
// never a part that passes for the whole.
func (a *Auditor) BundleFile(ctx context.Context, actor cordon.Actor, id cordon.IncidentID) (file *os.File, made Bundled, err error) {
	if file, err = os.CreateTemp("", "bundle-*.zip"); err != nil { // mode 0600
		return nil, made, fmt.Errorf("bundle: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	if err = os.Remove(file.Name()); err != nil { // open, and without a name
		return nil, made, fmt.Errorf("bundle: %w", err)
	}
	if made, err = a.Bundle(ctx, actor, id, file); err != nil {
		return nil, made, err
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return nil, made, fmt.Errorf("bundle: %w", err)
	}
	return file, made, nil
}
