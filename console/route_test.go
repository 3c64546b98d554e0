package console

import (
	"io/fs"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// A route left without a permission is closed, and named here.
func TestEveryRouteNamesItsPermission(t *testing.T) {
	known := map[cordon.Permission]bool{anyone: true, signedIn: true}
	for _, p := range cordon.Permissions() {
		known[p] = true
	}
	open := map[string]bool{"GET /enter": true, "POST /enter": true, "GET /static/{file}": true, "GET /page/{token}": true, "POST /page/{token}": true}
	for _, r := range new(Console).table() {
		name := r.method + " " + r.pattern
		switch {
		case r.permission == "":
			t.Errorf("%s has no permission: it denies everybody", name)
		case !known[r.permission]:
			t.Errorf("%s asks for %q, which nobody is ever granted", name, r.permission)
		case r.permission == anyone && !open[name]:
			t.Errorf("%s is open to anyone", name)
		}
		if r.method == "POST" && (r.permission == cordon.ReadDispatches || r.permission == cordon.ReadCatalog) {
			t.Errorf("%s changes something with the right to read", name)
		}
	}
}

func TestZeroPermissionDeniesTheOperatorToo(t *testing.T) {
	all := cordon.Actor{Kind: cordon.ActorOperator, Permissions: append(cordon.Permissions(), anyone, signedIn)}
	if (&request{actor: all}).may("") {
		t.Error("the zero permission let somebody in")
	}
}

// What the policy refuses must not be in our own files either.
func TestOwnScriptNeedsNothingThePolicyRefuses(t *testing.T) {
	script, err := fs.ReadFile(ui, "ui/static/live.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"eval(", "new Function", ".style", "setAttribute(\"style", "insertAdjacentHTML", "document.write"} {
		if strings.Contains(string(script), bad) {
			t.Errorf("live.js uses %s", bad)
		}
	}
}

// TestContrast holds every pair of colours that carries text to WCAG AA (4.5:1),
// in light and in dark.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("ui/static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	for name, text := range map[string]string{"light": light, "dark": light + dark} {
		c := tokens(text)
		for _, pair := range [][2]string{
			{"ink", "bg"}, {"ink", "surface"}, {"ink", "sunk"}, {"ink-soft", "bg"}, {"ink-soft", "surface"}, {"ink-soft", "sunk"},
			{"ink-soft", "brand-soft"}, {"brand", "surface"}, {"brand", "sunk"}, {"brand", "bg"}, {"brand", "brand-soft"}, {"brand-ink", "brand"},
			{"stop-ink", "stop"}, {"stop-ink", "stop-hover"}, {"good", "good-soft"}, {"warn", "warn-soft"}, {"alarm", "alarm-soft"},
			{"alarm", "surface"}, {"alarm", "bg"}, {"note", "note-soft"}, {"good", "surface"},
		} {
			if got := contrast(t, c[pair[0]], c[pair[1]]); got < 4.5 {
				t.Errorf("%s: --%s on --%s is %.2f:1", name, pair[0], pair[1], got)
			}
		}
		// Graphics need 3:1 against what they stand on (WCAG 1.4.11); a queued
		// copy is drawn back on purpose and always carries its word.
		for _, s := range []string{"delivered", "sending", "bounced", "uncertain", "cut", "refused"} {
			if got := contrast(t, c["s-"+s], c["surface"]); got < 3 {
				t.Errorf("%s: --s-%s on --surface is %.2f:1", name, s, got)
			}
		}
		if got := contrast(t, c["focus"], c["bg"]); got < 3 {
			t.Errorf("%s: the focus ring is %.2f:1", name, got)
		}
	}
}

var token = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)

func tokens(css string) map[string]string {
	out := map[string]string{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("no colour %q", hex)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
