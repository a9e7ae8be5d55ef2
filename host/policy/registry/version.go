package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// version is one plugin file, or one rule compiled in, with what it has done.
// All but quarantined and loadedAt, which the registry's lock guards, is
// immutable or guards itself.
type version struct {
	digest string
	about  about
	bytes  int
	use    map[Hook]*counters
	fuse   fuse

	loadedAt    time.Time
	quarantined string // why; "" it is not
}

// about is what a manifest says that people want to know.
type about struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Hooks   []Hook      `json:"hooks"`
	Params  []abi.Param `json:"params,omitempty"`
	Attrs   []string    `json:"attrs,omitempty"`
}

func newVersion(digest string, m abi.Manifest, bytes int, at time.Time) *version {
	return aVersion(digest, about{Name: m.Name, Version: m.Version, Hooks: hooksOf(m), Params: paramsOf(m), Attrs: attrsOf(m)}, bytes, at)
}

func aVersion(digest string, a about, bytes int, at time.Time) *version {
	v := &version{digest: digest, about: a, bytes: bytes, loadedAt: at, use: map[Hook]*counters{}}
	for _, h := range a.Hooks {
		v.use[h] = &counters{}
	}
	return v
}

func (v *version) title() string  { return v.about.Name + "@" + v.about.Version }
func (v *version) isNative() bool { return isNative(v.digest) }

func isNative(digest string) bool { return strings.HasPrefix(digest, nativePrefix) }

// knobs fills in the defaults of what is not given.
func (v *version) knobs(given map[string]int64) map[string]int64 {
	all := map[string]int64{}
	for _, p := range v.about.Params {
		all[p.Name] = p.Default
		if n, ok := given[p.Name]; ok {
			all[p.Name] = n
		}
	}
	return all
}

// turn checks new values for knobs and puts them over the present ones. Errors wrap ErrBadParam.
func (v *version) turn(present, values map[string]int64) (map[string]int64, error) {
	if len(values) == 0 {
		return nil, fmt.Errorf("%w: no value is given", ErrBadParam)
	}
	next := v.knobs(present)
	for name, n := range values {
		i := slices.IndexFunc(v.about.Params, func(p abi.Param) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: %s has no %.60q", ErrBadParam, v.title(), name)
		}
		if p := v.about.Params[i]; n < p.Min || n > p.Max {
			return nil, fmt.Errorf("%w: %s must be from %d to %d %s and not %d", ErrBadParam, name, p.Min, p.Max, p.Unit, n)
		}
		next[name] = n
	}
	return next, nil
}

func (v *version) row() (store.PluginVersion, error) {
	text, err := json.Marshal(v.about)
	return store.PluginVersion{
		Digest: v.digest, About: string(text), Bytes: int64(v.bytes), LoadedAt: v.loadedAt.UnixMilli(), Quarantined: v.quarantined,
	}, err
}

func versionOf(row store.PluginVersion) (*version, error) {
	var a about
	if err := json.Unmarshal([]byte(row.About), &a); err != nil {
		return nil, fmt.Errorf("version %.12s: %w", row.Digest, err)
	}
	v := aVersion(row.Digest, a, int(row.Bytes), time.UnixMilli(row.LoadedAt))
	v.quarantined = row.Quarantined
	return v, nil
}
