package load

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fakeProc is a /proc with one process that listens on port 8080.
func fakeProc(t *testing.T) string {
	root := t.TempDir()
	for name, text := range map[string]string{
		"net/tcp": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
			"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0\n" +
			"   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0\n" +
			"nonsense\n",
		"42/status": "Name:\tnapalmsky\nVmPeak:\t  999 kB\nVmRSS:\t   2048 kB\n",
		"42/stat":   "42 (nap) sky) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 9 0 100 1000 512\n",
		"42/fd/x":   "",
		"7/status":  "Name:\tzombie\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("socket:[4711]", filepath.Join(root, "42/fd/3")); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestProcessIsFoundByItsPortAndWeighed(t *testing.T) {
	root := fakeProc(t)
	p, err := processOn(root, 8080)
	if err != nil || p.PID != 42 {
		t.Fatalf("%+v, %v", p, err)
	}
	if rss, err := p.RSS(); err != nil || rss != 2048<<10 {
		t.Errorf("RSS %d, %v", rss, err)
	}
	if cpu, err := p.CPU(); err != nil || cpu != 4*time.Second {
		t.Errorf("CPU %s, %v", cpu, err)
	}
	for _, port := range []int{8081, 49153} {
		if _, err := processOn(root, port); !errors.Is(err, ErrNoProcess) {
			t.Errorf("port %d: %v", port, err)
		}
	}
	for _, pid := range []int{7, 43} {
		if _, err := processAt(root, pid); !errors.Is(err, ErrNoProcess) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}
