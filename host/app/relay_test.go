package app_test

import (
	"crypto/hmac"
	"crypto/md5"  // long-term credentials (RFC 8489, section 9.2.2) are keyed by it
	"crypto/sha1" // and signed by this
	"encoding/base64"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// relay is a TURN server (RFC 8656) for a few people on this machine: UDP,
// IPv4, and the shared secret of the server under test. It knows no time; a
// test says which logins are over, and then it is as strict as can be: their
// allocations are gone.
type relay struct {
	t      *testing.T
	secret string
	socket *net.UDPConn
	all    sync.WaitGroup

	mu     sync.Mutex
	by     map[netip.AddrPort]*allocation // by client
	logins map[string]*login              // by username
}

// login is what was done with one.
type login struct {
	over    bool
	carried int                   // packets from its owner
	reached map[int]chan struct{} // by how many: closed when it has carried as many
}

// allocation is what one client socket has here.
type allocation struct {
	username string
	client   netip.AddrPort
	socket   *net.UDPConn
	channels map[uint16]netip.AddrPort
	allowed  map[netip.Addr]bool
}

// What packets are: so few find a way, and more than ever find one.
const checks, media = 10, 200

const (
	magic     = 0x2112A442
	realm     = "napalmsky.example"
	allocate  = 0x003
	refresh   = 0x004
	sendTo    = 0x006
	permit    = 0x008
	bind      = 0x009
	attrUser  = 0x0006
	attrSign  = 0x0008
	attrError = 0x0009
	attrChan  = 0x000C
	attrLife  = 0x000D
	attrPeer  = 0x0012
	attrData  = 0x0013
	attrRealm = 0x0014
	attrNonce = 0x0015
	attrRelay = 0x0016
	attrYou   = 0x0020
)

func startRelay(t *testing.T, secret string) *relay {
	t.Helper()
	r := &relay{t: t, secret: secret, socket: loopback(t), by: map[netip.AddrPort]*allocation{}, logins: map[string]*login{}}
	r.all.Go(r.serve)
	t.Cleanup(func() {
		r.socket.Close()
		r.mu.Lock()
		for _, a := range r.by {
			a.socket.Close()
		}
		r.mu.Unlock()
		r.all.Wait()
	})
	return r
}

func loopback(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (r *relay) url() string { return "turn:" + r.socket.LocalAddr().String() + "?transport=udp" }

// carries waits until this login has carried so many packets: checks or media.
func (r *relay) carries(username string, packets int) {
	r.t.Helper()
	r.mu.Lock()
	l := r.login(username)
	r.mu.Unlock()
	select {
	case <-l.reached[packets]:
	case <-time.After(patience):
		r.mu.Lock()
		defer r.mu.Unlock()
		r.t.Fatalf("the login %q carries %d packets, want %d", username, l.carried, packets)
	}
}

func (r *relay) login(username string) *login {
	if r.logins[username] == nil {
		r.logins[username] = &login{reached: map[int]chan struct{}{checks: make(chan struct{}), media: make(chan struct{})}}
	}
	return r.logins[username]
}

// end lets these logins be over.
func (r *relay) end(usernames ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range usernames {
		r.login(u).over = true
	}
	for client, a := range r.by {
		if r.login(a.username).over {
			a.socket.Close()
			delete(r.by, client)
		}
	}
}

func (r *relay) serve() {
	b := make([]byte, 64<<10)
	for {
		n, from, err := r.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			return // closed
		}
		r.mu.Lock()
		r.take(b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		r.mu.Unlock()
	}
}

func (r *relay) take(b []byte, from netip.AddrPort) {
	a := r.by[from]
	if len(b) >= 4 && b[0]&0xC0 == 0x40 { // channel data
		if size := int(binary.BigEndian.Uint16(b[2:])); a != nil && len(b) >= 4+size {
			r.send(a, a.channels[binary.BigEndian.Uint16(b)], b[4:4+size])
		}
		return
	}
	m, ok := parseSTUN(b)
	if !ok {
		return
	}
	switch m.method() {
	case sendTo:
		if a != nil {
			r.send(a, m.address(attrPeer), m.attrs[attrData])
		}
	case allocate, refresh, permit, bind:
		r.answer(m, a, from)
	}
}

// answer does what a request asks for, if its login is good.
func (r *relay) answer(m stun, a *allocation, from netip.AddrPort) {
	user := string(m.attrs[attrUser])
	key := md5.Sum([]byte(user + ":" + realm + ":" + r.password(user)))
	switch {
	case m.attrs[attrSign] == nil:
		r.refuse(m, from, 1, "who is it?")
		return
	case r.login(user).over || !m.signedBy(key[:]):
		r.refuse(m, from, 1, "the login is over, or none")
		return
	case m.method() != allocate && a == nil:
		r.refuse(m, from, 37, "no allocation")
		return
	}
	reply := m.reply(0x0100)
	switch m.method() {
	case allocate:
		if a == nil {
			a = &allocation{username: user, client: from, socket: loopback(r.t), channels: map[uint16]netip.AddrPort{}, allowed: map[netip.Addr]bool{}}
			r.by[from] = a
			r.all.Go(func() { r.carry(a) })
		}
		reply.address(attrRelay, a.socket.LocalAddr().(*net.UDPAddr).AddrPort())
		reply.address(attrYou, from)
		reply.number(attrLife, 600)
	case refresh:
		reply.number(attrLife, 600)
		if life := m.attrs[attrLife]; len(life) == 4 && binary.BigEndian.Uint32(life) == 0 {
			a.socket.Close()
			delete(r.by, from)
		}
	case permit:
		a.allowed[m.address(attrPeer).Addr()] = true
	case bind:
		a.allowed[m.address(attrPeer).Addr()] = true
		if c := m.attrs[attrChan]; len(c) == 4 {
			a.channels[binary.BigEndian.Uint16(c)] = m.address(attrPeer)
		}
	}
	r.write(reply.signed(key[:]), from)
}

func (r *relay) refuse(m stun, to netip.AddrPort, number byte, why string) {
	reply := m.reply(0x0110)
	reply.attr(attrError, append([]byte{0, 0, 4, number}, why...))
	reply.attr(attrRealm, []byte(realm))
	reply.attr(attrNonce, []byte("once"))
	r.write(reply.b, to)
}

func (r *relay) write(b []byte, to netip.AddrPort) { _, _ = r.socket.WriteToUDPAddrPort(b, to) }

func (r *relay) password(user string) string {
	mac := hmac.New(sha1.New, []byte(r.secret))
	mac.Write([]byte(user))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// send carries a client's data to a peer it has permission for.
func (r *relay) send(a *allocation, to netip.AddrPort, data []byte) {
	if !to.IsValid() || !a.allowed[to.Addr()] {
		return
	}
	_, _ = a.socket.WriteToUDPAddrPort(data, to)
	l := r.login(a.username)
	l.carried++
	if reached := l.reached[l.carried]; reached != nil {
		close(reached)
	}
}

// carry brings peers' data to the client until the allocation ends.
func (r *relay) carry(a *allocation) {
	b := make([]byte, 64<<10)
	for {
		n, from, err := a.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			return // closed
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		r.mu.Lock()
		if a.allowed[from.Addr()] {
			r.write(a.wrapped(from, b[:n]), a.client)
		}
		r.mu.Unlock()
	}
}

func (a *allocation) wrapped(from netip.AddrPort, data []byte) []byte {
	for number, peer := range a.channels {
		if peer == from {
			head := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, number), uint16(len(data)))
			return append(head, data...)
		}
	}
	ind := stunWriter{b: make([]byte, 20)}
	binary.BigEndian.PutUint16(ind.b, 0x0017)
	binary.BigEndian.PutUint32(ind.b[4:], magic)
	ind.address(attrPeer, from)
	ind.attr(attrData, data)
	return ind.b
}
