package app_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

type signalled struct {
	Pieces int `json:"pieces"`
	In     int `json:"bytes_in"`
	Out    int `json:"bytes_out"`
	Failed int `json:"failed"`
}

// signalFigures are what the server on this machine says of the signalling it passed on.
func signalFigures(t *testing.T, url string) signalled {
	t.Helper()
	answer, err := http.Get(url + "/v1/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var stats struct {
		Signalling signalled `json:"signalling"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	return stats.Signalling
}

// TestSignallingIsOnADiet: what is an offer arrives with a fifth of its bytes,
// and what is none arrives as it was.
func TestSignallingIsOnADiet(t *testing.T) {
	a := startApp(t, nil)
	ctx := within(t, 20*time.Second)
	ada, bob := join(t, ctx, a.URL(), "ada"), join(t, ctx, a.URL(), "bob")
	call := talk(t, ctx, ada, bob)
	for kind, body := range map[string]string{"offer": sdp.Offer, "candidate": "no JSON at all"} {
		if _, err := ada.Signal(call, kind, body); err != nil {
			t.Fatal(err)
		}
		got, err := bot.AwaitSay[wire.ServerCallSignal](ctx, bob)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "offer" && len(got.Data) > 1024 || kind == "candidate" && got.Data != body {
			t.Errorf("%s arrived with %d bytes", kind, len(got.Data))
		}
	}
	if f := signalFigures(t, a.URL()); f.Failed != 0 || f.Pieces != 2 {
		t.Errorf("%+v", f)
	}
}
