package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

const patience = 15 * time.Second

// window is one browser window on the console.
type window struct {
	t    *testing.T
	ctx  context.Context
	shot int
}

// browser starts one headless Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium: install Debian's package chromium (make test does when it may)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// openWindow opens a private window; whatever the page throws, or its policy
// forbids, fails the test.
func openWindow(t *testing.T, chromium context.Context, url string) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	var watching sync.WaitGroup
	t.Cleanup(func() { cancel(); watching.Wait() })
	thrown, logged := chromedp.Events(ctx, runtime.ExceptionThrown), chromedp.Events(ctx, log.EntryAdded)
	watching.Go(func() {
		for ev, err := range thrown {
			if err != nil {
				return // the window is closed
			}
			t.Errorf("the page threw %s %+v", ev.ExceptionDetails.Text, ev.ExceptionDetails.Exception)
		}
	})
	watching.Go(func() {
		for ev, err := range logged {
			if err != nil {
				return
			}
			if ev.Entry.Source == log.EntrySourceSecurity {
				t.Errorf("the browser forbade: %s", ev.Entry.Text)
			}
		}
	})
	w := &window{t: t, ctx: ctx}
	w.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	return w
}

func get[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		w.picture("failed")
		w.t.Fatal(err)
	}
	return v
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	get(w, chromedp.Steps(steps...))
}

// test is the selector of a stable hook in the page.
func test(name string) string { return `[data-test="` + name + `"]` }

func (w *window) click(name string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(test(name)), chromedp.Click(test(name)))
}

func (w *window) types(name, text string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(test(name)))
	w.until(name+" is selected", fmt.Sprintf(`(() => { const i = document.querySelector('%s'); i.focus(); i.select(); return true })()`, test(name)))
	w.do(chromedp.KeyEvent(text)) // in place of what was there
}

// says waits until an element's text contains something.
func (w *window) says(name, text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("%s says %q", name, text), fmt.Sprintf(`(document.querySelector('%s')?.innerText ?? '').includes(%q)`, test(name), text))
}

func (w *window) until(what, expression string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	yes, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil || !yes {
		w.picture("failed")
		w.t.Fatalf("%s: %v", what, err)
	}
}

// picture keeps a screenshot for whoever wants to look.
func (w *window) picture(step string) {
	w.shot++
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	dir := filepath.Join("..", "..", "..", ".shots", w.t.Name())
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s.png", w.shot, step)), png, 0o644)
	}
	if err != nil {
		w.t.Logf("no picture of %s: %v", step, err)
	}
}

func TestThePageInABrowser(t *testing.T) {
	chromium := browser(t)
	t.Run("an evening", func(t *testing.T) { eveningAtTheConsole(t, chromium) })
	t.Run("reports", func(t *testing.T) { reportsAreAnswered(t, chromium) })
	t.Run("keyboard", func(t *testing.T) { keyboardReachesEverything(t, chromium) })
	t.Run("token", func(t *testing.T) { loginByToken(t, chromium) })
}

// eveningAtTheConsole swaps plugins by clicks, through `plugin console`.
func eveningAtTheConsole(t *testing.T, chromium context.Context) {
	h := start(t)
	d := h.console()
	base, code := d.address()
	w := openWindow(t, chromium, base+"/admin/#code="+code)
	w.says("card-match", "match-mutual@1.0.0")
	w.says("link", "live")
	if hash := get(w, chromedp.Evaluate[string]("location.href")); hash != base+"/admin/" {
		t.Errorf("the spent code stays in the address: %s", hash)
	}

	// The figures move by themselves.
	first := get(w, chromedp.Text(test("match-calls")))
	w.until("calls go on", fmt.Sprintf(`document.querySelector('%s').innerText !== %q`, test("match-calls"), first))
	w.says("match-failures", "2 out of fuel")
	w.says("ready", "ready")
	w.says("reading-people", "7")
	w.picture("serving")

	// A module that cannot be is refused in one sentence.
	w.do(chromedp.SetUploadFiles(test("load-file"), []string{h.file("bad.wasm", "bad")}))
	w.says("load-error", "Plugin refused: it does not export memory")
	w.picture("refused")

	// A good one is shown first and put in service on yes; Escape leaves all as it is.
	file := h.file("match-new.wasm", "match-new 2.0.0 match")
	w.do(chromedp.SetUploadFiles(test("load-file"), []string{file}))
	w.says("swap", "takes over from match-mutual@1.0.0")
	w.picture("swap")
	w.click("swap-no")
	w.until("the dialog is gone", fmt.Sprintf(`!document.querySelector('%s')`, test("swap")))
	if g := h.registry.Status().Serving[0]; g.Name != "match-mutual@1.0.0" {
		t.Fatalf("no was taken for yes: %+v", g)
	}
	w.do(chromedp.SetUploadFiles(test("load-file"), []string{file}))
	w.click("swap-yes")
	w.says("card-match", "match-new@2.0.0")
	w.says("news", "match-new@2.0.0 serves match")

	// Knobs: what cannot be is said beside the knob, whole numbers stay exact.
	w.click("match-params")
	w.types("param-age_window", "99")
	w.click("params-yes")
	w.says("params-error", "age_window must be a whole number from 0 to 20.")
	w.picture("params")
	w.types("param-age_window", "8")
	w.types("param-seed", "9007199254740995")
	w.click("param-strict")
	w.click("params-yes")
	w.says("card-match", "age_window 8")
	if p := h.registry.Status().Serving[0].Params; p["age_window"] != 8 || p["seed"] != 9007199254740995 || p["strict"] != 0 || p["tag_weight"] != 10 {
		t.Errorf("the knobs arrived as %v", p)
	}

	w.click("match-toggle")
	w.click("pause-yes")
	w.says("card-match", "paused")
	w.picture("paused")
	w.click("match-toggle")
	w.click("resume-yes")
	w.says("card-match", "serving")
	w.click("match-rollback")
	w.click("rollback-yes")
	w.says("news", "match-mutual@1.0.0 serves match, revision 6")
	w.says("history", "rollback")

	// What the server does by itself shows up without a click, and a refusal stays in its dialog.
	h.registry.Quarantine(h.registry.Status().Serving[2].Digest, "it trapped 5 times within a minute")
	w.says("versions", "it trapped 5 times within a minute")
	w.click("trim-rollback")
	w.click("rollback-yes")
	w.says("rollback-error", "Nothing to roll back to")
	w.picture("nothing-before")
	w.do(chromedp.KeyEvent("\x1b"))
	w.until("Escape closes", fmt.Sprintf(`!document.querySelector('%s')`, test("rollback")))

	// What failed too often is put in service again only by who has read why.
	w.do(chromedp.SetUploadFiles(test("load-file"), []string{h.file("trim.wasm", "trim-essential 1.0.0 trim")}))
	w.says("swap", "It is in quarantine: it trapped 5 times within a minute")
	w.says("swap-yes", "all the same")
	w.picture("quarantined")
	w.click("swap-yes")
	w.says("news", "trim-essential@1.0.0 serves trim")
	w.says("history", "load again")

	// A reload keeps the login; the history can be paged; a phone's width is enough.
	for n := range 30 {
		if _, err := h.registry.Pause(t.Context(), fmt.Sprint("unix:", n), registry.Cooldown); err != nil {
			t.Fatal(err)
		}
	}
	w.do(chromedp.Reload())
	w.says("card-match", "match-mutual@1.0.0")
	w.click("history-older")
	w.says("history", "seed")
	w.picture("history")
	w.do(chromedp.EmulateViewport(390, 800))
	if wide := get(w, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth")); wide {
		t.Error("a phone has to scroll sideways")
	}
	w.picture("phone")
}

// reportsAreAnswered decides about people by clicks.
func reportsAreAnswered(t *testing.T, chromium context.Context) {
	h := start(t)
	d := h.console()
	base, code := d.address()
	w := openWindow(t, chromium, base+"/admin/#code="+code)
	w.says("reports-state", "1 open")
	w.says("reports", "he shouted")
	w.picture("reports")

	// Who it is about is shown before anything is decided; Cancel decides nothing.
	w.click("ban-7")
	w.says("ban", "ned@example.org")
	w.click("ban-no")
	w.until("the dialog is gone", fmt.Sprintf(`!document.querySelector('%s')`, test("ban")))
	if r := h.rulings(); len(r) > 0 {
		t.Fatalf("no was taken for yes: %+v", r)
	}
	w.click("ban-7")
	w.types("reason", "shouts at people")
	w.picture("ban")
	w.click("ban-yes")
	w.says("news", "Ned is banned.")
	w.says("reports-state", "none open")
	w.until("the report is out of the way", fmt.Sprintf(`!document.querySelector('%s').checkVisibility()`, test("reports")))
	if r := h.rulings(); len(r) != 1 || r[0].Person != 7 || r[0].Action != "ban" || r[0].Reason != "shouts at people" {
		t.Errorf("%+v", r)
	}

	// What was settled can be looked at, and taken back.
	w.click("reports-settled")
	w.says("reports", "banned")
	w.click("unban-7")
	w.click("unban-yes")
	w.says("news", "Ned is let in again.")
	w.until("the ban is over", fmt.Sprintf(`!document.querySelector('%s').innerText.includes("banned")`, test("reports")))

	// Whoever deleted themselves can still be decided about.
	h.people.Depart()
	w.says("reports", "gone")
	w.click("ban-7")
	w.says("ban", "They deleted themselves")
	w.click("ban-yes")
	w.says("news", "Number 7 is banned.")

	// Somebody nobody complained of is found by name or number.
	w.types("find", "8")
	w.click("find-go")
	w.says("find-state", "1 found")
	w.click("ban-8")
	w.says("ban", "a guest")
	w.click("ban-yes")
	w.says("news", "Ada is banned.")
	w.types("find", "nobody at all")
	w.click("find-go")
	w.says("find-state", "nobody")

	// What was decided stays told, and leads to whom it was about.
	w.says("decisions", "let in")
	w.says("decisions", "shouts at people")
	w.click("who-8")
	w.says("find-state", "1 found")
	w.types("find", "da")
	w.click("find-go")
	w.says("people", "Ada")
	w.picture("people")
	w.do(chromedp.EmulateViewport(390, 800))
	if wide := get(w, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth")); wide {
		t.Error("a phone has to scroll sideways")
	}
	w.picture("phone")
}

// keyboardReachesEverything walks the page by Tab alone.
func keyboardReachesEverything(t *testing.T, chromium context.Context) {
	h := start(t)
	d := h.console()
	base, code := d.address()
	w := openWindow(t, chromium, base+"/admin/#code="+code)
	w.says("link", "live")
	reached := map[string]bool{}
	for range 35 {
		w.do(chromedp.KeyEvent("\t"))
		reached[get(w, chromedp.Evaluate[string](`document.activeElement?.dataset.test ?? ''`))] = true
	}
	for _, name := range []string{"match-params", "match-rollback", "match-toggle", "trim-toggle", "load-file", "reports-settled", "ban-7", "find", "find-go"} {
		if !reached[name] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
	w.do(chromedp.Focus(test("match-toggle")), chromedp.KeyEvent("\r"))
	w.until("the focus is in the dialog", fmt.Sprintf(`document.querySelector('%s')?.contains(document.activeElement) ?? false`, test("pause")))
	w.do(chromedp.KeyEvent("\x1b"))
	w.until("and comes back", fmt.Sprintf(`document.activeElement === document.querySelector('%s')`, test("match-toggle")))
}

// loginByToken is the page on the TCP listener.
func loginByToken(t *testing.T, chromium context.Context) {
	h := start(t)
	w := openWindow(t, chromium, "http://"+h.addr+"/admin/")
	w.types("token", "not-the-token-at-all")
	w.click("login-submit")
	w.says("login-error", "admin.token")
	w.picture("login")
	w.types("token", token)
	w.click("login-submit")
	w.says("card-trim", "trim-essential@1.0.0")
}
