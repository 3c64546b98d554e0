package app

import (
	"os"

	"github.com/cordonmail/cordon/incident"
)

// newKeeper makes the keeper of incidents, with the house's own playbooks where it
// has some.
func newKeeper(c IncidentConfig, k incident.Config) (*incident.Keeper, error) {
	if c.Playbooks != "" {
		var err error
		if k.Playbooks, err = incident.LoadPlaybooks(os.DirFS(c.Playbooks)); err != nil {
			return nil, err
		}
	}
	return incident.New(k), nil
}
