package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
)

// profiles are what `serve` writes for `go tool pprof`, either or both or neither.
type profiles struct {
	cpu, mem *os.File // nil: none
	once     sync.Once
	err      error
}

// startProfiles opens the files and begins to measure. The caller stops it.
func startProfiles(cpu, mem string) (_ *profiles, err error) {
	p := &profiles{}
	if mem != "" {
		if p.mem, err = os.Create(mem); err != nil {
			return nil, fmt.Errorf("memprofile: %w", err)
		}
	}
	if cpu == "" {
		return p, nil
	}
	if p.cpu, err = os.Create(cpu); err == nil {
		err = pprof.StartCPUProfile(p.cpu)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cpuprofile: %w", err), p.close())
	}
	return p, nil
}

// before returns a context that ends a little after ctx: once the profiles
// are written, while everybody is still connected.
func (p *profiles) before(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	off := context.AfterFunc(ctx, func() {
		_ = p.stop() // whoever stops us last is told
		cancel()
	})
	return out, func() { off(); cancel() }
}

// stop writes the profiles, once, however often it is called.
func (p *profiles) stop() error {
	p.once.Do(func() {
		var errs []error
		if p.cpu != nil {
			pprof.StopCPUProfile()
		}
		if p.mem != nil {
			runtime.GC() // the profile is of the last collection
			if err := pprof.Lookup("heap").WriteTo(p.mem, 0); err != nil {
				errs = append(errs, fmt.Errorf("memprofile: %w", err))
			}
		}
		p.err = errors.Join(append(errs, p.close())...)
	})
	return p.err
}

func (p *profiles) close() error {
	var errs []error
	for _, f := range []*os.File{p.cpu, p.mem} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
