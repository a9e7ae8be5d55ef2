package wasm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{policy.ErrRefused}, args...)...)
}

// checkBytes looks at what can be known before anything is compiled.
func checkBytes(module []byte) error {
	if len(module) > MaxModule {
		return refuse("it has %d bytes; %d are allowed", len(module), MaxModule)
	}
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return refuse("it is no core WebAssembly module")
	}
	return nil
}

// checkExports demands the exports needed for these purposes. Whatever it
// exports of the ABI besides must have the right signature too.
func checkExports(m wazero.CompiledModule, purposes ...string) error {
	if _, ok := m.ExportedMemories()[abi.Memory]; !ok {
		return refuse("it does not export %q", abi.Memory)
	}
	if len(m.ImportedMemories()) > 0 {
		return refuse("it imports a memory")
	}
	have := m.ExportedFunctions()
	for _, e := range abi.Exports() {
		f, ok := have[e.Name]
		if !ok {
			if slices.Contains(purposes, e.Needed) {
				return refuse("it does not export %s%s", e.Name, why(e.Needed))
			}
			continue
		}
		if got := signature(f); got != e.Signature {
			return refuse("its %s has the signature %s; it must be %s", e.Name, got, e.Signature)
		}
	}
	return nil
}

func why(needed string) string {
	if needed == "always" {
		return ""
	}
	return ", which its manifest calls for (" + needed + ")"
}

// signature spells a function's type as abi.Export does.
func signature(f api.FunctionDefinition) string {
	s := "(" + names(f.ParamTypes()) + ")"
	if len(f.ResultTypes()) > 0 {
		s += " " + names(f.ResultTypes())
	}
	return s
}

func names(types []api.ValueType) string {
	var all []string
	for _, t := range types {
		all = append(all, api.ValueTypeName(t))
	}
	return strings.Join(all, " ")
}

// firstLine leaves out the engine's stack traces.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
