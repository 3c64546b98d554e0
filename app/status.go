package app

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/statuspage"
)

// StatusConfig is for the public status page and the announcements on it.
type StatusConfig struct {
	Listen      string `toml:"listen"`       // its own listener; "" = none
	URL         string `toml:"url"`          // how readers reach it; "" = http://<listen>
	Name        string `toml:"name"`         // of the installation, as readers know it
	Folder      string `toml:"folder"`       // where it is written as files, too; "" = nowhere
	Proxies     string `toml:"proxies"`      // in front, whose X-Forwarded-For is believed; addresses or networks with commas between
	FirstNumber int    `toml:"first_number"` // of the series of announcements
}

func (c StatusConfig) validate() error {
	if _, err := c.proxies(); err != nil {
		return cordon.InvalidField("status.proxies", "names something that is no address or network", "write it like 127.0.0.1, 10.0.0.0/8")
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
			return cordon.InvalidField("status.url", "is not the URL of a host", "write it like https://status.example.org; the page is at its top")
		}
	}
	if strings.TrimSpace(c.Name) == "" {
		return cordon.InvalidField("status.name", "is empty", "name the installation as its readers know it")
	}
	if c.FirstNumber < 1 {
		return cordon.InvalidField("status.first_number", "must be at least 1", "")
	}
	return nil
}

func (c StatusConfig) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range commas(c.Proxies) {
		if addr, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// site is the page as its readers reach it.
func (c StatusConfig) site() cordon.StatusSite {
	s := cordon.StatusSite{Name: c.Name, URL: strings.TrimSuffix(c.URL, "/")}
	if s.URL == "" && c.Listen != "" {
		s.URL = "http://" + c.Listen
		if host, port, err := net.SplitHostPort(c.Listen); err == nil {
			if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
				s.URL = "http://" + net.JoinHostPort("localhost", port)
			}
		}
	}
	return s
}

// wireStatus makes the announcements and the status page.
func (h *House) wireStatus(c StatusConfig, o Options, store announce.Store) error {
	proxies, err := c.proxies()
	if err != nil {
		return err
	}
	h.Herald = announce.New(announce.Config{Store: store, Site: c.site(), FirstNumber: int64(c.FirstNumber), Now: o.Now, Log: o.Log})
	h.Status = statuspage.New(statuspage.Config{Herald: h.Herald, Reports: h.Reports, Notices: h.Notices, Site: c.site(), Folder: c.Folder, Proxies: proxies, Now: o.Now, Log: o.Log})
	return nil
}

// listenStatus opens the status page's listener; nil when none is asked for.
func (h *House) listenStatus() (net.Listener, error) {
	if h.Config.Status.Listen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", h.Config.Status.Listen)
	if err != nil {
		return nil, cordon.InvalidField("status.listen", h.Config.Status.Listen+" cannot be opened: "+rootCause(err), "choose a free port")
	}
	return l, nil
}

// checkURL is where receivers ask whether a message is genuine; "" without a
// status page.
func (c Config) checkURL() string {
	if site := c.Status.site(); site.URL != "" {
		return site.URL + "/check"
	}
	return ""
}
