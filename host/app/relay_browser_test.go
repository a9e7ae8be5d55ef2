package app_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/napalmsky/napalmsky/host/config"
)

const relaySecret = "north star"

// throughRelay makes a page's calls use relays alone, keeps their connections
// in sight, and lets waits of more than half an hour be over when later() says so.
const throughRelay = `
	const relayed = (c) => ({ ...c, iceTransportPolicy: "relay" });
	const Peer = window.RTCPeerConnection;
	window.peers = [];
	window.states = [];
	window.RTCPeerConnection = class extends Peer {
		constructor(c) {
			super(relayed(c));
			window.peers.push(this);
			this.addEventListener("connectionstatechange", () => window.states.push(this.connectionState));
		}
		setConfiguration(c) { super.setConfiguration(relayed(c)); }
	};
	const { setTimeout: after, clearTimeout: clear } = window;
	const long = new Map();
	let made = 0;
	window.setTimeout = (fn, ms, ...more) => {
		if (!(ms > 1_800_000)) return after(fn, ms, ...more);
		long.set(--made, () => fn(...more));
		return made;
	};
	window.clearTimeout = (id) => { if (!long.delete(id)) clear(id); };
	window.later = () => {
		const due = [...long.values()];
		long.clear();
		for (const fn of due) fn();
		return due.length;
	};
	window.login = () => window.peers.at(-1)?.getConfiguration().iceServers.find((s) => s.credential)?.username ?? "";`

// TestCallOutlivesItsRelayLogins: two people whose network lets nothing but a
// relay through talk on when the logins they began with are over.
func TestCallOutlivesItsRelayLogins(t *testing.T) {
	turn := startRelay(t, relaySecret)
	a := startApp(t, func(c *config.Config) { c.TURN.URLs, c.TURN.Secret = []string{turn.url()}, relaySecret })
	chromium := browser(t)
	open := func(name string) *window {
		w := openWindow(t, chromium, name, "about:blank")
		if _, err := chromedp.Call(w.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: throughRelay}); err != nil {
			t.Fatal(err)
		}
		w.do(chromedp.Navigate(a.URL()))
		return w
	}
	ada, bob := open("Ada"), open("Bob")
	ada.signUp(0, 1)
	bob.signUp(1, 0)
	ada.until("Bob in the reel", fmt.Sprintf(`document.querySelector('%s')?.textContent.includes('Bob') ?? false`, test("card")))
	ada.click("card-invite")
	ada.click("invite-send")
	bob.click("ring-accept")
	both := []*window{ada, bob}
	var before []string
	for _, w := range both {
		w.playing()
		before = append(before, w.login())
		turn.carries(w.login(), media)
	}
	for i, w := range both {
		if n := get(w, chromedp.Evaluate[int](`later()`)); n == 0 {
			t.Fatalf("%s's page does not mean to renew its login", w.name)
		}
		w.until("fresh logins", fmt.Sprintf(`login() !== %q`, before[i]))
	}
	for _, w := range both {
		turn.carries(w.login(), checks)
	}
	// Two renewals at once may leave Chromium with a pair of which one end is an old
	// relay; it goes over to a fresh one when that is gone.
	turn.end(before...)
	for i, w := range both {
		turn.carries(w.login(), media)
		w.until("a moment to forget", `(delete window.__from, true)`)
		w.playing()
		if n := get(w, chromedp.Evaluate[int](`peers.length`)); n != 1 {
			t.Errorf("%s made %d connections, want one that goes on", w.name, n)
		}
		if states := get(w, chromedp.Evaluate[string](`window.states.join(" ")`)); states != "connecting connected" {
			t.Errorf("%s's connection was %s, want it never interrupted", w.name, states)
		}
		if was, is := before[i], w.login(); expiry(t, is) <= expiry(t, was) || !strings.HasSuffix(is, was[strings.Index(was, ":"):]) {
			t.Errorf("%s has the login %s after %s", w.name, is, was)
		}
	}
	ada.click("call-leave")
	bob.sees("after-call")
}

// login is the relay login that the page's call is configured with.
func (w *window) login() string {
	w.t.Helper()
	return get(w, chromedp.Evaluate[string](`login()`))
}

// expiry is the Unix second in a login's username.
func expiry(t *testing.T, username string) int64 {
	t.Helper()
	at, _, _ := strings.Cut(username, ":")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		t.Fatalf("the login %q tells no time", username)
	}
	return n
}
