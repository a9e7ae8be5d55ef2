package admin

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// listen opens a stream and waits until it really listens.
func (h *house) listen(t *testing.T) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://localhost/admin/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.unix.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if mime := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || mime != "text/event-stream" {
		t.Fatalf("%d %s", resp.StatusCode, mime)
	}
	r := bufio.NewReader(resp.Body)
	for {
		if line, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		} else if line == "\n" {
			return r
		}
	}
}

func TestChangesAreToldAsTheyHappen(t *testing.T) {
	h := start(t, nil)
	stream := h.listen(t)
	into[registry.Generation](t, h.ask(t, "POST", "/admin/v1/hooks/match/pause", nil))
	name, err := stream.ReadString('\n')
	if err != nil || name != "event: change\n" {
		t.Fatalf("%q, %v", name, err)
	}
	line, err := stream.ReadString('\n')
	var c registry.Change
	if err != nil || json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &c) != nil || c.Action != "pause" || c.Hook != registry.Match {
		t.Errorf("%q, %v", line, err)
	}
}

func TestListenersAreFewAndGoWithTheServer(t *testing.T) {
	h := start(t, nil)
	var streams []*bufio.Reader
	for range listenersAtOnce {
		streams = append(streams, h.listen(t))
	}
	if a := h.ask(t, "GET", "/admin/v1/events", nil); a.status != http.StatusTooManyRequests {
		t.Errorf("one too many: %d", a.status)
	}
	h.stop()
	for _, s := range streams {
		if line, err := s.ReadString('\n'); err == nil {
			t.Errorf("after the end: %q", line)
		}
	}
	if n := h.registry.Subscribers(); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
}
