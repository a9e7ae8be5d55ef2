package wasm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// engine is the engine's part of one plugin.
type engine struct {
	cache    wazero.CompilationCache // nil: none
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// free releases the compiled code, then the runtime, once its modules are
// closed: in another order the compiled code stays behind in the cache.
func (e *engine) free(ctx context.Context) error {
	var errs []error
	if e.compiled != nil {
		errs = append(errs, e.compiled.Close(ctx))
	}
	if e.runtime != nil {
		errs = append(errs, e.runtime.Close(ctx))
	}
	if e.cache != nil {
		errs = append(errs, e.cache.Close(ctx))
	}
	*e = engine{}
	return errors.Join(errs...)
}

// errNotKept: compiled code could not be written to its folder, or read from
// it. No plugin is to blame for that.
var errNotKept = errors.New("compiled code cannot be kept")

// compile makes native code of a metered module. A folder for it that cannot be
// used is told to the log and done without.
func (o Options) compile(ctx context.Context, module []byte) (*engine, error) {
	open := o.compileHere
	if o.Compiler != nil {
		open = o.compileApart
	}
	if o.CacheDir != "" {
		e, err := open(ctx, module, o.CacheDir)
		if !errors.Is(err, errNotKept) {
			return e, err
		}
		o.Log.Warn("a plugin is compiled without its cache", "err", err)
	}
	if o.Compiler == nil {
		return o.compileHere(ctx, module, "")
	}
	dir, err := os.MkdirTemp("", "napalmsky-compiled-") // made 0700
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotKept, err)
	}
	defer os.RemoveAll(dir)
	return open(ctx, module, dir)
}

// compileHere compiles in this process, unless dir has the code already. The
// caller frees the engine.
func (o Options) compileHere(ctx context.Context, module []byte, dir string) (*engine, error) {
	e, err := o.newEngine(ctx, dir)
	if err != nil {
		return nil, err
	}
	if e.compiled, err = e.runtime.CompileModule(ctx, module); err != nil {
		return nil, errors.Join(blame(err), e.free(ctx))
	}
	return e, nil
}

// compileApart has the compiler, a process of its own, put the code into dir
// unless it is there, and only ever reads it from there.
func (o Options) compileApart(ctx context.Context, module []byte, dir string) (*engine, error) {
	e, err := o.newEngine(ctx, dir)
	if err != nil {
		return nil, err
	}
	recall := func() error {
		kept, err := onDisk(dir, func() error { return e.recall(ctx, module) })
		if kept != nil {
			o.Log.Info("a plugin's machine code stays in memory", "err", kept)
		}
		return err
	}
	err = recall()
	if errors.Is(err, errNotKept) { // damaged; it is a cache
		o.Log.Warn("compiled code is damaged: the cache is emptied", "err", err)
		err = errors.Join(forget(dir), errNotThere)
	}
	if errors.Is(err, errNotThere) {
		if err = o.Compiler.run(ctx, module, dir); err == nil {
			err = recall()
		}
	}
	if errors.Is(err, errNoCompiler) && ctx.Err() == nil {
		o.Log.Warn("a plugin is compiled in the server's own process", "err", err)
		return o.compileHere(ctx, module, dir)
	}
	if errors.Is(err, errNotThere) {
		err = fmt.Errorf("%w: the compiler wrote it, and it is not there", errNotKept)
	}
	if err != nil {
		return nil, errors.Join(err, e.free(ctx))
	}
	return e, nil
}

var errNotThere = errors.New("nothing is compiled yet")

// recall takes the code from the cache. Where it is not there, the engine would
// compile; with more than one worker it does not even begin once its context has
// ended. The module is validated all the same.
func (e *engine) recall(ctx context.Context, module []byte) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	over, cancel := context.WithCancel(experimental.WithCompilationWorkers(ctx, 2))
	cancel()
	e.compiled, err = e.runtime.CompileModule(over, module)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return errNotThere
	}
	return blame(err)
}

// blame tells errors of the cache from errors of the plugin.
func blame(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) || errors.As(err, &link) || strings.HasPrefix(err.Error(), "compilationcache:") {
		return fmt.Errorf("%w: %w", errNotKept, err)
	}
	return refuse("it does not compile: %s", firstLine(err))
}

func (o Options) newEngine(ctx context.Context, dir string) (*engine, error) {
	e := &engine{}
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(o.MemoryPages).WithDebugInfoEnabled(false)
	if dir != "" {
		var err error
		if e.cache, err = openCache(dir); err != nil {
			return nil, err
		}
		config = config.WithCompilationCache(e.cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	return e, nil
}

// openCache makes dir private: it holds native code that will be run.
func openCache(dir string) (wazero.CompilationCache, error) {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.Chmod(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotKept, err)
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotKept, err)
	}
	return cache, nil
}

// codeName is what files begin with that hold the machine code of running
// plugins; they lose that name at once, but the system goes on showing it.
const codeName = "plugin-code-"

// IsCode says whether a path, as the system shows a process's memory, is that of
// a plugin's machine code.
func IsCode(path string) bool { return strings.Contains(path, "/"+codeName) }

// forget removes what the engine wrote to its cache, and nothing else there.
func forget(dir string) error {
	mine, err := filepath.Glob(filepath.Join(dir, "wazero-*"))
	for _, path := range mine {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err == nil {
		_, err = openCache(dir) // makes the engine's folder anew
	}
	return err
}
