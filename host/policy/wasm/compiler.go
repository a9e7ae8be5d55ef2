package wasm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
)

// Compiler compiles in a process of its own, so that neither the memory nor the
// time that takes are the server's: a module that would use too much of either
// is refused, and the process ends. Its limits are hard where the system has
// such (Linux); it runs at a low priority on one processor.
type Compiler struct {
	// Command is the program and its arguments, which hands those that follow to
	// RunCompiler.
	Command []string
	// Memory is how many bytes it may use; 0 is 512 MB. A Go plugin of 2 MB takes 65 MB.
	Memory int64
	// CPU is how much processor time it may use; 0 is a minute. A Go plugin takes 0.7 s.
	CPU time.Duration
	// Code is how many bytes of native code may come of it; 0 is 128 MB. A Go
	// plugin of 2 MB becomes 9 MB.
	Code int64
}

func (c Compiler) withDefaults() Compiler {
	c.Memory = cmp.Or(c.Memory, 512<<20)
	c.CPU = cmp.Or(c.CPU, time.Minute)
	c.Code = cmp.Or(c.Code, 128<<20)
	return c
}

// How a compiler's process ends. Anything else is its death.
const (
	endRefused = 3 // the module; why is on its standard output
	endNotKept = 4 // the code; why likewise
)

// run compiles a module into dir. Errors wrap policy.ErrRefused where the
// module is to blame, and errNotKept where the folder is.
func (c Compiler) run(ctx context.Context, module []byte, dir string) error {
	c = c.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotKept, err)
	}
	args := append(c.Command[1:len(c.Command):len(c.Command)], dir,
		fmt.Sprint(c.Memory), fmt.Sprint(max(int64(c.CPU/time.Second), 1)), fmt.Sprint(c.Code))
	cmd := exec.CommandContext(ctx, c.Command[0], args...)
	said, died := &head{}, &head{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(module), said, died
	// The garbage collector keeps to three quarters: its own estimate leaves out what is not Go's.
	cmd.Env = []string{"GOMAXPROCS=1", "GOTRACEBACK=none", fmt.Sprintf("GOMEMLIMIT=%d", c.Memory/4*3)}
	cmd.SysProcAttr, cmd.WaitDelay = apart(), time.Second
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case cmd.ProcessState == nil:
		return fmt.Errorf("%w: %w", errNoCompiler, err)
	}
	switch cmd.ProcessState.ExitCode() {
	case endRefused:
		return refuse("it does not compile: %s", said)
	case endNotKept:
		return fmt.Errorf("%w: %s", errNotKept, said)
	}
	if used := cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime(); cmd.ProcessState.ExitCode() < 0 && used > c.CPU/2 { // killed; the system counts in ticks
		return refuse("it does not compile within %s of processor time", c.CPU)
	}
	for _, lack := range []string{"out of memory", "cannot allocate memory", "failed to allocate", "pthread_create failed"} {
		if bytes.Contains(died.b, []byte(lack)) {
			return refuse("it does not compile within %d MiB of memory", c.Memory>>20)
		}
	}
	return refuse("it ends the compiler: %s (%s)", err, died)
}

// head keeps the beginning of what is written, and shows its first line.
type head struct{ b []byte }

func (h *head) Write(b []byte) (int, error) {
	const most = 4096
	h.b = append(h.b, b[:min(len(b), most-len(h.b))]...)
	return len(b), nil
}

func (h *head) String() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(h.b)), "\n")
	return strings.ToValidUTF8(line[:min(len(line), 200)], "\uFFFD")
}

// errNoCompiler: the system lets no process start.
var errNoCompiler = errors.New("no compiler starts")

// RunCompiler is the whole life of a Compiler's process: it limits itself, reads
// a module from stdin, leaves its native code in a folder and answers how to
// exit. args are what Compiler appends to its command.
func RunCompiler(args []string, stdin io.Reader, stdout io.Writer) int {
	end := func(code int, err error) int {
		fmt.Fprintln(stdout, firstLine(err))
		return code
	}
	var limits [3]int64
	if len(args) != 1+len(limits) {
		return end(endNotKept, errors.New("this command is the server's own: it takes FOLDER MEMORY SECONDS CODE"))
	}
	for i := range limits {
		n, err := strconv.ParseInt(args[1+i], 10, 64)
		if err != nil || n <= 0 {
			return end(endNotKept, fmt.Errorf("%q is no limit", args[1+i]))
		}
		limits[i] = n
	}
	if err := limitSelf(limits[0], limits[1], limits[2]); err != nil {
		return end(endNotKept, err)
	}
	module, err := io.ReadAll(stdin) // metered, so its size is bounded
	if err != nil {
		return end(endNotKept, err)
	}
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(args[0])
	if err != nil {
		return end(endNotKept, err)
	}
	config := wazero.NewRuntimeConfigCompiler().WithDebugInfoEnabled(false).WithCompilationCache(cache)
	_, err = wazero.NewRuntimeWithConfig(ctx, config).CompileModule(ctx, module)
	switch {
	case err == nil:
		return 0
	case tooMuchCode(err):
		return end(endRefused, fmt.Errorf("more than %d KB of native code come of it", limits[2]>>10))
	case errors.Is(blame(err), errNotKept):
		return end(endNotKept, err)
	}
	return end(endRefused, err)
}

// Self is the program that runs, for a Compiler's Command.
func Self() (string, error) {
	const running = "/proc/self/exe" // stays what it is when an update replaces the file
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}
