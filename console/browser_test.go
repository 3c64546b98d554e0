package console_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/cordonmail/cordon"
)

// chromium starts a real browser with a profile of its own. Without one the
// test fails: what it proves cannot be proved otherwise.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing; `make test` installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900),
	)
	parent, cancelParent := context.WithTimeout(context.Background(), 2*time.Minute)
	allocator, cancelAllocator := chromedp.NewExecAllocator(parent, options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		cancelAllocator()
		cancelParent()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	watch(t, ctx)
	return ctx
}

// expected are the two addresses whose complaints are the point: a hostile
// letter's script is refused, and there is no such page.
func expected(url string) bool {
	return strings.HasSuffix(url, "/mailbox/1/body") || strings.HasSuffix(url, "/nowhere")
}

// watch fails the test on anything the browser complains of: an exception, or
// something the Content-Security-Policy refused.
func watch(t *testing.T, ctx context.Context) {
	t.Helper()
	entries, exceptions := chromedp.Events(ctx, log.EntryAdded), chromedp.Events(ctx, runtime.ExceptionThrown)
	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	var readers sync.WaitGroup
	readers.Go(func() {
		for e, err := range entries {
			if err != nil {
				return
			}
			if e.Entry.Level == log.EntryLevelError && !expected(e.Entry.URL) {
				complain("%s: %s", e.Entry.Source, e.Entry.Text)
			}
		}
	})
	readers.Go(func() {
		for e, err := range exceptions {
			if err != nil {
				return
			}
			complain("exception: %s", e.ExceptionDetails.Text)
		}
	})
	// Runs before chromium's own cleanup; the readers end with the context.
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
	})
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// until waits for the page to say so.
func until(t *testing.T, ctx context.Context, what, condition string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](condition))
	for tries := 0; err != nil && !errors.Is(err, chromedp.ErrPollingTimeout) && tries < 10; tries++ {
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](condition)) // a poll does not outlive the page it was asked on
	}
	if err != nil {
		body, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		t.Fatalf("%s: %v\n%s", what, err, body)
	}
}

func ask[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// The whole way in a real browser: in by the link, watching mail wait, stopping
// it, and reading what the stop did.
func TestInByLinkStopAndSeeItsFigures(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 80)
	ctx := chromium(t)

	do(t, ctx, chromedp.Navigate(h.server.URL+"/enter#"+h.code()))
	until(t, ctx, "the link leads in", `location.pathname === "/" && document.querySelector("h1").innerText === "All clear"`)
	if got := ask[string](t, ctx, `location.hash + document.cookie`); got != "" {
		t.Errorf("the code or the cookie can be read by a script: %q", got)
	}
	until(t, ctx, "the page is live", `!!document.querySelector(".live.on")`)

	h.order(p)
	until(t, ctx, "the waiting copies appear by themselves", `[...document.querySelectorAll(".figure")].some(f => /Waiting\s*80/.test(f.innerText))`)
	until(t, ctx, "so does the dispatch", `document.querySelector("#dispatches").innerText.includes("appointment-recall v1")`)

	do(t, ctx, chromedp.Click(chromedp.CSS(`a[href="/stop"]`)))
	until(t, ctx, "the preview counts", `document.querySelector("#preview")?.innerText.includes("All mail of Harbour Street Practice") && document.querySelector("#preview .big-number b").innerText === "80"`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`label[for="scope-everything"]`)))
	until(t, ctx, "the preview follows the choice", `document.querySelector("#preview").innerText.includes("Everything: all mail of all tenants")`)
	if !ask[bool](t, ctx, `document.querySelector("#sure").checkVisibility() && !document.querySelector("#tenant").checkVisibility()`) {
		t.Error("choosing everything does not ask for the tick")
	}
	do(t, ctx, chromedp.Click(chromedp.CSS(`label[for="scope-dispatch"]`)))
	until(t, ctx, "and again", `document.querySelector("#preview").innerText.includes("Dispatch dsp_")`)

	do(t, ctx,
		chromedp.SendKeys(chromedp.CSS("#reason"), "Wrong date column"),
		chromedp.Click(chromedp.CSS(`button[value="place"]`)))
	until(t, ctx, "the stop is in force", `location.pathname.startsWith("/stops/stp_") && document.querySelector("h1").innerText === "Stopped"`)
	answer := strings.Join(strings.Fields(ask[string](t, ctx, `document.querySelector("#answer").innerText`)), " ")
	for _, want := range []string{"Delivered 0", "In flight 0", "Held 80", "Refused 0", "Unknown 0"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer does not say %q: %s", want, answer)
		}
	}
	stops, err := h.store.ActiveStops(t.Context())
	if err != nil || len(stops) != 1 || stops[0].Reason != "Wrong date column" || stops[0].Scope.Dispatch == "" {
		t.Fatalf("stops %+v (%v)", stops, err)
	}

	do(t, ctx, chromedp.Click(chromedp.CSS(`form[action$="/lift"] button.primary`)))
	until(t, ctx, "it is lifted", `document.querySelector("h1").innerText === "Lifted, resumed"`)
}

// A phone shows every page whole: nothing to push sideways, and the stop under
// the thumb.
func TestEveryPageFitsAPhone(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 30)
	d := h.order(p)
	stop, err := h.warden.Place(t.Context(), h.operator, cordon.Stop{Scope: cordon.Scope{Tenant: p.ID}, Reason: strings.Repeat("a reason without end ", 20)})
	h.must(err)
	ctx := chromium(t)
	do(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch), chromedp.Navigate(h.server.URL+"/enter#"+h.code()))
	until(t, ctx, "the link leads in", `location.pathname === "/"`)
	dispatch := "/dispatches/" + string(p.ID) + "/" + string(d.ID)
	for _, path := range []string{"/", "/stop", "/stops", "/stops/" + string(stop.ID), "/dispatches", dispatch, "/holds", "/signals", "/ledger", "/tenants", "/tenants/" + string(p.ID), "/mailbox", "/mailbox/1", "/nowhere"} {
		do(t, ctx, chromedp.Navigate(h.server.URL+path))
		until(t, ctx, path, `document.readyState === "complete"`)
		if wide := ask[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
			t.Errorf("%s is %d pixels wide on a phone of 390: %s", path, wide, ask[string](t, ctx, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 391).map(e => e.tagName + "." + e.className).slice(0, 5).join(" ")`))
		}
		if !ask[bool](t, ctx, `(() => { const r = document.querySelector(".tab-stop").getBoundingClientRect(); return r.bottom <= 844 && r.top > 700 && r.width >= 44 && r.height >= 44 })()`) {
			t.Errorf("%s: the stop is not under the thumb", path)
		}
	}
	do(t, ctx, chromedp.Navigate(h.server.URL+"/ledger"), chromedp.Click(chromedp.CSS(`form[action="/ledger/verify"] button`)))
	until(t, ctx, "the ledger is verified", `!!document.querySelector("#h-report")`)
	if wide := ask[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the verified ledger is %d pixels wide", wide)
	}
	do(t, ctx, chromedp.Navigate(h.server.URL+"/mailbox/1"))
	until(t, ctx, "the letter is framed", `!!document.querySelector("iframe[sandbox]")`)
	if title := ask[string](t, ctx, `document.title`); strings.Contains(title, "hit") {
		t.Error("the letter's script ran")
	}
}
