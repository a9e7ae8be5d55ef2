package conn

import (
	"context"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// TestWhichEncodingIsAgreed: binary for whoever offers it, in whatever order.
func TestWhichEncodingIsAgreed(t *testing.T) {
	h := open(t, Config{}, nil)
	bin, text := wire.Binary.Subprotocol(), wire.JSON.Subprotocol()
	for offer, want := range map[string]string{
		bin + " " + text: bin, text + " " + bin: bin, bin: bin, text: text, "": "", "sky.v2.bin": "", "x " + text: text,
	} {
		ws, _, err := websocket.Dial(t.Context(), h.server.URL+"/v1/ws", &websocket.DialOptions{Subprotocols: strings.Fields(offer)})
		if err != nil {
			t.Fatalf("%q: %v", offer, err)
		}
		if ws.Subprotocol() != want {
			t.Errorf("of %q %q was agreed on, want %q", offer, ws.Subprotocol(), want)
		}
		ws.CloseNow()
	}
}

// binaryClient is a socket's other end that speaks sky.v1.bin.
type binaryClient struct {
	t      *testing.T
	ws     *websocket.Conn
	reader wire.Reader
}

func (h *house) dialBinary(t *testing.T) *binaryClient {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), h.server.URL+"/v1/ws", &websocket.DialOptions{Subprotocols: []string{wire.Binary.Subprotocol()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	return &binaryClient{t: t, ws: ws}
}

func (c *binaryClient) write(kind websocket.MessageType, frame []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = c.ws.Write(ctx, kind, frame) // a failure shows at the next read
}

func (c *binaryClient) read() (wire.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kind, frame, err := c.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		c.t.Errorf("the server wrote a text: %s", frame)
	}
	_, ev, err := c.reader.Read(frame)
	return ev, err
}

// TestABinarySocket: everything the server says is binary, its own errors and
// bye too; the client may write text, or binary frames, plain or packed.
func TestABinarySocket(t *testing.T) {
	h := open(t, Config{}, nil)
	c := h.dialBinary(t)
	c.write(websocket.MessageText, wire.AppendClient(nil, 0, wire.ClientHello{Token: "token-1"}))
	if ev, err := c.read(); err != nil || ev.(wire.ServerWelcome).You != 1 {
		t.Fatalf("%v, %v", ev, err)
	}
	ack := wire.AppendClient(nil, 0, wire.ClientAck{Seq: 7})
	c.write(websocket.MessageBinary, append([]byte{0}, ack...))
	c.write(websocket.MessageBinary, wire.Pack([]byte{1}, ack))
	for range 2 {
		if seq := receive(t, h.backend.acks); seq != 7 {
			t.Errorf("acknowledged %d", seq)
		}
	}
	c.write(websocket.MessageBinary, wire.Pack([]byte{1}, strings.Repeat(" ", wire.MaxFrame+1)))
	if ev, err := c.read(); err != nil || ev.(wire.ServerError).Code != string(wire.CodeTooBig) {
		t.Errorf("a bomb is answered %v, %v", ev, err)
	}
	c.write(websocket.MessageBinary, []byte{2, 0})
	if ev, err := c.read(); err != nil || ev.(wire.ServerError).Code != string(wire.CodeBadFrame) {
		t.Errorf("an unknown marker is answered %v, %v", ev, err)
	}
	if ev, err := c.read(); err != nil || ev.(wire.ServerBye).Code != int64(CloseBadFrames) {
		t.Errorf("after an unknown marker: %v, %v", ev, err)
	}
	if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusCode(CloseBadFrames) {
		t.Errorf("the socket ended with %v", err)
	}
}

// TestPackedHelloIsBounded: before login a frame is small, unpacked too.
func TestPackedHelloIsBounded(t *testing.T) {
	h := open(t, Config{}, nil)
	c := h.dialBinary(t)
	c.write(websocket.MessageBinary, wire.Pack([]byte{1}, strings.Repeat(" ", maxHello)+`{"t":"hello","d":{"token":"token-1"}}`))
	if ev, err := c.read(); err != nil || ev.(wire.ServerError).Code != string(wire.CodeTooBig) {
		t.Errorf("answered %v, %v", ev, err)
	}
}
