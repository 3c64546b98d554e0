package app

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/scan"
)

// Config is everything that can be set: one struct, one file
// (cordon.example.toml documents each setting), and an environment variable for
// each (CORDON_ + section + name, in capitals: CORDON_RELAY_ADDRESS).
type Config struct {
	Data      string `toml:"data"`     // folder of the embedded database, the master key and the journal
	Database  string `toml:"database"` // "" = embedded SQLite; postgres://…
	Listen    string `toml:"listen"`   // console, REST, metrics
	URL       string `toml:"url"`      // how people reach the console; "" = http://<listen>
	MasterKey string `toml:"-"`        // CORDON_MASTER_KEY only: it must not lie in a file beside the data

	Node   string       `toml:"node"` // name of this node among several; "" = made at first start
	Log    LogConfig    `toml:"log"`
	TLS    TLSConfig    `toml:"tls"`
	Relay  RelayConfig  `toml:"relay"`
	Queue  QueueConfig  `toml:"queue"`
	Sign   SignConfig   `toml:"sign"`
	Ledger LedgerConfig `toml:"ledger"`

	Witness WitnessConfig `toml:"witness"`

	Pager PagerConfig `toml:"pager"`
	SMS   SMSConfig   `toml:"sms"`

	Decoy DecoyConfig `toml:"decoy"`
	Scan  ScanConfig  `toml:"scan"`
	Watch WatchConfig `toml:"watch"`

	Reports ReportsConfig `toml:"reports"`

	Incident IncidentConfig `toml:"incident"`

	Status StatusConfig `toml:"status"`
	Notice NoticeConfig `toml:"notice"`
}

type LogConfig struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // text or json
}

// TLSConfig is for the console and REST listener.
type TLSConfig struct {
	Certificate string `toml:"certificate"` // PEM file
	Key         string `toml:"key"`         // PEM file
}

// RelayConfig names the smarthost that takes the mail.
type RelayConfig struct {
	Address               string  `toml:"address"` // host:port; "" = nothing is sent, everything waits
	TLS                   string  `toml:"tls"`     // required, opportunistic, implicit, off
	ServerName            string  `toml:"server_name"`
	Username              string  `toml:"username"`
	PasswordFile          string  `toml:"password_file"`
	AllowClearAuth        bool    `toml:"allow_clear_auth"`
	Hello                 string  `toml:"hello"`
	Connections           int     `toml:"connections"`
	MessagesPerSecond     float64 `toml:"messages_per_second"` // 0 = no limit
	MessagesPerConnection int     `toml:"messages_per_connection"`
}

type QueueConfig struct {
	BounceDomain string   `toml:"bounce_domain"` // return paths are unique there; "" = the letter's From address
	Poll         Duration `toml:"poll"`
	// RetryUncertain is how long a copy that may have arrived waits.
	RetryUncertain Duration `toml:"retry_uncertain"`
	DeadAfter      Duration `toml:"dead_after"` // silence after which other nodes take over; the same on all
}

type SignConfig struct {
	DKIM    bool `toml:"dkim"`    // false: the relay signs
	Workers int  `toml:"workers"` // 0 = one a processor
}

type LedgerConfig struct {
	Installation string   `toml:"installation"` // names this house in signed checkpoints
	Checkpoint   Duration `toml:"checkpoint"`
	Verify       Duration `toml:"verify"` // how often the whole ledger is verified; "0s" = never
}

// WitnessConfig is for the witnesses of this ledger, and the ledgers that this
// house witnesses.
type WitnessConfig struct {
	URLs string `toml:"urls"` // of witnesses, with commas between; "" = none
	Keys string `toml:"keys"` // their verifier keys, in the same order
	Name string `toml:"name"` // of this house as a witness; "" = <ledger.installation>/witness
	Logs string `toml:"logs"` // verifier keys of the ledgers it witnesses, with commas between
}

// WatchConfig is for what holds and stops by what comes back.
type WatchConfig struct {
	Interval Duration `toml:"interval"` // how often, at least, what came back is judged
}

// IncidentConfig is for what opens incidents and sets their tasks.
type IncidentConfig struct {
	Interval  Duration `toml:"interval"`  // how often, at least, open incidents are looked at
	Playbooks string   `toml:"playbooks"` // folder of the house's own; "" = those that come along
}

type DecoyConfig struct {
	Domain string `toml:"domain"` // addresses of planted decoys; several with commas between
	Listen string `toml:"listen"` // inbound listener for them; "" = none
}

// ScanConfig names scanners of others that judge mail beside our own checks.
type ScanConfig struct {
	Rspamd       string   `toml:"rspamd"`        // http://host:port; "" = none
	PasswordFile string   `toml:"password_file"` // of Rspamd's controller
	ClamAV       string   `toml:"clamav"`        // tcp://host:port or unix:/path; "" = none
	Timeout      Duration `toml:"timeout"`       // what takes longer is held
	Hold         float64  `toml:"hold"`          // Rspamd's points
	Refuse       float64  `toml:"refuse"`
}

// PagerConfig is for what wakes people, and for other mail that is no copy of a
// dispatch.
type PagerConfig struct {
	From              string   `toml:"from"` // address; "" = the notice identity
	WebhookSecretFile string   `toml:"webhook_secret_file"`
	PagerDuty         string   `toml:"pagerduty"`
	Trust             string   `toml:"trust"` // host:port, with commas between
	HeartbeatURLFile  string   `toml:"heartbeat_url_file"`
	HeartbeatMethod   string   `toml:"heartbeat_method"`
	HeartbeatEvery    Duration `toml:"heartbeat_every"`
}

// SMSConfig is an HTTP gateway for text messages.
type SMSConfig struct {
	URL           string `toml:"url"`
	Method        string `toml:"method"`
	ContentType   string `toml:"content_type"`
	Body          string `toml:"body"`
	Authorization string `toml:"authorization"`
	Username      string `toml:"username"`
	SecretFile    string `toml:"secret_file"`
}

// Duration is a time.Duration written as "250ms" or "5m".
type Duration struct{ time.Duration }

func (d *Duration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

// DefaultConfig is what holds when nothing is set.
func DefaultConfig() Config {
	return Config{
		Data:   "./cordon-data",
		Listen: "127.0.0.1:8025",
		Log:    LogConfig{Level: "info", Format: "text"},
		Relay:  RelayConfig{TLS: "required", Connections: 20, MessagesPerConnection: 1000},
		Queue:  QueueConfig{Poll: Duration{250 * time.Millisecond}, RetryUncertain: Duration{15 * time.Minute}, DeadAfter: Duration{time.Minute}},
		Sign:   SignConfig{DKIM: true},
		Ledger: LedgerConfig{Installation: "local", Checkpoint: Duration{time.Minute}, Verify: Duration{24 * time.Hour}},
		Pager:  PagerConfig{PagerDuty: "https://events.pagerduty.com", HeartbeatMethod: "GET", HeartbeatEvery: Duration{time.Minute}},
		SMS:    SMSConfig{Method: "POST", ContentType: "application/json", Body: `{"to":"{{to}}","text":"{{text}}"}`, Authorization: "Bearer {{secret}}"},
		Decoy:  DecoyConfig{Domain: "decoy.invalid"},
		Status: StatusConfig{Name: "Cordon", FirstNumber: 1},
		Watch:  WatchConfig{Interval: Duration{5 * time.Second}},

		Incident: IncidentConfig{Interval: Duration{5 * time.Second}},

		Scan: ScanConfig{Timeout: Duration{scan.DefaultTimeout}, Hold: scan.DefaultHold, Refuse: scan.DefaultRefuse},

		Reports: defaultReports(),
	}
}

// LoadConfig reads the file (none when path is ""), then the environment. An
// unknown setting is an error that names it, so that a misspelt limit is never
// silently the default.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	c := DefaultConfig()
	if path != "" {
		meta, err := toml.DecodeFile(path, &c)
		if err != nil {
			return c, configFault(path, err)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return c, cordon.InvalidField(path+": "+unknown[0].String(), "is not a setting", "see cordon.example.toml for all of them")
		}
	}
	c.MasterKey = getenv("CORDON_MASTER_KEY")
	if err := override(reflect.ValueOf(&c).Elem(), "CORDON", getenv); err != nil {
		return c, err
	}
	return c, c.Validate()
}

func configFault(path string, err error) error {
	if os.IsNotExist(err) {
		return cordon.InvalidField("config", path+" does not exist", "copy cordon.example.toml there, or leave --config out")
	}
	return cordon.InvalidField(path, err.Error(), "see cordon.example.toml")
}

// override sets every field whose variable is set.
func override(v reflect.Value, prefix string, getenv func(string) string) error {
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("toml")
		if name == "-" {
			continue
		}
		key := prefix + "_" + strings.ToUpper(name)
		field := v.Field(i)
		if _, isDuration := field.Addr().Interface().(*Duration); field.Kind() == reflect.Struct && !isDuration {
			if err := override(field, key, getenv); err != nil {
				return err
			}
			continue
		}
		text := getenv(key)
		if text == "" {
			continue
		}
		if err := setField(field, text); err != nil {
			return cordon.InvalidField(key, err.Error(), "see cordon.example.toml")
		}
	}
	return nil
}

func setField(field reflect.Value, text string) (err error) {
	if d, ok := field.Addr().Interface().(*Duration); ok {
		return d.UnmarshalText([]byte(text))
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		field.SetBool(b)
	case reflect.Int:
		var n int
		n, err = strconv.Atoi(text)
		field.SetInt(int64(n))
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		field.SetFloat(f)
	default:
		err = fmt.Errorf("cannot be set from the environment")
	}
	return err
}

// Validate checks what does not need the world outside.
func (c Config) Validate() error {
	switch {
	case c.Data == "":
		return cordon.InvalidField("data", "is empty", "name a folder")
	case c.Database != "" && c.Database != "memory" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://"):
		return cordon.InvalidField("database", "is neither empty nor a postgres:// URL", "leave it out for the embedded database")
	case !oneOf(c.Relay.TLS, "required", "opportunistic", "implicit", "off"):
		return cordon.InvalidField("relay.tls", "must be required, opportunistic, implicit or off", "")
	case c.Relay.Connections < 1 || c.Relay.Connections > 1000:
		return cordon.InvalidField("relay.connections", "must be 1 to 1000", "")
	case c.Relay.MessagesPerSecond < 0:
		return cordon.InvalidField("relay.messages_per_second", "must not be negative", "0 means no limit")
	case c.Queue.RetryUncertain.Duration < time.Second:
		return cordon.InvalidField("queue.retry_uncertain", "must be at least 1s", "15m gives the relay time to deliver what it took")
	case c.Queue.DeadAfter.Duration < 3*time.Second:
		return cordon.InvalidField("queue.dead_after", "must be at least 3s", "1m bears a slow database; use the same on every node")
	case c.Ledger.Verify.Duration != 0 && c.Ledger.Verify.Duration < time.Minute:
		return cordon.InvalidField("ledger.verify", "must be at least 1m, or 0s for never", "24h reads the whole ledger once a day")
	case len(commas(c.Witness.URLs)) != len(commas(c.Witness.Keys)):
		return cordon.InvalidField("witness.keys", "must name one key for each of witness.urls", "give both with commas between, in the same order")
	case c.Pager.HeartbeatEvery.Duration < 10*time.Second:
		return cordon.InvalidField("pager.heartbeat_every", "must be at least 10s", "1m is usual")
	case !oneOf(c.Pager.HeartbeatMethod, "GET", "POST", "HEAD"):
		return cordon.InvalidField("pager.heartbeat_method", "must be GET, HEAD or POST", "")
	case c.Watch.Interval.Duration < time.Second || c.Watch.Interval.Duration > 30*time.Second:
		return cordon.InvalidField("watch.interval", "must be 1s to 30s", "5s lets evidence cause something within a few seconds")
	case c.Incident.Interval.Duration < time.Second || c.Incident.Interval.Duration > time.Minute:
		return cordon.InvalidField("incident.interval", "must be 1s to 1m", "5s lets somebody be called within a few seconds")
	case !oneOf(c.Log.Level, "debug", "info", "warn", "error"):
		return cordon.InvalidField("log.level", "must be debug, info, warn or error", "")
	case !oneOf(c.Log.Format, "text", "json"):
		return cordon.InvalidField("log.format", "must be text or json", "")
	case c.Decoy.Listen != "" && !catalog.DecoyMailComes(c.Decoy.Domain):
		return cordon.InvalidField("decoy.domain", "can never receive mail", "set a domain whose MX record leads to decoy.listen, or leave decoy.listen empty")
	case (c.TLS.Certificate == "") != (c.TLS.Key == ""):
		return cordon.InvalidField("tls", "needs both certificate and key", "")
	}
	if err := c.Reports.validate(); err != nil {
		return err
	}
	if err := c.Status.validate(); err != nil {
		return err
	}
	return c.Scan.validate()
}

func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}
