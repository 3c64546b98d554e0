package cordon

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ComponentID names a part of the service on the status page.
type ComponentID string

// NewComponentID makes one.
func NewComponentID() ComponentID { return ComponentID("cmp_" + RandomText(idRandomChars)) }

// Valid says whether the identifier has the right shape.
func (id ComponentID) Valid() bool { return validID(string(id), "cmp_") }

// ComponentState is how a part of the service is.
type ComponentState string

const (
	ComponentOperational ComponentState = "operational"
	ComponentMaintenance ComponentState = "maintenance"
	ComponentDegraded    ComponentState = "degraded"
	ComponentPartial     ComponentState = "partial"
	ComponentMajor       ComponentState = "major"
)

// ComponentStates lists every state, the best first.
func ComponentStates() []ComponentState {
	return []ComponentState{ComponentOperational, ComponentMaintenance, ComponentDegraded, ComponentPartial, ComponentMajor}
}

// Rank orders states; an unknown one counts as the worst.
func (s ComponentState) Rank() int {
	if at := slices.Index(ComponentStates(), s); at >= 0 {
		return at
	}
	return len(ComponentStates()) - 1
}

// ComponentUnder is the state of a component that an unresolved incident of the
// impact touches.
func ComponentUnder(i Impact) ComponentState {
	switch i {
	case ImpactNone:
		return ComponentOperational
	case ImpactMinor:
		return ComponentDegraded
	case ImpactMajor:
		return ComponentPartial
	default:
		return ComponentMajor
	}
}

// Component is a part of the service as readers of the status page know it.
type Component struct {
	ID          ComponentID `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Position    int         `json:"position"`
	// Kinds of mail it stands for: an incident whose mail is of one of them touches
	// it. None: only posts that name it do.
	Kinds []Kind `json:"kinds,omitempty"`
	// Maintenance is announced work on it.
	MaintenanceFrom  time.Time `json:"maintenance_from,omitzero"`
	MaintenanceUntil time.Time `json:"maintenance_until,omitzero"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

// UnderMaintenance says whether announced work goes on at the time.
func (c Component) UnderMaintenance(at time.Time) bool {
	return !c.MaintenanceFrom.IsZero() && !at.Before(c.MaintenanceFrom) && at.Before(c.MaintenanceUntil)
}

// Validate says what is wrong with it.
func (c Component) Validate() error {
	switch {
	case strings.TrimSpace(c.Name) == "" || utf8.RuneCountInString(c.Name) > 60 || !plainText(c.Name, true):
		return InvalidField("name", "is missing, or not one line of at most 60 characters", "name it as its readers do: Appointment reminders")
	case utf8.RuneCountInString(c.Description) > 200 || !plainText(c.Description, true):
		return InvalidField("description", "is not one line of at most 200 characters", "shorten it")
	case c.MaintenanceFrom.IsZero() != c.MaintenanceUntil.IsZero() || !c.MaintenanceFrom.IsZero() && !c.MaintenanceUntil.After(c.MaintenanceFrom):
		return InvalidField("maintenance", "has no beginning, no end, or ends before it begins", "give both times")
	}
	for _, k := range c.Kinds {
		if k != Bulk && k != Single && k != Notice {
			return InvalidField("kinds", "names a kind of mail that there is not", "bulk, single or notice")
		}
	}
	return nil
}
