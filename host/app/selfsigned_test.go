package app

import (
	"net"
	"testing"
	"time"
)

func TestSelfSignedIsKeptUntilItNoLongerFits(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	home := []net.IP{net.IPv4(192, 168, 1, 7)}
	first, err := selfSigned(dir, home, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Leaf.VerifyHostname("192.168.1.7"); err != nil {
		t.Errorf("a phone would refuse it: %v", err)
	}
	same, err := selfSigned(dir, home, now.AddDate(0, 1, 0))
	if err != nil || !same.Leaf.Equal(first.Leaf) {
		t.Errorf("a month later the certificate is another one (%v)", err)
	}
	moved, err := selfSigned(dir, []net.IP{net.IPv4(10, 0, 0, 2)}, now)
	if err != nil || moved.Leaf.Equal(first.Leaf) {
		t.Errorf("at another address the old certificate was served (%v)", err)
	}
	renewed, err := selfSigned(dir, []net.IP{net.IPv4(10, 0, 0, 2)}, now.AddDate(2, 0, 0))
	if err != nil || renewed.Leaf.Equal(moved.Leaf) {
		t.Errorf("an expired certificate was served (%v)", err)
	}
}
