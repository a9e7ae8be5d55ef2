package conn

import (
	"bytes"
	"compress/flate"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/wire"
)

// inflate is RFC 7692, 7.2.2, by another implementation than the one that deflates.
func inflate(t interface{ Fatal(...any) }, data []byte) []byte {
	out, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(data), strings.NewReader(syncTail+"\x01\x00\x00\xff\xff"))))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDeflatedIsInflated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.SampledFrom([]byte(`{"card":123,"score"}`))).Draw(t, "text")
		text = bytes.Repeat(text, rapid.IntRange(1, 200).Draw(t, "times"))
		d, ok := deflated(text)
		if !ok {
			t.Fatal("not deflated")
		}
		defer d.release()
		if got := inflate(t, d.out); !bytes.Equal(got, text) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func dialDeflating(t *testing.T, h *house) *client {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, h.server.URL+"/v1/ws", &websocket.DialOptions{
		CompressionMode: websocket.CompressionNoContextTakeover, CompressionThreshold: 1, Subprotocols: []string{wire.JSON.Subprotocol()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	ws.SetReadLimit(1 << 20)
	if on := strings.Contains(resp.Header.Get("Sec-WebSocket-Extensions"), "no_context_takeover"); on != h.hub.cfg.Compress {
		t.Fatalf("compression negotiated: %v", resp.Header)
	}
	c := &client{t, ws}
	h.clients = append(h.clients, c)
	return c
}

// TestCompressedBothWays: a client that offers compression reads what others
// read and is understood, in fewer bytes; one that does not offer it is served as ever.
func TestCompressedBothWays(t *testing.T) {
	texts := []string{"short", strings.Repeat("a card of some length, ", 30), strings.Repeat("x", 100_000), ""}
	said := map[bool]uint64{}
	for _, on := range []bool{false, true} {
		h := open(t, Config{Compress: on}, nil)
		h.enter("token-2") // beside it
		c := dialDeflating(t, h)
		c.say(0, wire.ClientHello{Token: "token-1"})
		stream := want[wire.ServerWelcome](c).Stream
		before := h.hub.Stats().BytesOut
		for range 3 {
			for _, s := range texts {
				h.backend.sink(stream).Send(chatLine(s))
			}
			for _, s := range texts {
				if got := want[wire.ServerCallChat](c).Text; got != s {
					t.Fatalf("%d bytes came, want %d", len(got), len(s))
				}
			}
		}
		said[on] = h.hub.Stats().BytesOut - before
		h.alive(c, 3)
		c.write("{" + strings.Repeat(" ", 600<<10) + "}") // small on the wire, and still too big
		if e := want[wire.ServerError](c); e.Code != string(wire.CodeTooBig) {
			t.Errorf("%+v", e)
		}
		c.write("{" + strings.Repeat(" ", 4<<20) + "}")
		c.wantEnd(CloseCode(websocket.StatusMessageTooBig))
	}
	if said[true] > said[false]/20 {
		t.Errorf("%d bytes compressed, %d not", said[true], said[false])
	}
}

func TestSmallFramesGoAsTheyAre(t *testing.T) {
	h := open(t, Config{Compress: true}, nil)
	c := &conn{hub: h.hub, deflates: true}
	short, long := chatLine("hello"), chatLine(strings.Repeat("hello ", 100))
	if f := c.appendFrame(nil, outgoing{opText, short}); f[0] != 0x81 || !bytes.HasSuffix(f, short) {
		t.Errorf("a short frame: %q", f)
	}
	if f := c.appendFrame(nil, outgoing{opText, long}); f[0] != 0xc1 || !bytes.Equal(inflate(t, f[2:]), long) {
		t.Errorf("a long frame: %q", f)
	}
}

// BenchmarkDeflate compresses the golden whole reel and the golden delta.
func BenchmarkDeflate(b *testing.B) {
	for _, name := range []string{"server.reel.full", "server.reel.delta", "server.call.signal"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/golden/wire", name+".json"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				d, ok := deflated(text)
				if !ok {
					b.Fatal("not deflated")
				}
				size = len(d.out)
				d.release()
			}
			b.ReportMetric(float64(size)/float64(len(text)), "of-size")
		})
	}
}
