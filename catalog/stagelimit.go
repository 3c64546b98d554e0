package catalog

import (
	"errors"
	"time"

	"github.com/cordonmail/cordon"
)

// stageFaults are limitFaults of the wait before a bulk send and of its stages.
func stageFaults(l cordon.Limits) []cordon.Fault {
	var faults []cordon.Fault
	for _, wait := range []struct {
		field string
		is    time.Duration
	}{{"undo_bulk", l.UndoBulk}, {"first_use_hold", l.FirstUseHold}} {
		if wait.is < 0 || wait.is > 24*time.Hour {
			faults = append(faults, cordon.Fault{Field: wait.field, Message: "is out of range", Remedy: "0 to 24 h"})
		}
	}
	if l.StageFrom < 0 {
		faults = append(faults, cordon.Fault{Field: "stage_from", Message: "is out of range", Remedy: "0 for never, or the copies above which a bulk send leaves in stages"})
	}
	var e *cordon.Error
	if errors.As(l.Stages.Validate(), &e) {
		faults = append(faults, cordon.Fault{Field: e.Field, Message: e.Message, Remedy: e.Remedy})
	}
	return faults
}
