package console_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
)

// runningHouse is a whole house that runs, queue and all, where drills are quick.
func runningHouse(t *testing.T) *house {
	t.Helper()
	config := app.DefaultConfig()
	config.Data, config.Listen = t.TempDir(), "127.0.0.1:0"
	whole, err := app.Open(t.Context(), config, app.Options{Log: app.NewLog(io.Discard, config.Log), DrillPatients: 220, DrillUndo: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- whole.Run(ctx, func(address string) { ready <- address }) }()
	h := &house{t: t, ctx: t.Context(), store: whole.Store, registry: whole.Registry, catalog: whole.Catalog, operator: whole.Registry.Operator(),
		console: whole.Console, server: httptest.NewServer(whole.Handler()), stop: cancel}
	t.Cleanup(func() {
		cancel()
		h.server.Close()
		if err := errors.Join(<-done, whole.Close()); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("the house does not run: %v", err)
	}
	return h
}

// The whole way in a real browser: to the drills, run one, watch it, read what
// it came to, on a desk and on a phone.
func TestADrillIsRunAndReadInABrowser(t *testing.T) {
	h := runningHouse(t)
	ctx := chromium(t)
	do(t, ctx, chromedp.Navigate(h.server.URL+"/enter#"+h.code()))
	until(t, ctx, "the link leads in", `location.pathname === "/"`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`.side a[href="/drills"]`)))
	until(t, ctx, "the drills", `document.querySelector("h1").innerText === "Drills" && document.querySelector("main").innerText.includes("Incident A")`)
	fits(t, ctx, "drills")
	do(t, ctx,
		chromedp.Click(chromedp.CSS(`label[for="edge-id-walk"]`)),
		chromedp.Click(chromedp.CSS(`form[action="/drills/id-walk/runs"] button`)))
	until(t, ctx, "the run's page", `location.pathname.startsWith("/drill-runs/run_") && document.querySelector(".exercise-chip").innerText === "Exercise"`)
	until(t, ctx, "its progress", `document.querySelectorAll(".steps li").length > 2`)
	fits(t, ctx, "running")
	until(t, ctx, "its report", `document.querySelector("h1").innerText === "Drill passed" && document.querySelectorAll(".variant").length === 11`)
	report := strings.Join(strings.Fields(ask[string](t, ctx, `document.querySelector("main").innerText`)), " ")
	for _, want := range []string{"Bad copies out", "Time to detect", "Time to contain", "edge-fault-edited", "Tried 100 Refused", "wanted ≤ 10, got", "OK"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q: %s", want, report)
		}
	}
	if strings.Contains(report, "FAILED") {
		t.Errorf("the report: %s", report)
	}
	fits(t, ctx, "report")
	do(t, ctx, chromedp.Navigate(h.server.URL+"/drills"))
	until(t, ctx, "the run is listed", `document.querySelector("#drills").innerText.includes("Passed")`)
	fits(t, ctx, "listed")
}

// fits looks at the page at both widths: nothing to push sideways. With
// CORDON_PICTURES set to a folder it leaves pictures there.
func fits(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, view := range []struct {
		name  string
		width int64
	}{{"desk", 1280}, {"phone", 390}} {
		do(t, ctx, chromedp.EmulateViewport(view.width, 844))
		if wide := ask[int64](t, ctx, `document.documentElement.scrollWidth`); wide > view.width {
			t.Errorf("%s is %d pixels wide on %d: %s", name, wide, view.width, ask[string](t, ctx, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "." + e.className).slice(0, 5).join(" ")`))
		}
		if dir := os.Getenv("CORDON_PICTURES"); dir != "" {
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name+"-"+view.name+".png"), picture, 0o600)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	do(t, ctx, chromedp.EmulateViewport(1280, 900))
}

func TestDrillsAreShownToTheOperatorAlone(t *testing.T) {
	h := openHouse(t) // it runs no drills
	if status, body, _ := h.signedIn().get("/drills"); status != http.StatusNotFound || strings.Contains(body, `href="/drills"`) {
		t.Errorf("a house without drills answered %d", status)
	}
	h = runningHouse(t)
	duty, err := h.registry.CreateAccount(h.ctx, h.operator, cordon.Account{Name: "Duty", Role: cordon.RoleResponder})
	h.must(err)
	responder := h.signedInAs(cordon.Actor{Account: duty.ID})
	for _, path := range []string{"/drills", "/live/drills", "/drill-runs/run_x", "/live/drill-runs/run_x"} {
		if status, _, _ := responder.get(path); status != http.StatusForbidden {
			t.Errorf("a responder at %s: %d", path, status)
		}
	}
	if status, _, _ := responder.post("/drills/id-walk/runs", url.Values{}); status != http.StatusForbidden {
		t.Errorf("a responder ran a drill: %d", status)
	}
	if status, body, _ := responder.get("/"); status != http.StatusOK || strings.Contains(body, `href="/drills"`) {
		t.Errorf("a responder is shown the way to the drills (%d)", status)
	}
	operator := h.signedIn()
	if status, _, _ := operator.get("/drill-runs/run_x"); status != http.StatusNotFound {
		t.Errorf("an unknown run: %d", status)
	}
	if status, body, _ := operator.post("/drills/id-wlak/runs", url.Values{}); status != http.StatusNotFound || !strings.Contains(body, "is not a drill") {
		t.Errorf("an unknown drill: %d", status)
	}
}
