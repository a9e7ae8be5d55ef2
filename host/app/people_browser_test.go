package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
)

// asks fetches a path of the server as the page would and answers "status text".
func (w *window) asks(method, path, body string) string {
	w.t.Helper()
	init := fmt.Sprintf(`{method: %q}`, method)
	if body != "" {
		init = fmt.Sprintf(`{method: %q, headers: {"Content-Type": "application/json"}, body: %q}`, method, body)
	}
	return get(w, chromedp.Evaluate[string](fmt.Sprintf(`fetch(%q, %s).then(async (r) => r.status + " " + await r.text())`, path, init), chromedp.EvalAwaitPromise))
}

// apart waits until two elements, each an expression, stand beside or below each other with air between.
func (w *window) apart(what, above, below string) {
	w.t.Helper()
	w.until(what, fmt.Sprintf(`(() => {
		const both = [%s, %s];
		if (both.some((e) => !e)) return false;
		const [a, b] = both.map((e) => e.getBoundingClientRect());
		return b.top - a.bottom >= 4 || b.left - a.right >= 4;
	})()`, above, below))
}

// TestWhoIsGoneAndWhoIsKeptOut: the page names nobody who deleted themselves,
// and promises no meeting with them; a guest who is banned is told so, and stays
// out with that browser until they are let in again.
func TestWhoIsGoneAndWhoIsKeptOut(t *testing.T) {
	data := ""
	a := startApp(t, func(c *config.Config) { data = c.Data }, cheap)
	ctx := within(t, time.Minute)
	ada := openWindow(t, browser(t), "Ada", a.URL())
	ada.do(chromedp.EmulateViewport(390, 800))
	ada.apart("the way to log in has air", `document.querySelector(".terms")`, `document.querySelector('[data-test="login-open"]')`)
	ada.signUp(0, 0)
	ada.apart("two buttons", `document.querySelectorAll('[data-test="reel-empty"] button')[0]`, `document.querySelectorAll('[data-test="reel-empty"] button')[1]`)
	ada.picture("nobody-here")

	bob := join(t, ctx, a.URL(), "Bob")
	reel, err := bob.WaitReel(ctx, func(all []bot.Entry) bool { return len(all) == 1 })
	if err != nil {
		t.Fatal(err)
	}
	id := reel[0].Card.ID
	if _, err := bob.Invite(ctx, id, 60); err != nil {
		t.Fatal(err)
	}
	ada.click("ring-accept")
	ada.sees("call")
	web(t, http.DefaultClient, "DELETE", a.URL()+"/v1/me", bob.Token, `{"confirm":"delete"}`, 204)
	ada.sees("after-call")
	ada.picture("after")
	ada.click("after-back")
	ada.click("nav-history")
	ada.reads("that he is gone", "history-row", "Someone who is gone")
	ada.picture("history")
	if row := get(ada, chromedp.Text(test("history-row"))); strings.Contains(row, "again") || strings.Contains(row, "  ") || strings.Contains(row, "?") {
		t.Errorf("of somebody who is gone the page says %q", row)
	}
	if n := ada.count("cooldown-row"); n != 0 {
		t.Errorf("%d breaks from nobody", n)
	}

	op := operator(t, data)
	path := fmt.Sprintf("http://localhost/admin/v1/people/%d/", id)
	web(t, op, "POST", path+"ban", "", `{"reason":"shouts"}`, 200)
	for range 2 {
		ada.sees("banned")
		ada.reads("what happened", "banned", fmt.Sprintf("Your number here is %d.", id))
		ada.do(chromedp.Reload())
	}
	ada.sees("banned")
	ada.picture("banned")
	if n := ada.count("signup-submit"); n != 0 {
		t.Error("the banned is offered to sign up")
	}
	if got := ada.asks("POST", "/v1/guests", `{"name":"Eve","gender":0,"seeking":[0],"age":30}`); !strings.HasPrefix(got, "403 ") || !strings.Contains(got, `"banned"`) {
		t.Errorf("the banned signs up again: %s", got)
	}
	ada.do(chromedp.EmulateViewport(1100, 800))
	ada.picture("banned-wide")
	web(t, op, "POST", path+"unban", "", "", 200)
	ada.do(chromedp.Reload())
	ada.sees("reel")
	if got := ada.asks("GET", "/v1/me", ""); !strings.Contains(got, fmt.Sprint(id)) {
		t.Errorf("let in again, she is somebody else: %s", got)
	}
}
