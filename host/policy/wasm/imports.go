package wasm

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const wasi = "wasi_snapshot_preview1"

// imported is a function the host offers: it answers the plugin's one result.
type imported struct {
	signature string
	answer    func(ctx context.Context, m api.Module, args []uint64) uint64
}

// imports lists all that a plugin may import. Files exist in name only: a
// language's runtime links these functions, and each answers "no such file".
func imports() map[string]imported {
	all := map[string]imported{
		"env.abort": {"(i32 i32 i32 i32)", abort},

		wasi + ".args_get":          {"(i32 i32) i32", succeed},
		wasi + ".args_sizes_get":    {"(i32 i32) i32", nothingToGet},
		wasi + ".environ_get":       {"(i32 i32) i32", succeed},
		wasi + ".environ_sizes_get": {"(i32 i32) i32", nothingToGet},
		wasi + ".clock_res_get":     {"(i32 i32) i32", clockResolution},
		wasi + ".clock_time_get":    {"(i32 i64 i32) i32", clockTime},
		wasi + ".random_get":        {"(i32 i32) i32", randomGet},
		wasi + ".fd_fdstat_get":     {"(i32 i32) i32", fdStat},
		wasi + ".fd_write":          {"(i32 i32 i32 i32) i32", fdWrite},
		wasi + ".poll_oneoff":       {"(i32 i32 i32 i32) i32", pollOneOff},
		wasi + ".sched_yield":       {"() i32", succeed},
		wasi + ".proc_exit":         {"(i32)", procExit},
	}
	for name, signature := range map[string]string{
		"fd_advise":               "(i32 i64 i64 i32) i32",
		"fd_allocate":             "(i32 i64 i64) i32",
		"fd_close":                "(i32) i32",
		"fd_datasync":             "(i32) i32",
		"fd_fdstat_set_flags":     "(i32 i32) i32",
		"fd_fdstat_set_rights":    "(i32 i64 i64) i32",
		"fd_filestat_get":         "(i32 i32) i32",
		"fd_filestat_set_size":    "(i32 i64) i32",
		"fd_filestat_set_times":   "(i32 i64 i64 i32) i32",
		"fd_pread":                "(i32 i32 i32 i64 i32) i32",
		"fd_prestat_dir_name":     "(i32 i32 i32) i32",
		"fd_prestat_get":          "(i32 i32) i32",
		"fd_pwrite":               "(i32 i32 i32 i64 i32) i32",
		"fd_read":                 "(i32 i32 i32 i32) i32",
		"fd_readdir":              "(i32 i32 i32 i64 i32) i32",
		"fd_renumber":             "(i32 i32) i32",
		"fd_seek":                 "(i32 i64 i32 i32) i32",
		"fd_sync":                 "(i32) i32",
		"fd_tell":                 "(i32 i32) i32",
		"path_create_directory":   "(i32 i32 i32) i32",
		"path_filestat_get":       "(i32 i32 i32 i32 i32) i32",
		"path_filestat_set_times": "(i32 i32 i32 i32 i64 i64 i32) i32",
		"path_link":               "(i32 i32 i32 i32 i32 i32 i32) i32",
		"path_open":               "(i32 i32 i32 i32 i32 i64 i64 i32 i32) i32",
		"path_readlink":           "(i32 i32 i32 i32 i32 i32) i32",
		"path_remove_directory":   "(i32 i32 i32) i32",
		"path_rename":             "(i32 i32 i32 i32 i32 i32) i32",
		"path_symlink":            "(i32 i32 i32 i32 i32) i32",
		"path_unlink_file":        "(i32 i32 i32) i32",
	} {
		all[wasi+"."+name] = imported{signature, noFile}
	}
	return all
}

// offerImports gives the module what it asks for, or refuses it by name.
func offerImports(ctx context.Context, r wazero.Runtime, m wazero.CompiledModule) error {
	offered := imports()
	builders := map[string]wazero.HostModuleBuilder{}
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		have, ok := offered[module+"."+name]
		if !ok {
			return refuse("it imports %.60s.%.60s, which is not offered", module, name)
		}
		if got := signature(f); got != have.signature {
			return refuse("it imports %s.%s as %s; it is %s", module, name, got, have.signature)
		}
		if builders[module] == nil {
			builders[module] = r.NewHostModuleBuilder(module)
		}
		builders[module].NewFunctionBuilder().WithGoModuleFunction(adapt(f, have), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return refuse("its imports cannot be met: %s", firstLine(err))
		}
	}
	return nil
}

func adapt(f api.FunctionDefinition, have imported) api.GoModuleFunc {
	params, results := len(f.ParamTypes()), len(f.ResultTypes())
	return func(ctx context.Context, m api.Module, stack []uint64) {
		systemOf(ctx).tank.spend(callCost)
		if answer := have.answer(ctx, m, stack[:params]); results > 0 {
			stack[0] = answer
		}
	}
}
