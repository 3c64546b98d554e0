package cordon

import "log/slog"

// Secret is a credential in the clear, shown to its owner once. It redacts
// itself in logs and in %v.
type Secret string

func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }
func (Secret) String() string       { return "[secret]" }
func (Secret) GoString() string     { return "[secret]" }

// Reveal returns the secret for the one moment it is shown or used.
func (s Secret) Reveal() string { return string(s) }
