package wasm

import (
	"context"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
)

// pool bounds how many instances answer cooldown and trim at once. No lock is
// held while guest code runs: a call holds a permit, which is a token in a channel.
type pool struct {
	permits chan struct{}
	idle    chan *instance
	closed  chan struct{}
	make    func() (*instance, error)
}

func newPool(size int, make_ func() (*instance, error)) *pool {
	p := &pool{
		permits: make(chan struct{}, size),
		idle:    make(chan *instance, size),
		closed:  make(chan struct{}),
		make:    make_,
	}
	for range size {
		p.permits <- struct{}{}
	}
	return p
}

// use runs f with an instance of its own, waiting for one as long as ctx allows.
// An instance for which f fails is thrown away.
func (p *pool) use(ctx context.Context, f func(*instance) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closed:
		return policy.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-p.permits:
	}
	defer func() { p.permits <- struct{}{} }()
	in, err := p.get(ctx)
	if err != nil {
		return err
	}
	if err := f(in); err != nil {
		in.close()
		return err
	}
	p.put(in)
	return nil
}

// overlap is how long a call waits for the instance of another before it starts
// one more. A call is over in microseconds as a rule, while a start takes
// milliseconds, and what it takes of memory stays taken.
const overlap = 10 * time.Millisecond

// get answers an idle instance or a new one. The caller holds a permit.
func (p *pool) get(ctx context.Context) (*instance, error) {
	select {
	case in := <-p.idle:
		return in, nil
	default:
	}
	if atWork := cap(p.permits) - len(p.permits); atWork > 1 { // with the caller
		soon := time.NewTimer(overlap)
		defer soon.Stop()
		select {
		case in := <-p.idle:
			return in, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-soon.C:
		}
	}
	return p.make()
}

// put keeps an instance for later. There is room for as many as there are permits.
func (p *pool) put(in *instance) { p.idle <- in }

// close lets nobody in and waits until everyone is out. If ctx ends first it
// may be called again.
func (p *pool) close(ctx context.Context) error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	for held := range cap(p.permits) {
		select {
		case <-p.permits:
		case <-ctx.Done():
			for range held {
				p.permits <- struct{}{}
			}
			return ctx.Err()
		}
	}
	return nil
}

// drop closes the idle instances and answers how many there were.
func (p *pool) drop() (n int) {
	for {
		select {
		case in := <-p.idle:
			in.close()
			n++
		default:
			return n
		}
	}
}
