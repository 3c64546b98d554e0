package drill

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The practices of a run are noted in a file before they are made and struck
// out when they are erased, so that a killed process leaves none behind for
// longer than until its next start.

func (i *Instructor) noteFile() string { return filepath.Join(i.config.Dir, "exercise-practices") }

func (i *Instructor) noted() []string {
	raw, err := os.ReadFile(i.noteFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		i.config.Log.Error("note of exercise practices cannot be read", "error", err)
	}
	return strings.Fields(string(raw))
}

// note adds handles to the file. Without it the run goes on: what a kill would
// leave then is an exercise tenant whose mail goes nowhere.
func (i *Instructor) note(handles []string) { i.write(append(i.noted(), handles...)) }

func (i *Instructor) write(handles []string) {
	if i.config.Dir == "" {
		return
	}
	var err error
	if len(handles) == 0 {
		err = os.Remove(i.noteFile())
	} else {
		err = os.WriteFile(i.noteFile(), []byte(strings.Join(handles, "\n")+"\n"), 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		i.config.Log.Error("note of exercise practices cannot be written", "error", err)
	}
}

// tidy takes practices away and strikes them out; those it cannot stay noted.
func (i *Instructor) tidy(ctx context.Context, r *Rehearsal, handles []string) error {
	if err := r.Tidy(ctx, handles...); err != nil {
		return err
	}
	i.write(slices.DeleteFunc(i.noted(), func(h string) bool { return slices.Contains(handles, h) }))
	return nil
}

// tidyLeft takes away what an earlier process left.
func (i *Instructor) tidyLeft(ctx context.Context, door Door) {
	handles := i.noted()
	if len(handles) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, endMost)
	defer cancel()
	if err := i.tidy(limited, i.rehearsal(door, nil), handles); err != nil && ctx.Err() == nil {
		i.config.Log.Error("exercise practices of an earlier run are not taken away", "error", err)
	}
}
