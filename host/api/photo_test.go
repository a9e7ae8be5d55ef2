package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/config"
)

func TestPhotoIsStoredToldAndServed(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	a := w.ok(w.send("PUT", "/v1/me/photo", "image of Ada", bearerToken(token)), 200)
	id := a.body["photo"].(string)
	if a.body["version"] != 2.0 || w.people[1<<60+1].Profile.Photo != id || len(w.changed) != 1 || w.changed[0].Profile.Photo != id {
		t.Errorf("answer %s, stored %+v, told %+v", a.raw, w.people, w.changed)
	}
	// The same again changes nothing.
	if a := w.ok(w.send("PUT", "/v1/me/photo", "image of Ada", bearerToken(token)), 200); a.body["version"] != 2.0 || len(w.changed) != 1 {
		t.Errorf("got %s", a.raw)
	}
	got := w.ok(w.send("GET", "/v1/media/"+id, ""), 200)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "ETag": `"` + id + `"`,
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
	if string(got.raw) != "image of Ada" {
		t.Errorf("got %q", got.raw)
	}
	if a := w.send("GET", "/v1/media/"+id, "", header("If-None-Match", `"`+id+`"`)); a.StatusCode != 304 || len(a.raw) != 0 {
		t.Errorf("got %d %q", a.StatusCode, a.raw)
	}
	if a := w.ok(w.send("DELETE", "/v1/me/photo", "", bearerToken(token)), 200); a.body["version"] != 3.0 || w.people[1<<60+1].Profile.Photo != "" {
		t.Errorf("got %s", a.raw)
	}
	if a := w.ok(w.send("DELETE", "/v1/me/photo", "", bearerToken(token)), 200); a.body["version"] != 3.0 {
		t.Errorf("got %s", a.raw)
	}
}

func TestWhatIsNoPhoto(t *testing.T) {
	w := newWorld(t)
	token := bearerToken(w.signUp())
	w.refused(w.send("PUT", "/v1/me/photo", "", token), 400, "not_an_image", "")
	w.refused(w.send("PUT", "/v1/me/photo", "<svg/>", token), 400, "not_an_image", "")
	w.refused(w.send("PUT", "/v1/me/photo", "huge pixels", token), 413, "photo_too_large", "")
	w.refused(w.send("PUT", "/v1/me/photo", "image"+strings.Repeat("x", maxPhoto), token), 413, "photo_too_large", "")
	unsaid := func(r *http.Request) { r.ContentLength = -1 }
	w.refused(w.send("PUT", "/v1/me/photo", "image"+strings.Repeat("x", maxPhoto), token, unsaid), 413, "photo_too_large", "")
	if len(w.photos) != 0 || len(w.changed) != 0 {
		t.Error("something refused was kept")
	}
	w.ok(w.send("PUT", "/v1/me/photo", "image"+strings.Repeat("x", maxPhoto-5), token, unsaid), 200)
}

func TestMediaIDsAreNoPaths(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"nope", "..", "%2e%2e", "..%2fsecret", "a.b", strings.Repeat("a", 129), "%00", "a%2Fb"} {
		if a := w.send("GET", "/v1/media/"+id, ""); a.StatusCode != 404 || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q", id, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
}

// A photo may be set while the profile is being changed elsewhere: neither is lost.
func TestPhotoAndProfileDoNotOverwriteEachOther(t *testing.T) {
	w := newWorld(t)
	token := bearerToken(w.signUp())
	w.before = func(op string) {
		if op == "save" { // between our read and our write
			w.before = nil
			p := w.people[1<<60+1]
			p.Version++
			p.Profile.Bio = "meanwhile"
			w.people[1<<60+1] = p
		}
	}
	a := w.ok(w.send("PUT", "/v1/me/photo", "image", token), 200)
	p := w.people[1<<60+1]
	if a.body["version"] != 3.0 || p.Profile.Bio != "meanwhile" || p.Profile.Photo != a.body["photo"] {
		t.Errorf("answer %s, stored %+v", a.raw, p)
	}
}

// Over a real socket: an upload that breaks off is no photo, and its place is free again.
func TestABrokenUploadIsNotKept(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.UploadsAtOnce = 1 })
	token := w.signUp()
	server := httptest.NewServer(w.echo)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "PUT /v1/me/photo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nimage", token)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	conn.Close()
	if res.StatusCode != 400 || !bytes.Contains(body, []byte("body_unreadable")) {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	req, _ := http.NewRequest("PUT", server.URL+"/v1/me/photo", strings.NewReader("image"))
	req.Header.Set("Authorization", "Bearer "+token)
	if res, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || len(w.photos) != 1 {
		t.Errorf("the next upload got %d", res.StatusCode)
	}
}
