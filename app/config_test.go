package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
)

const example = "../cordon.example.toml"

func noEnv(string) string { return "" }

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cordon.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigIsDefaultsThenFileThenEnvironment(t *testing.T) {
	c, err := app.LoadConfig("", noEnv)
	if err != nil || !reflect.DeepEqual(c, app.DefaultConfig()) {
		t.Errorf("without a file: %+v, %v", c, err)
	}
	path := file(t, "listen = \"127.0.0.1:9000\"\n[relay]\naddress = \"smtp.example.org:587\"\nconnections = 7\n[queue]\npoll = \"3s\"\n")
	c, err = app.LoadConfig(path, env("CORDON_LISTEN", "127.0.0.1:9001", "CORDON_RELAY_CONNECTIONS", "9", "CORDON_QUEUE_POLL", "2s",
		"CORDON_SIGN_DKIM", "false", "CORDON_RELAY_MESSAGES_PER_SECOND", "2.5", "CORDON_MASTER_KEY", "k"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9001" || c.Relay.Address != "smtp.example.org:587" || c.Relay.Connections != 9 || c.Queue.Poll.Duration != 2*time.Second ||
		c.Sign.DKIM || c.Relay.MessagesPerSecond != 2.5 || c.MasterKey != "k" || c.Relay.TLS != "required" {
		t.Errorf("loaded %+v", c)
	}
}

func TestFaultsOfTheConfigAreNamed(t *testing.T) {
	cases := map[string]struct {
		file string
		env  []string
		says string
	}{
		"unknown setting":    {"lissten = \"x\"", nil, "lissten"},
		"unknown in section": {"[relay]\nadress = \"x\"", nil, "relay.adress"},
		"master key in file": {"master_key = \"x\"", nil, "master_key"},
		"not TOML":           {"listen = ", nil, "cordon.toml"},
		"wrong type":         {"[relay]\nconnections = \"many\"", nil, "connections"},
		"environment":        {"", []string{"CORDON_RELAY_CONNECTIONS", "many"}, "CORDON_RELAY_CONNECTIONS"},
		"duration":           {"", []string{"CORDON_QUEUE_POLL", "soon"}, "CORDON_QUEUE_POLL"},
		"relay tls":          {"[relay]\ntls = \"maybe\"", nil, "relay.tls"},
		"connections":        {"[relay]\nconnections = 0", nil, "relay.connections"},
		"rate":               {"[relay]\nmessages_per_second = -1.0", nil, "relay.messages_per_second"},
		"database":           {"database = \"mysql://x\"", nil, "database"},
		"data":               {"data = \"\"", nil, "data"},
		"log level":          {"[log]\nlevel = \"loud\"", nil, "log.level"},
		"watch":              {"[watch]\ninterval = \"5m\"", nil, "watch.interval"},
		"log format":         {"[log]\nformat = \"xml\"", nil, "log.format"},
		"rspamd":             {"[scan]\nrspamd = \"127.0.0.1:11333\"", nil, "scan.rspamd"},
		"public rspamd":      {"[scan]\nrspamd = \"http://8.8.8.8:11333\"", nil, "scan.rspamd"},
		"clamav":             {"", []string{"CORDON_SCAN_CLAMAV", "127.0.0.1:3310"}, "scan.clamav"},
		"scan timeout":       {"[scan]\ntimeout = \"0s\"", nil, "scan.timeout"},
		"hold at nothing":    {"[scan]\nhold = 0.0", nil, "scan.hold"},
		"refuse below hold":  {"[scan]\nhold = 7.0\nrefuse = 6.0", nil, "scan.refuse"},
		"refuse at nothing":  {"[scan]\nrefuse = 0.0", nil, "scan.refuse"},
		"scan password":      {"[scan]\npassword_file = \"/nowhere\"", nil, "scan.password_file"},
		"tls without key":    {"[tls]\ncertificate = \"x\"", nil, "tls"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := app.LoadConfig(file(t, c.file), env(c.env...))
			if cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("answered %v", err)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "none.toml")
	if _, err := app.LoadConfig(missing, noEnv); cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a missing file: %v", err)
	}
}

// The example is the documentation of every setting: it names all of them, with
// their defaults, and each has words beside or above it.
func TestTheExampleDocumentsEverySetting(t *testing.T) {
	c, err := app.LoadConfig(example, noEnv)
	if err != nil {
		t.Fatalf("the example does not load: %v", err)
	}
	if want := app.DefaultConfig(); !reflect.DeepEqual(c, want) {
		t.Errorf("the example says %+v\nthe defaults are %+v", c, want)
	}
	var seen app.Config
	meta, err := toml.DecodeFile(example, &seen)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range settings(reflect.TypeFor[app.Config](), nil) {
		if !meta.IsDefined(name...) {
			t.Errorf("%s is not in the example", strings.Join(name, "."))
		}
	}
	raw, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	setting := regexp.MustCompile(`^[a-z_]+ = `)
	told := false // by a comment above
	section := false
	for i, line := range strings.Split(string(raw), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			told = true
		case line == "":
			told, section = false, false
		case strings.HasPrefix(line, "["):
			section = told
		case setting.MatchString(line) && !strings.Contains(line, "#") && !told && !section:
			t.Errorf("line %d: %s has no words", i+1, line)
		}
	}
}

// settings are the names of everything that a file may set.
func settings(of reflect.Type, under []string) (all [][]string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name := f.Tag.Get("toml")
		if name == "-" {
			continue
		}
		path := append(append([]string(nil), under...), name)
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[app.Duration]() {
			all = append(all, settings(f.Type, path)...)
			continue
		}
		all = append(all, path)
	}
	return all
}

func TestEverySettingCanComeFromTheEnvironment(t *testing.T) {
	for _, name := range settings(reflect.TypeFor[app.Config](), nil) {
		asked := false
		variable := "CORDON_" + strings.ToUpper(strings.Join(name, "_"))
		if _, err := app.LoadConfig("", func(s string) string { asked = asked || s == variable; return "" }); err != nil || !asked {
			t.Errorf("%s is not looked at, %v", variable, err)
		}
	}
}
