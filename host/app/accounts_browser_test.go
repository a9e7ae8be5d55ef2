package app_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

func (w *window) reads(what, name, text string) {
	w.t.Helper()
	w.until(what, fmt.Sprintf(`document.querySelector('%s')?.textContent.includes(%q) ?? false`, test(name), text))
}

// enters replaces what a field holds. An email or password field is not
// cleared as a text is.
func (w *window) enters(name, text string) {
	w.t.Helper()
	w.sees(name)
	w.until("an empty field", fmt.Sprintf(`document.querySelector('%s').value = "", true`, test(name)))
	w.do(chromedp.SendKeys(test(name), text))
}

// TestAnAccountInTheBrowser: a guest stays, logs out and in again as the same
// person, is told of another device, reads what is kept, and leaves for good.
func TestAnAccountInTheBrowser(t *testing.T) {
	a := startApp(t, nil, cheap)
	chromium := browser(t)
	ada := openWindow(t, chromium, "Ada", a.URL())
	ada.signUp(0, 1)
	id := get(ada, chromedp.Evaluate[string](`fetch("/v1/me").then((r) => r.json()).then((me) => me.id)`, chromedp.EvalAwaitPromise))

	ada.click("nav-profile")
	ada.enters("keep-email", "Ada@example.org")
	ada.enters("keep-password", "short")
	ada.click("keep-submit")
	ada.until("the browser minds the short password", fmt.Sprintf(`document.querySelector('%s').matches(':invalid')`, test("keep-password")))
	ada.enters("keep-password", "correct horse")
	ada.picture("keep")
	ada.click("keep-submit")
	ada.reads("her email", "account-email", "Ada@example.org")

	ada.click("nav-logout")
	ada.click("logout-confirm")
	ada.sees("signup-submit")
	ada.click("login-open")
	ada.enters("login-email", "ada@example.org")
	ada.enters("login-password", "wrong horse")
	ada.click("login-submit")
	ada.reads("a refusal", "login", "no account with this email and password")
	ada.picture("login")
	ada.enters("login-email", "ada@example.org")
	ada.enters("login-password", "correct horse")
	ada.click("login-submit")
	ada.sees("reel")

	phone := openWindow(t, chromium, "Ada's phone", a.URL())
	phone.click("login-open")
	phone.enters("login-email", "ada@example.org")
	phone.enters("login-password", "correct horse")
	phone.click("login-submit")
	phone.sees("reel")
	if same := get(phone, chromedp.Evaluate[string](`fetch("/v1/me").then((r) => r.json()).then((me) => me.id)`, chromedp.EvalAwaitPromise)); same != id {
		t.Errorf("on the phone she is %s, not %s", same, id)
	}
	phone.click("nav-profile")
	phone.click("logout-all")
	ada.sees("signup-submit")
	ada.until("the reason", `document.body.textContent.includes("logged out from another device")`)
	ada.picture("told")
	phone.sees("signup-submit")

	ada.click("login-open")
	ada.enters("login-email", "ada@example.org")
	ada.enters("login-password", "correct horse")
	ada.click("login-submit")
	ada.sees("reel")
	ada.click("nav-profile")
	ada.sees("export")
	const read = `fetch(document.querySelector('[data-test="export"]').href).then((r) => r.json()).then((all) => all.account.email + " " + all.sessions.length)`
	if got := get(ada, chromedp.Evaluate[string](read, chromedp.EvalAwaitPromise)); got != "Ada@example.org 1" {
		t.Errorf("the export has %q", got)
	}
	ada.click("delete-me")
	ada.enters("delete-password", "correct horse")
	ada.picture("delete")
	ada.click("delete-submit")
	ada.sees("signup-submit")
	ada.until("the parting word", `document.body.textContent.includes("You are deleted")`)
	ada.click("login-open")
	ada.enters("login-email", "ada@example.org")
	ada.enters("login-password", "correct horse")
	ada.click("login-submit")
	ada.reads("that she is gone", "login", "no account with this email and password")
}
