package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/journal"
	"github.com/napalmsky/napalmsky/host/password"
)

// cheap spares tests the price of real passwords.
func cheap(o *app.Options) { o.PasswordCost = password.Cost{Passes: 1, KiB: 64, Threads: 1} }

// web sends one JSON request and fails the test unless it is answered with status.
func web(t *testing.T, client *http.Client, method, url, token, body string, status int) (answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%s %s: %d %s, %v; want %d", method, url, resp.StatusCode, data, err, status)
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, url, err, data)
		}
	}
	return answer
}

// operator reaches the admin API of a data folder.
func operator(t *testing.T, data string) *http.Client {
	t.Helper()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(data, "admin.sock"))
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func keepAccount(t *testing.T, url string, p *bot.Person, email string) {
	t.Helper()
	web(t, http.DefaultClient, "PUT", url+"/v1/me/account", p.Token, fmt.Sprintf(`{"email":%q,"password":"correct horse"}`, email), 200)
}

// logIn is the same person on another device.
func logIn(t *testing.T, url string, p *bot.Person, email string) *bot.Person {
	t.Helper()
	got := web(t, http.DefaultClient, "POST", url+"/v1/login", "", fmt.Sprintf(`{"email":%q,"password":"correct horse"}`, email), 200)
	if got["id"] != fmt.Sprint(p.ID) {
		t.Fatalf("logged in as %v, not %d", got["id"], p.ID)
	}
	other, err := bot.Adopt(url, &bot.Person{ID: p.ID, Token: got["token"].(string), Profile: p.Profile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other
}

func closedWith(t *testing.T, ctx context.Context, who string, p *bot.Person, code conn.CloseCode) {
	t.Helper()
	if closed, err := p.WaitClosed(ctx); err != nil || closed.Code != int(code) {
		t.Errorf("%s's socket was closed with %+v, %v; want %d", who, closed, err, code)
	}
}

// TestSessionsThatEndAreToldAtOnce: each on its own device, with the reason.
func TestSessionsThatEndAreToldAtOnce(t *testing.T) {
	h := startApp(t, nil, cheap)
	ctx := within(t, time.Minute)
	phone := join(t, ctx, h.URL(), "Ada")
	keepAccount(t, h.URL(), phone, "ada@example.org")
	laptop := logIn(t, h.URL(), phone, "ada@example.org")
	if err := laptop.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	web(t, http.DefaultClient, "PUT", h.URL()+"/v1/me/password", laptop.Token, `{"password":"correct horse","new_password":"correct horse"}`, 204)
	closedWith(t, ctx, "the phone", phone, conn.CloseRevoked)
	if err := laptop.Enter(ctx); err != nil {
		t.Fatalf("the laptop that changed the password was sent out: %v", err)
	}
	tablet := logIn(t, h.URL(), phone, "ada@example.org")
	if err := tablet.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	web(t, http.DefaultClient, "POST", h.URL()+"/v1/logout", tablet.Token, "", 204)
	closedWith(t, ctx, "the tablet", tablet, conn.CloseGone)
	if _, err := laptop.WaitReel(ctx, func([]bot.Entry) bool { return true }); err != nil {
		t.Fatalf("the laptop left with the tablet: %v", err)
	}
	web(t, http.DefaultClient, "POST", h.URL()+"/v1/logout/all", laptop.Token, "", 204)
	closedWith(t, ctx, "the laptop", laptop, conn.CloseRevoked)
	if err := laptop.Connect(ctx); err == nil {
		t.Error("a session that ended opens a socket")
	}
}

func TestOneDeviceAtATime(t *testing.T) {
	h := startApp(t, func(c *config.Config) { c.Session.Single = true }, cheap)
	ctx := within(t, time.Minute)
	phone := join(t, ctx, h.URL(), "Ada")
	keepAccount(t, h.URL(), phone, "ada@example.org")
	laptop := logIn(t, h.URL(), phone, "ada@example.org")
	closedWith(t, ctx, "the phone", phone, conn.CloseElsewhere)
	if err := laptop.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := laptop.Enter(ctx); err != nil {
		t.Error(err)
	}
}

// TestABanHoldsAtOnce: in mid-call, over the operators' own door.
func TestABanHoldsAtOnce(t *testing.T) {
	data := ""
	h := startApp(t, func(c *config.Config) { data = c.Data }, cheap)
	ctx := within(t, time.Minute)
	ned, ada := join(t, ctx, h.URL(), "Ned"), join(t, ctx, h.URL(), "Ada")
	keepAccount(t, h.URL(), ned, "ned@example.org")
	talk(t, ctx, ned, ada)
	if err := ada.Report(ctx, ned.ID, "rude", "he shouted"); err != nil {
		t.Fatal(err)
	}
	op := operator(t, data)
	list := web(t, op, "GET", "http://localhost/admin/v1/reports", "", "", 200)["reports"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["of"] != fmt.Sprint(ned.ID) || list[0].(map[string]any)["note"] != "he shouted" {
		t.Fatalf("reports %v", list)
	}
	path := fmt.Sprintf("http://localhost/admin/v1/people/%d/", ned.ID)
	web(t, op, "POST", path+"ban", "", `{"reason":"shouts"}`, 200)
	closedWith(t, ctx, "Ned", ned, conn.CloseBanned)
	if err := ned.Connect(ctx); err == nil {
		t.Error("the banned is let in by his old session")
	}
	closedWith(t, ctx, "Ned, again,", ned, conn.CloseBanned)
	web(t, http.DefaultClient, "GET", h.URL()+"/v1/me", ned.Token, "", 403)
	web(t, http.DefaultClient, "POST", h.URL()+"/v1/login", "", `{"email":"ned@example.org","password":"correct horse"}`, 403)
	again := signUp(t, ctx, h.URL(), "Ted")
	web(t, http.DefaultClient, "PUT", h.URL()+"/v1/me/account", again.Token, `{"email":"NED@example.org","password":"correct horse"}`, 409)

	web(t, op, "POST", path+"vindicate", "", "", 200)
	if err := ned.Connect(ctx); err != nil {
		t.Fatalf("vindicated, he is not let in: %v", err)
	}
}

// TestADepartureLeavesNoTrace: in mid-call, with the call's end, its cooldown
// and the journal's last steps still to be written.
func TestADepartureLeavesNoTrace(t *testing.T) {
	data := t.TempDir()
	cfg := testConfig(data)
	a, err := app.New(t.Context(), cfg, app.Options{Cache: filepath.Join(pluginDir, "cache"), PasswordCost: password.Cost{Passes: 1, KiB: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	running, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	done := make(chan error, 1)
	go func() { done <- a.Run(running) }()

	ada, bob := join(t, ctx, a.URL(), "Adaword"), join(t, ctx, a.URL(), "Bob")
	keepAccount(t, a.URL(), ada, "adaword@example.org")
	photo, err := bot.Portrait(rand.New(rand.NewPCG(1, 2)), 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.SetPhoto(ctx, photo); err != nil {
		t.Fatal(err)
	}
	talk(t, ctx, ada, bob)
	web(t, http.DefaultClient, "DELETE", a.URL()+"/v1/me", ada.Token, `{"confirm":"delete","password":"correct horse"}`, 204)
	closedWith(t, ctx, "Ada", ada, conn.CloseDeleted)
	if end, err := bob.WaitEnd(ctx); err != nil || end.Reason != "left" {
		t.Errorf("Bob was told %+v, %v", end, err)
	}
	if err := ada.Connect(ctx); err == nil {
		t.Error("her session still opens a socket")
	}
	h, err := bob.History(ctx)
	if err != nil || len(h.Calls) != 1 || h.Calls[0].OtherName != "" || h.Calls[0].Other == ada.ID {
		t.Errorf("Bob's history %+v, %v", h, err)
	}
	stop()
	if err := <-done; err != nil { // everything that was to be written is
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(data, "napalmsky.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, c := range everyColumn(t, raw) {
		var n int
		query := fmt.Sprintf(`SELECT COUNT(*) FROM %q WHERE CAST(%q AS TEXT) LIKE ? OR LOWER(CAST(%q AS TEXT)) LIKE '%%adaword%%'`, c[0], c[1], c[1])
		if err := raw.QueryRow(query, fmt.Sprintf("%%%d%%", ada.ID)).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s.%s still names her (%d, %v)", c[0], c[1], n, err)
		}
	}
	photos := 0
	err = filepath.WalkDir(filepath.Join(data, "media"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			photos++
		}
		return err
	})
	if err != nil || photos != 0 {
		t.Errorf("%d photos are left, %v", photos, err)
	}
	if dir := filepath.Join(data, "journal"); journalNames(t, dir, ada.ID) || !journalNames(t, dir, bob.ID) {
		t.Error("the journal still names her, or not even Bob")
	}
}

func everyColumn(t *testing.T, raw *sql.DB) (all [][2]string) {
	t.Helper()
	rows, err := raw.Query(`SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if rows.Err() != nil || len(all) < 20 {
		t.Fatalf("%d columns, %v", len(all), rows.Err())
	}
	return all
}

// TestABlockOutlivesADeletion: whoever deletes an account and comes back with
// the same email is still kept from whom they were kept from, at once.
func TestABlockOutlivesADeletion(t *testing.T) {
	h := startApp(t, nil, cheap)
	ctx := within(t, time.Minute)
	ned, ada := join(t, ctx, h.URL(), "Ned"), join(t, ctx, h.URL(), "Ada")
	keepAccount(t, h.URL(), ned, "ned@example.org")
	talk(t, ctx, ned, ada)
	if err := ada.Block(ctx, ned.ID); err != nil {
		t.Fatal(err)
	}
	web(t, http.DefaultClient, "DELETE", h.URL()+"/v1/me", ned.Token, `{"confirm":"delete","password":"correct horse"}`, 204)
	back := join(t, ctx, h.URL(), "Totally New")
	if _, err := ada.WaitReel(ctx, bot.Sees(back.ID)); err != nil {
		t.Fatal(err)
	}
	keepAccount(t, h.URL(), back, "Ned@Example.org")
	closedWith(t, ctx, "the returned", back, conn.CloseAnew)
	if err := back.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := back.Enter(ctx); err != nil {
		t.Fatal(err)
	}
	cleo := join(t, ctx, h.URL(), "Cleo") // someone both see, so that the reels are known to have come
	for _, p := range []*bot.Person{back, ada} {
		entries, err := p.WaitReel(ctx, bot.Sees(cleo.ID))
		if err != nil || !bot.Misses(back.ID+ada.ID-p.ID)(entries) {
			t.Errorf("the reel of %d shows %+v, %v", p.ID, entries, err)
		}
	}
}

// journalNames says whether any record of a folder's journals has this number.
func journalNames(t *testing.T, dir string, id int64) bool {
	t.Helper()
	files, err := journal.Files(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("journals %v, %v", files, err)
	}
	for _, path := range files {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := journal.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for {
			record, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(fmt.Sprintf("%+v %s", record, record), fmt.Sprint(id)) {
				return true
			}
		}
	}
	return false
}
