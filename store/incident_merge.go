package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// MergeIncident ends the incident as part of another. It is a link: what belongs
// to it stays where it is, and what it is about is added to the other.
func (s *Store) MergeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, into cordon.IncidentID, why string) (cordon.Incident, error) {
	if id == into {
		return cordon.Incident{}, cordon.InvalidField("into", "is the incident itself", "name the other one")
	}
	i, err := s.changeIncident(ctx, id, version, func(t *tx, i *storedIncident) error {
		other, err := incidentOf(ctx, t, into, "{{forupdate}}")
		switch {
		case err != nil:
			return err
		case !other.State.Open():
			return cordon.Errorf(cordon.Conflict, "%s is %s: nothing is merged into it", other.Name(), other.State)
		case other.Exercise != i.Exercise:
			return cordon.Errorf(cordon.Conflict, "an exercise and a real incident are never merged")
		}
		return t.mergeInto(ctx, by, i, &other, why)
	})
	return i, wrap(err, "merge incident")
}

func (t *tx) mergeInto(ctx context.Context, by cordon.Actor, i, other *storedIncident, why string) error {
	i.Into = other.ID
	text := "into " + other.Name()
	if why != "" {
		text += ": " + why
	}
	if err := t.moveIncident(ctx, by, i, incidentMove{to: cordon.IncidentMerged, text: text}); err != nil {
		return err
	}
	scope, err := incidentScope(ctx, t, i.ID)
	if err != nil {
		return err
	}
	for _, q := range scope {
		if err := t.scopeIncident(ctx, by, other, q); err != nil {
			return err
		}
	}
	links, err := incidentLinks(ctx, t, i.ID, "")
	if err != nil {
		return err
	}
	links = append(links, cordon.IncidentLink{Noun: cordon.LinkIncident, Subject: string(i.ID)})
	if err := t.tieAll(ctx, by, other, links); err != nil {
		return err
	}
	if i.Severity < other.Severity {
		if err := t.setSeverity(ctx, cordon.System(), other, i.Severity, i.Name()+" was merged into it"); err != nil {
			return err
		}
	}
	return t.incidentLine(ctx, by, other.ID, cordon.IncidentLine{Kind: cordon.LineMerged, Subject: string(i.ID), Text: i.Name() + " was merged into this incident"})
}
