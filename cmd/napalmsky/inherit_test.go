package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
)

// TestASocketOutlivesTheServer plays systemd: the socket is ours, the process
// that serves it comes later, and who knocked before is answered.
func TestASocketOutlivesTheServer(t *testing.T) {
	if os.Getenv("NAPALMSKY_TEST_INHERIT") != "" {
		answerOne(t)
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	early, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	file, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	child := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -test.run='^TestASocketOutlivesTheServer$'`, os.Args[0])
	child.Env = append(os.Environ(), "NAPALMSKY_TEST_INHERIT=1")
	child.ExtraFiles = []*os.File{file}
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	line, err := bufio.NewReader(early).ReadString('\n')
	if err != nil || line != "at your service\n" {
		t.Errorf("who knocked early heard %q, %v", line, err)
	}
}

func answerOne(t *testing.T) {
	ln, err := inherited(os.Getenv)
	if err != nil || ln == nil {
		t.Fatalf("inherited %v, %v", ln, err)
	}
	defer ln.Close()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "at your service\n"); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyOurOwnSocketIsTaken(t *testing.T) {
	env := func(pid, fds string) func(string) string {
		return func(k string) string { return map[string]string{"LISTEN_PID": pid, "LISTEN_FDS": fds}[k] }
	}
	if ln, err := inherited(env("", "")); ln != nil || err != nil {
		t.Errorf("nothing was handed over: %v, %v", ln, err)
	}
	if ln, err := inherited(env("1", "1")); ln != nil || err != nil {
		t.Errorf("another process's socket: %v, %v", ln, err)
	}
	if ln, err := inherited(env(fmt.Sprint(os.Getpid()), "2")); ln != nil || err == nil {
		t.Errorf("two sockets: %v, %v", ln, err)
	}
}
