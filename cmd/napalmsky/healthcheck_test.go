package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthcheckSaysWhyNot(t *testing.T) {
	status, body := http.StatusOK, `{"status":"ready","reasons":[]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	check := func() (int, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"healthcheck", "--url", s.URL + "/"}, &out, &errs)
		return code, errs.String()
	}
	if code, why := check(); code != 0 {
		t.Errorf("a ready server: exit %d, %s", code, why)
	}
	status, body = http.StatusServiceUnavailable, `{"status":"not ready","reasons":["the database does not answer"]}`
	if code, why := check(); code != 1 || !strings.Contains(why, "the database does not answer") {
		t.Errorf("a server without its database: exit %d, %s", code, why)
	}
	s.Close()
	if code, _ := check(); code != 1 {
		t.Errorf("no server: exit %d", code)
	}
}

func TestNearbyIsThisMachine(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80",
		"127.0.0.1:9": "http://127.0.0.1:9", "10.0.0.4:80": "http://10.0.0.4:80", "[fd00::1]:80": "http://[fd00::1]:80",
	} {
		if got := nearby(listen); got != want {
			t.Errorf("%s is asked at %s, want %s", listen, got, want)
		}
	}
}
