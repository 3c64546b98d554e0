package app

import (
	"log/slog"
	"os"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/scan"
)

// newScanner makes the wire to the outside scanners: nil, which passes
// everything, when none is set.
func newScanner(c ScanConfig, log *slog.Logger) (*scan.Scanner, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	settings := c.settings()
	settings.Log = log
	if c.PasswordFile != "" {
		raw, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, cordon.InvalidField("scan.password_file", "cannot be read", "name a file this user may read")
		}
		settings.Password = cordon.Secret(trimNewline(raw))
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return scan.New(settings), nil
}

func (c ScanConfig) settings() scan.Config {
	return scan.Config{Rspamd: c.Rspamd, ClamAV: c.ClamAV, Timeout: c.Timeout.Duration, Hold: c.Hold, Refuse: c.Refuse}
}

// validate also refuses the zeros that package scan takes for its defaults: who
// writes "hold = 0" means something else.
func (c ScanConfig) validate() error {
	switch {
	case c.Timeout.Duration == 0:
		return cordon.InvalidField("scan.timeout", "must be 100ms to 1m", "2s is the usual; what takes longer is held")
	case c.Hold == 0:
		return cordon.InvalidField("scan.hold", "must be more than 0 and at most 1000", "6 is the usual")
	case c.Refuse == 0:
		return cordon.InvalidField("scan.refuse", "must be at least scan.hold and at most 1000", "15 is the usual")
	case c.PasswordFile != "" && c.Rspamd == "":
		return cordon.InvalidField("scan.password_file", "is given without scan.rspamd", "give both or neither")
	}
	return c.settings().Validate()
}
