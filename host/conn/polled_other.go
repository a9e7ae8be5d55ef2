//go:build !linux

package conn

import "errors"

// poller and polled need epoll(7). Elsewhere the library reads every socket.
type (
	poller struct{}
	polled struct{ line }
)

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) close() {}

func (*conn) poll(*hijacked) *polled { return nil }

func (*polled) begin() {}
