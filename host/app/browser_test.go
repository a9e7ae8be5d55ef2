package app_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/napalmsky/napalmsky/host/config"
)

// browser starts one headless Chromium with a pretend camera and microphone.
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
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1100, 800))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// window is one person's private browser window.
type window struct {
	t     *testing.T
	name  string
	ctx   context.Context
	shots string
	shot  int
}

func openWindow(t *testing.T, parent context.Context, name, url string) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &window{t: t, name: name, ctx: ctx, shots: filepath.Join("..", "..", ".shots", t.Name())}
	if err := os.MkdirAll(w.shots, 0o755); err != nil {
		t.Fatal(err)
	}
	thrown := chromedp.Events(ctx, runtime.ExceptionThrown)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for ev, err := range thrown {
			if err != nil {
				return // the window is closed
			}
			if d := ev.ExceptionDetails; d.Exception != nil {
				t.Errorf("%s: the page threw %s %s", name, d.Text, d.Exception.Description)
			} else {
				t.Errorf("%s: the page threw %s", name, d.Text)
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-watching })
	w.do(chromedp.EmulateViewport(1100, 800), chromedp.Navigate(url))
	return w
}

const patience = 20 * time.Second

// ask runs an action within bounds and returns its value.
func ask[T any](w *window, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// get is ask for what must succeed.
func get[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	v, err := ask(w, action)
	if err != nil {
		w.picture("failed")
		w.t.Fatalf("%s: %v", w.name, err)
	}
	return v
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	get(w, chromedp.Steps(steps...))
}

// test is the selector of a stable hook in the page.
func test(name string) string { return `[data-test="` + name + `"]` }

func (w *window) sees(name string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(test(name)))
}

func (w *window) click(name string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(test(name)), chromedp.Click(test(name)))
}

func (w *window) types(name, text string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(test(name)), chromedp.Clear(test(name)),
		chromedp.SendKeys(test(name), text))
}

// until waits for a JavaScript expression to be true.
func (w *window) until(what, expression string) {
	w.t.Helper()
	yes, err := ask(w, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(100*time.Millisecond)))
	if err != nil || !yes {
		w.picture("failed")
		w.t.Fatalf("%s: %s: %v", w.name, what, err)
	}
}

func (w *window) count(name string) int {
	w.t.Helper()
	return get(w, chromedp.Evaluate[int](fmt.Sprintf(`document.querySelectorAll('%s').length`, test(name))))
}

// picture keeps a screenshot for whoever wants to look.
func (w *window) picture(step string) {
	w.shot++
	png, err := ask(w, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Logf("%s: no picture of %s: %v", w.name, step, err)
		return
	}
	file := filepath.Join(w.shots, fmt.Sprintf("%s-%02d-%s.png", w.name, w.shot, step))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		w.t.Log(err)
	}
}

func (w *window) signUp(gender, seeking int) {
	w.t.Helper()
	w.types("signup-name", w.name)
	w.do(chromedp.SetValue(test("signup-gender"), fmt.Sprint(gender)))
	w.until("seeking box", fmt.Sprintf(`(() => { const b = document.querySelector('%s'); if (!b.checked) b.click(); return b.checked })()`,
		test(fmt.Sprintf("signup-seeking-%d", seeking))))
	w.types("signup-age", "30")
	w.until("an account", `(() => {
		const add = [...document.querySelectorAll('button')].find((b) => b.textContent === 'Add an account');
		add.click();
		document.querySelector('.social-row input').value = '@`+strings.ToLower(w.name)+`';
		return true;
	})()`)
	w.picture("sign-up")
	w.click("signup-submit")
	w.sees("reel")
}

// speaks waits until the page is connected, by a socket that negotiated this encoding.
func (w *window) speaks(encoding string) {
	w.t.Helper()
	w.until("a socket that speaks "+encoding, fmt.Sprintf(`document.documentElement.dataset.wire === '%s'`, encoding))
}

// playing waits until the other's video really runs: its clock advances and it has a picture.
func (w *window) playing() {
	w.t.Helper()
	w.until("remote video plays", fmt.Sprintf(`(() => {
		const v = document.querySelector('%s');
		if (!v || v.videoWidth === 0) return false;
		window.__from ??= v.currentTime;
		return v.currentTime > window.__from + 1;
	})()`, test("video-remote")))
}

// TestTwoPeopleMeet is the main job in a real browser, with real WebRTC.
func TestTwoPeopleMeet(t *testing.T) {
	// Their signalling goes through the plugin, in its sandbox.
	a := startApp(t, func(c *config.Config) { c.Policy.Signalling.Plugin = "trim-signalling" })
	chromium := browser(t)
	ada := openWindow(t, chromium, "Ada", a.URL())
	for path, want := range map[string]string{"/app.js": "br", "/v1/options": "br", "/v1/stats": "br"} {
		ada.until(path+" comes in "+want, fmt.Sprintf(`(window.coding ??= {}, window.coding[%[1]q] ??= void fetch(%[1]q).then((r) => { window.coding[%[1]q] = r.headers.get("content-encoding") ?? "plain" }) || "asked", window.coding[%[1]q] === %[2]q)`, path, want))
	}
	bob := openWindow(t, chromium, "Bob", a.URL())
	ada.signUp(0, 1)
	bob.signUp(1, 0)

	ada.speaks("binary")
	bob.speaks("binary")
	ada.until("Bob in the reel", fmt.Sprintf(`document.querySelector('%s')?.textContent.includes('Bob') ?? false`, test("card")))
	bob.until("Ada in the reel", fmt.Sprintf(`document.querySelector('%s')?.textContent.includes('Ada') ?? false`, test("card")))
	ada.picture("reel")

	ada.click("card-invite")
	ada.sees("invite-length")
	ada.picture("invite")
	ada.click("invite-send")
	ada.sees("ring-out")
	bob.sees("ring-in")
	bob.until("countdown", fmt.Sprintf(`/\d/.test(document.querySelector('%s').textContent)`, test("ring-countdown")))
	ada.sees("ring-cancel")
	ada.click("ring-wait")
	ada.picture("ringing")
	bob.picture("rung")
	bob.click("ring-accept")

	ada.sees("call")
	bob.sees("call")
	ada.playing()
	bob.playing()
	ada.until("clock", fmt.Sprintf(`/\d+:\d\d/.test(document.querySelector('%s').textContent)`, test("call-clock")))
	ada.types("call-chat-input", "hello from Ada")
	ada.click("call-chat-send")
	bob.until("chat line", fmt.Sprintf(`document.querySelector('%s').textContent.includes('hello from Ada')`, test("call-chat-log")))
	bob.click("call-share")
	ada.until("Bob's account", fmt.Sprintf(`document.querySelector('%s')?.textContent.includes('@bob') ?? false`, test("call-socials")))
	ada.picture("call")
	bob.picture("call")

	// Closing and reopening the page comes back to the same call, with picture.
	bob.do(chromedp.Reload())
	bob.sees("call")
	bob.playing()
	bob.until("the chat is still there", fmt.Sprintf(`document.querySelector('%s').textContent.includes('hello from Ada')`, test("call-chat-log")))

	ada.click("call-mute")
	ada.click("call-camera")
	bob.until("that her camera is off", fmt.Sprintf(`document.querySelector('%s').innerText.includes('camera is off')`, test("call")))
	bob.picture("camera-off")

	ada.click("call-leave")
	ada.sees("after-call")
	bob.sees("after-call")
	ada.until("cooldown", fmt.Sprintf(`document.querySelector('%s')?.textContent.trim().length > 0`, test("after-cooldown")))
	ada.picture("after")
	ada.click("after-back")
	ada.sees("reel")

	for _, w := range []*window{ada, bob} {
		if w == bob {
			bob.click("after-back")
		}
		w.click("nav-history")
		w.sees("history-row")
		rows, cooldowns := w.count("history-row"), w.count("cooldown-row")
		if rows != 1 || cooldowns != 1 {
			t.Errorf("%s sees %d calls and %d cooldowns in the history, want one each", w.name, rows, cooldowns)
		}
		w.picture("history")
	}
	signals := signalFigures(t, a.URL())
	t.Logf("signalling: %d pieces, %d bytes became %d", signals.Pieces, signals.In, signals.Out)
	if signals.Failed != 0 || signals.Pieces == 0 || signals.Out*2 > signals.In {
		t.Errorf("signalling: %+v", signals)
	}
	if s := a.Stats(); s.Calls != 0 || s.Rings != 0 {
		t.Errorf("after the evening the lobby holds %+v", s)
	}
	ada.do(chromedp.Navigate(a.URL()), chromedp.WaitVisible(test("reel")))
	if strings.Contains(get(ada, chromedp.Text(test("reel"))), "Bob") {
		t.Error("on cooldown, Bob still stands in Ada's reel")
	}
}

// TestBothEncodingsMeet: a page that wants JSON talks with one that is served binary.
func TestBothEncodingsMeet(t *testing.T) {
	a := startApp(t, nil)
	chromium := browser(t)
	ada := openWindow(t, chromium, "Ada", a.URL()+"/?wire=json")
	bob := openWindow(t, chromium, "Bob", a.URL())
	ada.signUp(0, 1)
	bob.signUp(1, 0)
	ada.speaks("json")
	bob.speaks("binary")

	bob.until("Ada in the reel", fmt.Sprintf(`document.querySelector('%s')?.textContent.includes('Ada') ?? false`, test("card")))
	bob.click("card-invite")
	bob.click("invite-send")
	ada.click("ring-accept")
	ada.playing()
	bob.playing()
	for _, w := range []*window{ada, bob} {
		w.types("call-chat-input", "hello from "+w.name)
		w.click("call-chat-send")
	}
	ada.until("Bob's line", fmt.Sprintf(`document.querySelector('%s').textContent.includes('hello from Bob')`, test("call-chat-log")))
	bob.until("Ada's line", fmt.Sprintf(`document.querySelector('%s').textContent.includes('hello from Ada')`, test("call-chat-log")))

	// She comes back in the other encoding, to the same stream and call.
	ada.do(chromedp.Navigate(a.URL()+"/"), chromedp.WaitVisible(test("call")))
	ada.speaks("binary")
	ada.playing()
	bob.click("call-leave")
	ada.sees("after-call")
}
