package wasm

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// instance is one running copy of a plugin. It does one thing at a time.
type instance struct {
	ctx    context.Context // carries its system to the functions it imports
	system *system
	module api.Module
	memory api.Memory
	stack  [8]uint64 // arguments and result of a call
	tank   *tank
	fuel   Fuel  // what each call may use
	used   int64 // by all calls so far

	// Looked up once: a lookup costs far more than a call.
	abi, manifest, alloc, params, rows, score, scoreFor, cooldown, trimPlan, trim, rest api.Function

	// Buffers in the plugin's memory, ours to write for as long as it lives.
	out, kase, question, signal uint32

	measured measured
	rested   int64 // used, when it last had a rest
}

// newInstance starts a copy that is ready to be asked. Errors wrap
// policy.ErrTrap or policy.ErrInvalid.
func (p *Plugin) newInstance() (*instance, error) {
	in, err := p.start()
	if err != nil {
		return nil, err
	}
	if err := p.prepare(in); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// start instantiates the module and lets its language's runtime start.
func (p *Plugin) start() (*instance, error) {
	in := &instance{system: newSystem(p.log), fuel: p.options.Fuel}
	in.ctx = context.WithValue(context.Background(), systemKey{}, in.system)
	var memory experimental.LinearMemory
	allocate := func(first, most uint64) experimental.LinearMemory {
		memory = newMemory(first, most)
		return memory
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	module, err := p.engine.runtime.InstantiateModule(experimental.WithMemoryAllocator(in.ctx, experimental.MemoryAllocatorFunc(allocate)), p.engine.compiled, config)
	if err != nil {
		if memory != nil {
			memory.Free() // the engine forgets it when instantiating fails half way
		}
		in.system.flush()
		return nil, fmt.Errorf("%w: %s", policy.ErrTrap, in.system.said.because(firstLine(err)))
	}
	in.module, in.memory, in.tank = module, module.ExportedMemory(abi.Memory), tankOf(module)
	in.system.tank = in.tank
	in.measured.born(&p.gauge, in.memory.Size())
	for name, to := range map[string]*api.Function{
		abi.SkyABI: &in.abi, abi.SkyManifest: &in.manifest, abi.SkyAlloc: &in.alloc, abi.SkyParams: &in.params,
		abi.SkyRows: &in.rows, abi.SkyScore: &in.score, abi.SkyScoreFor: &in.scoreFor,
		abi.SkyCooldown: &in.cooldown, abi.SkyTrimPlan: &in.trimPlan, abi.SkyTrim: &in.trim, abi.SkyRest: &in.rest,
	} {
		*to = module.ExportedFunction(name)
	}
	for _, name := range []string{meter.StartFunction, abi.Initialize} {
		if f := module.ExportedFunction(name); f != nil {
			if _, err := in.call(in.fuel.Init, f); err != nil {
				in.close()
				return nil, err
			}
		}
	}
	return in, nil
}

// prepare gives an instance its params and makes the buffers its hooks need.
func (p *Plugin) prepare(in *instance) error {
	if len(p.params) > 0 {
		at, err := in.call(in.fuel.Setup, in.params)
		if err != nil {
			return err
		}
		if err := in.write(uint32(at), p.params); err != nil {
			return err
		}
	}
	for _, hook := range p.manifest.Hooks {
		var err error
		switch hook {
		case abi.HookMatch:
			in.out, err = in.allocate(4 * abi.MaxRows)
		case abi.HookCooldown:
			in.kase, err = in.allocate(p.manifest.Case.Size)
		case abi.HookTrim:
			in.question, err = in.allocate(abi.MaxQuestion)
		case abi.HookSignalling:
			in.signal, err = in.allocate(policy.MaxSignalQuestion)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// call runs a function of the plugin with so much fuel. The error wraps
// policy.ErrTrap, and policy.ErrFuel if that was why, and repeats the words of a
// panic; after it the instance is good for nothing but close: the engine itself
// would let it go on with whatever the trap left behind.
func (in *instance) call(fuel int64, f api.Function, args ...uint64) (uint64, error) {
	copy(in.stack[:], args)
	room := max(fuel, dyingRoom)
	in.tank.fill(room)
	in.system.hush()
	err := f.CallWithStack(in.ctx, in.stack[:])
	used := int64(0)
	if in.tank != nil {
		used = room + in.system.extra - in.tank.left()
		in.used += used
	}
	if err == nil && used <= fuel {
		in.measured.grown(in.memory.Size())
		return in.stack[0], nil
	}
	in.system.flush()
	if used > fuel && (err == nil || !in.system.said.panicked) {
		return 0, fmt.Errorf("%w: %w: %d units were not enough", policy.ErrTrap, policy.ErrFuel, fuel)
	}
	return 0, fmt.Errorf("%w: %s", policy.ErrTrap, in.system.said.because(firstLine(err)))
}

// restAfter is for how many units of work an instance is left alone.
const restAfter = 8_000_000

// relax lets an instance that has worked collect its garbage if it wants to,
// which takes more than a question may.
func (in *instance) relax() error {
	if in.rest == nil || in.used-in.rested < restAfter {
		return nil
	}
	used := in.used
	_, err := in.call(2*in.fuel.Setup, in.rest)
	in.used, in.rested = used, used // it was no question
	return err
}

func (in *instance) allocate(n uint32) (uint32, error) {
	at, err := in.call(in.fuel.Setup, in.alloc, uint64(n))
	if err != nil {
		return 0, err
	}
	return uint32(at), in.inside(uint32(at), uint64(n))
}

// inside checks a place the plugin named; the error wraps policy.ErrInvalid.
func (in *instance) inside(at uint32, n uint64) error {
	if size := uint64(in.memory.Size()); at == 0 || uint64(at)+n > size {
		return fmt.Errorf("%w: %d bytes at %d are outside its memory of %d", policy.ErrInvalid, n, at, size)
	}
	return nil
}

func (in *instance) write(at uint32, b []byte) error {
	if err := in.inside(at, uint64(len(b))); err != nil {
		return err
	}
	in.memory.Write(at, b)
	return nil
}

// unpack copies an answer out, before another call overwrites it.
func (in *instance) unpack(packed int64, most uint32) ([]byte, error) {
	at, n := abi.Unpack(packed)
	if packed == 0 {
		return nil, fmt.Errorf("%w: no answer", policy.ErrInvalid)
	}
	if n > most {
		return nil, fmt.Errorf("%w: an answer of %d bytes; %d are allowed", policy.ErrInvalid, n, most)
	}
	if err := in.inside(at, uint64(n)); err != nil {
		return nil, err
	}
	view, _ := in.memory.Read(at, n)
	return append([]byte(nil), view...), nil
}

func (in *instance) close() {
	in.system.flush()
	in.measured.died()
	// Closing frees memory and reports nothing that could be acted upon.
	_ = in.module.Close(in.ctx)
}
