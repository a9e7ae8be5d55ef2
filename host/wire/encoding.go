package wire

import "fmt"

// Encoding is how the events of one socket are written. Both say the same.
type Encoding uint8

const (
	// JSON: each frame is one JSON text.
	JSON Encoding = iota
	// Binary: the server's frames begin with a marker; see the section of that
	// name in schemas/wire/v1/README.md.
	Binary
)

// Subprotocol is the encoding's name in a WebSocket handshake.
func (e Encoding) Subprotocol() string {
	if e == Binary {
		return "sky.v1.bin"
	}
	return "sky.v1.json"
}

// String is the encoding's name on a command line.
func (e Encoding) String() string {
	if e == Binary {
		return "binary"
	}
	return "json"
}

// Set implements flag.Value.
func (e *Encoding) Set(name string) error {
	switch name {
	case "json":
		*e = JSON
	case "binary":
		*e = Binary
	default:
		return fmt.Errorf("want binary or json")
	}
	return nil
}

// Append appends one frame of the server in this encoding to dst.
func (e Encoding) Append(dst []byte, env Envelope, ev Server) []byte {
	if e == Binary {
		return AppendBinary(dst, env, ev)
	}
	return AppendServer(dst, env, ev)
}
