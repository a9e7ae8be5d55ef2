package load

import (
	"net"
	"os"
	"testing"
)

func TestThisVeryProcessIsFound(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := ProcessOn(l.Addr().(*net.TCPAddr).Port)
	if err != nil || p.PID != os.Getpid() {
		t.Fatalf("%+v, %v; we are %d", p, err, os.Getpid())
	}
	if rss, err := p.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("RSS %d, %v", rss, err)
	}
}
