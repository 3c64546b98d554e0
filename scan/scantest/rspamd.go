package scantest

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a message's text must hold for the scanners below to decide so.
const (
	SpamText    = "cordon test of eight points"                                          // Rspamd: 8 points
	BanText     = "cordon test of a ban"                                                 // Rspamd: no points, action "reject"
	LaterText   = "cordon test of patience"                                              // Rspamd: no points, action "soft reject"
	RefusedText = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X" // Rspamd: GTUBE, "reject"
	VirusText   = "cordon test of a virus"                                               // ClamAV: finds it
)

// MaxRead is the largest message, in bytes, that the scanners below read.
const MaxRead = 1 << 20

// Of the rules, only those that ask nobody. A name server is named that does not
// exist, should one ask after all. The list of public suffixes is short because
// the real one takes 20 s to compile.
const rspamdConf = `
options {
  filters = "chartable,regexp";
  url_tld = "@DIR/suffixes";
  tempdir = "@DIR";
  hs_cache_dir = "@DIR/";
  cache_file = "@DIR/symbols.cache";
  dynamic_conf = "@DIR/dynamic";
  history_file = "@DIR/history";
  stats_file = "@DIR/stats";
  control_socket = "@DIR/control mode=0600";
  pidfile = "@DIR/pid";
  classify_headers = [];
  max_message = 1M;
  dns { nameserver = ["127.0.0.1:1"]; timeout = 100ms; retransmits = 1; }
}
logging { type = "file"; filename = "@DIR/log"; level = "notice"; }
worker "normal" { bind_socket = "127.0.0.1:@PORT"; count = 1; }
lua = "${RULESDIR}/rspamd.lua";
.include "$CONFDIR/actions.conf"
.include "$CONFDIR/groups.conf"
chartable { threshold = 0.3; symbol = "R_MIXED_CHARSET"; }
forged_recipients { symbol_sender = "FORGED_SENDER"; symbol_rcpt = "FORGED_RECIPIENTS"; }
regexp {
  CORDON_TEST { re = "/cordon test of eight points/{body}"; score = 8.0; }
  CORDON_BAN { re = "/cordon test of a ban/{body}"; score = 0.0; }
  CORDON_LATER { re = "/cordon test of patience/{body}"; score = 0.0; }
}
force_actions {
  rules {
    BAN { action = "reject"; expression = "CORDON_BAN"; }
    LATER { action = "soft reject"; expression = "CORDON_LATER"; }
  }
}
modules { path = "${PLUGINSDIR}"; }
`

// Rspamd starts one. Its address is http://Addr.
func Rspamd(t testing.TB) *Child {
	t.Helper()
	dir, port := folder(t), freePort(t)
	at := net.JoinHostPort("127.0.0.1", port)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return run(t, "rspamd", map[string]string{
		"rspamd.conf": strings.NewReplacer("@DIR", dir, "@PORT", port).Replace(rspamdConf),
		"suffixes":    "com\norg\nnet\nexample\ntest\ninvalid\n",
	}, &Child{
		Addr: at, dir: dir, args: []string{"--no-fork", "--config", dir + "/rspamd.conf", "--var", "LOCAL_CONFDIR=" + dir},
		ready: func() bool {
			resp, err := client.Get("http://" + at + "/ping")
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		},
	})
}
