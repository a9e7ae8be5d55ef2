package steward

import (
	"testing"
	"testing/fstest"
)

func files(content map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range content {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestTheLeastLimitCounts(t *testing.T) {
	const meminfo = "MemTotal:        2048 kB\nMemFree: 17 kB\n"
	for _, c := range []struct {
		what  string
		files map[string]string
		want  uint64
	}{
		{"nothing is known", nil, 0},
		{"a machine", map[string]string{"proc/meminfo": meminfo}, 2048 << 10},
		{"a container, version 2", map[string]string{"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "1048576\n"}, 1 << 20},
		{"a container without a limit", map[string]string{"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "max\n"}, 2048 << 10},
		{"memory.high is below memory.max", map[string]string{"sys/fs/cgroup/memory.max": "1048576\n", "sys/fs/cgroup/memory.high": "900000\n"}, 900000},
		{"a unit of systemd", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/napalmsky.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "max\n",
			"sys/fs/cgroup/system.slice/napalmsky.service/memory.max": "524288\n",
		}, 512 << 10},
		{"the slice above binds", map[string]string{
			"proc/self/cgroup":                                        "0::/system.slice/napalmsky.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "262144\n",
			"sys/fs/cgroup/system.slice/napalmsky.service/memory.max": "524288\n",
		}, 256 << 10},
		{"version 1", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:cpu,memory:/docker/abc\n0::/\n",
			"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "700000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            "9223372036854771712\n",
		}, 700000},
		{"nonsense", map[string]string{"proc/meminfo": "MemTotal: lots kB\n", "proc/self/cgroup": "x\n\n::\n0::../..\n", "sys/fs/cgroup/memory.max": "-1"}, 0},
	} {
		if got := newGauge(files(c.files), 0, 4096).Limit(); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	if got := newGauge(files(map[string]string{"sys/fs/cgroup/memory.max": "1048576"}), 77, 4096).Limit(); got != 77 {
		t.Errorf("the configured limit was not taken: %d", got)
	}
}

func TestResidentMemoryLeavesFilesOut(t *testing.T) {
	g := newGauge(files(map[string]string{"proc/self/statm": "90000 500 120 30 0 400 0\n"}), 1<<30, 4096)
	if m := g.Read(); m.Used != 380*4096 || m.Limit != 1<<30 || m.Go == 0 {
		t.Errorf("read %+v", m)
	}
	for _, broken := range []string{"", "1 2", "1 5 9", "a b c"} {
		g := newGauge(files(map[string]string{"proc/self/statm": broken}), 1<<30, 4096)
		if m := g.Read(); m.Used != m.Go {
			t.Errorf("%q: read %+v, want what Go says", broken, m)
		}
	}
	if m := NewGauge(0).Read(); m.Used < 1<<20 || m.Used > 8<<30 || m.Limit < m.Used {
		t.Errorf("this process reads %+v", m)
	}
}
