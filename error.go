package cordon

import (
	"errors"
	"fmt"
)

// Code is why a verb did not do what was asked: a closed list, mapped once per
// edge (HTTP status, SMTP reply, exit status).
type Code string

const (
	Internal    Code = "internal"    // our fault; the text is not shown outside
	Invalid     Code = "invalid"     // the input is wrong; Field and Remedy say where and what to do
	Denied      Code = "denied"      // the actor may not
	Missing     Code = "missing"     // unknown, or not yours: one answer for both
	Conflict    Code = "conflict"    // it is not in a state that allows this
	Held        Code = "held"        // kept for a person
	Stopped     Code = "stopped"     // a Stop covers it
	Limited     Code = "limited"     // a limit is reached
	Unavailable Code = "unavailable" // cannot be decided now; try again
)

// Error is the one error type that crosses a room's door. Message and Remedy
// are shown to the caller, so they never hold personal data; Field names the
// input in the caller's own terms ("from.address", "line 17: email").
type Error struct {
	Code    Code    `json:"code"`
	Field   string  `json:"field,omitempty"`
	Message string  `json:"message"`
	Remedy  string  `json:"remedy,omitempty"`
	Faults  []Fault `json:"faults,omitempty"` // all of them, when there are several
}

// Fault is one thing wrong with one place of the input.
type Fault struct {
	Line    int    `json:"line,omitempty"` // 1-based; 0 when the input has no lines
	Field   string `json:"field"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// Errorf makes an Error without field or remedy.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// InvalidField makes the error for one wrong field, with the remedy.
func InvalidField(field, message, remedy string) *Error {
	return &Error{Code: Invalid, Field: field, Message: message, Remedy: remedy}
}

// CodeOf returns the code of the first Error in err's chain, Internal when
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
