package scan

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Defaults of a Config's zero parts.
const (
	DefaultTimeout = 2 * time.Second // defaults.md: a check slower than this holds
	DefaultHold    = 6               // Rspamd's own "add header"
	DefaultRefuse  = 15              // Rspamd's own "reject"

	defaultConnections = 12 // clamd's MaxThreads of Debian; more would only wait there
	mostPoints         = 1000
	shortestTimeout    = 100 * time.Millisecond
	longestTimeout     = time.Minute
)

// Config says which scanners there are. One address alone is a working
// configuration.
type Config struct {
	Rspamd   string        // http://host:port of a normal worker or the controller; "" = none
	Password cordon.Secret // of Rspamd's controller; a normal worker needs none
	ClamAV   string        // tcp://host:port or unix:/path of clamd; "" = none

	Timeout     time.Duration // of one Scan, all scanners together; 0 = 2 s
	Hold        float64       // Rspamd's points from which a message is held; 0 = 6
	Refuse      float64       // and refused; 0 = 15
	Connections int           // to each scanner at once; 0 = 12

	Log *slog.Logger
}

// Validate says what is wrong, in the words of the settings. A Scanner made
// from a wrong Config holds everything.
func (c Config) Validate() error {
	c = c.withDefaults()
	if _, err := rspamdURL(c.Rspamd); c.Rspamd != "" && err != nil {
		return err
	}
	if _, err := clamAddress(c.ClamAV); c.ClamAV != "" && err != nil {
		return err
	}
	switch {
	case strings.ContainsFunc(c.Password.Reveal(), unprintable):
		return cordon.InvalidField("scan.password_file", "holds characters that cannot be sent", "one line of printable characters")
	case c.Timeout < shortestTimeout || c.Timeout > longestTimeout:
		return cordon.InvalidField("scan.timeout", "must be 100ms to 1m", "2s is the usual; what takes longer is held")
	case !(c.Hold > 0 && c.Hold <= mostPoints):
		return cordon.InvalidField("scan.hold", "must be more than 0 and at most 1000", "6 is the usual")
	case !(c.Refuse >= c.Hold && c.Refuse <= mostPoints):
		return cordon.InvalidField("scan.refuse", "must be at least scan.hold and at most 1000", "15 is the usual")
	case c.Connections < 1 || c.Connections > 1000:
		return cordon.InvalidField("scan.connections", "must be 1 to 1000", "")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Hold == 0 {
		c.Hold = DefaultHold
	}
	if c.Refuse == 0 {
		c.Refuse = DefaultRefuse
	}
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// rspamdURL reads http://host:port; nothing else may stand in it.
func rspamdURL(text string) (*url.URL, error) {
	const like = "write it like http://127.0.0.1:11333"
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return nil, cordon.InvalidField("scan.rspamd", "is not a http:// address", like)
	case u.User != nil:
		return nil, cordon.InvalidField("scan.rspamd", "must hold no password", "name a file by scan.password_file")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, cordon.InvalidField("scan.rspamd", "must end after the port", like)
	case u.Port() != "" && !isPort(u.Port()):
		return nil, cordon.InvalidField("scan.rspamd", "has no such port", like)
	case isPublic(u.Hostname()):
		return nil, cordon.InvalidField("scan.rspamd", "is a public address", "whole messages go there: use a scanner on this machine or in a private network")
	}
	return u, nil
}

// address is where clamd listens, as net.Dial takes it.
type address struct{ network, at string }

func clamAddress(text string) (address, error) {
	const like = "write it like tcp://127.0.0.1:3310 or unix:/run/clamav/clamd.ctl"
	if file, ok := strings.CutPrefix(text, "unix:"); ok {
		if !path.IsAbs(file) || strings.ContainsFunc(file, unprintable) {
			return address{}, cordon.InvalidField("scan.clamav", "names no absolute path after unix:", like)
		}
		return address{"unix", path.Clean(file)}, nil
	}
	at, ok := strings.CutPrefix(text, "tcp://")
	host, port, err := net.SplitHostPort(at)
	switch {
	case !ok || err != nil || host == "" || !isPort(port):
		return address{}, cordon.InvalidField("scan.clamav", "is neither tcp://host:port nor unix:/path", like)
	case isPublic(host):
		return address{}, cordon.InvalidField("scan.clamav", "is a public address", "whole messages go there: use a scanner on this machine or in a private network")
	}
	return address{"tcp", at}, nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// isPublic is true for an address in digits that is neither this machine's nor
// of a private network. A name is looked at again when it is dialled.
func isPublic(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && !isNear(ip)
}

// isNear: loopback, RFC 1918 and RFC 4193, link-local.
func isNear(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }
