package app

import (
	"net/url"

	"github.com/cordonmail/cordon/notice"
)

// NoticeConfig is for what is told to those whom an incident reached.
type NoticeConfig struct {
	Regimes string `toml:"regimes"` // folder of the house's own table of legal clocks; "" = the one that comes along
}

// newMessenger makes what tells. Letters lead to the status page, where there is
// one, and to the console.
func (h *House) newMessenger(c Config, o Options, store notice.Store) (*notice.Messenger, error) {
	return notice.New(notice.Config{Store: store, Door: h.Desk, Regimes: c.Notice.Regimes, StatusURL: c.Status.site().URL, ConsoleURL: consoleURL(c), Now: o.Now, Log: o.Log})
}

// host is the status page's, the one that notices may link to; "" when there is
// none.
func (c StatusConfig) host() string {
	u, err := url.Parse(c.site().URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
