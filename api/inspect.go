package api

import (
	"context"

	"github.com/cordonmail/cordon/inspect"
	"github.com/cordonmail/cordon/message"
)

// Inspected is what a received message or document is, with everything that was
// found in it. It holds personal data, as the message does; nothing is kept.
type Inspected struct {
	inspect.Found
	Valid *bool `json:"valid,omitempty" doc:"Of an XARF document: whether it keeps the rules of its version" example:"true"`
}

// inspectMessage reads the body and says what it is. It is a pure reading: no
// state is asked and none changes, so the route's permission is all there is.
func (a *API) inspectMessage(_ context.Context, x *exchange, _ *struct{}) (*answer[Inspected], error) {
	raw, err := wholeBody(x, message.MaxMessage)
	if err != nil {
		return nil, err
	}
	found, err := inspect.Read(raw)
	out := Inspected{Found: found}
	if found.Report != nil {
		valid := found.Report.Valid()
		out.Valid = &valid
	}
	return answered(out, err)
}
