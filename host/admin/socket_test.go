package admin

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/admin/admintest"
)

func TestTheSocketIsItsOwnersAloneAndGoesAtTheEnd(t *testing.T) {
	h := start(t, nil)
	info, err := os.Stat(h.socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if rest, _ := os.ReadDir(filepath.Dir(h.socket)); len(rest) != 1 {
		t.Errorf("beside the socket lie %v", rest)
	}
	h.stop()
	if _, err := os.Lstat(h.socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after a clean stop: %v", err)
	}
}

// dead leaves a socket file behind as a killed server does.
func dead(t *testing.T, path string) {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAKilledServersSocketIsReplaced(t *testing.T) {
	h := start(t, func(o *Options) { dead(t, o.Socket) })
	if a := h.ask(t, "GET", "/admin/v1/status", nil); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}

func TestALivingServersSocketIsLeftAlone(t *testing.T) {
	h := start(t, nil)
	s, err := Open(Options{Socket: h.socket, Registry: admintest.New(), People: &admintest.People{}, Log: quiet(t)})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("a second server: %v", err)
	}
	if a := h.ask(t, "GET", "/admin/v1/status", nil); a.status != 200 {
		t.Errorf("the first one answers %d", a.status)
	}
}

func TestAFileInTheWayIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), SocketName)
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := listenUnix(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestAPathTooLongIsExplained(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := listenUnix(filepath.Join(dir, SocketName))
	if err == nil || !strings.Contains(err.Error(), "shorter data folder") {
		t.Errorf("%v", err)
	}
	if rest, _ := os.ReadDir(dir); len(rest) != 0 {
		t.Errorf("it left %v", rest)
	}
}

// A server that stops late must not take the next one's socket away.
func TestClosingLeavesAnothersSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), SocketName)
	first, err := listenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := listenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}
