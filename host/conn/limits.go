package conn

import (
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/napalmsky/napalmsky/host/wire"
)

// maxHello is the largest frame before login, in bytes.
const maxHello = 4 << 10

// admit registers a socket about to be upgraded. It returns the HTTP status and
// error code of a refusal, or 0.
func (h *Hub) admit(c *conn) (status int, code wire.Code) {
	h.mu.Lock()
	defer h.mu.Unlock()
	full := h.full()
	switch {
	case h.draining:
		code = wire.CodeDraining
	case full && !(c.page && len(h.conns) < h.cfg.MaxConns+turnstile):
		code = wire.CodeOverloaded
	case h.strangers[c.addr] >= h.cfg.MaxStrangers:
		code = wire.CodeRateLimited
	default:
		h.conns[c] = struct{}{}
		h.strangers[c.addr]++
		h.opened++
		if full {
			defer c.Drop(CloseFull)
		}
		if h.endSweep == nil {
			h.endSweep = make(chan struct{})
			go h.sweep(h.endSweep)
			go h.write(h.endSweep)
			h.startPolling()
		}
		c.poller = h.poller
		return 0, ""
	}
	h.refused++
	return wire.Explain(code).Status, code
}

// startPolling makes sockets cheap where the system can; else they are as right. h.mu is held.
func (h *Hub) startPolling() {
	if h.unpolled {
		return
	}
	p, err := newPoller()
	if err != nil {
		h.log.Debug("every socket has a goroutine that reads", "err", err)
		return
	}
	h.poller = p
}

// known says that the socket has logged in. Repeating it changes nothing.
func (h *Hub) known(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgetStranger(c)
}

func (h *Hub) forgetStranger(c *conn) {
	if c.greeted {
		return
	}
	c.greeted = true
	if h.strangers[c.addr]--; h.strangers[c.addr] == 0 {
		delete(h.strangers, c.addr)
	}
}

// release forgets a socket; code is what its end is counted under, 0 if it never opened.
func (h *Hub) release(c *conn, code CloseCode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.conns[c]; !ok {
		return
	}
	delete(h.conns, c)
	h.forgetStranger(c)
	if code != 0 {
		h.closed[code]++
	} else {
		h.refused++
		h.opened--
	}
	if len(h.conns) > 0 {
		return
	}
	close(h.endSweep)
	h.endSweep = nil
	if h.poller != nil {
		h.poller.close()
		h.poller = nil
	}
	if h.draining {
		h.closeEmpty()
	}
}

// quota is a token bucket: so many a second, so many at once.
type quota struct {
	perSecond rate.Limit
	burst     int
	person    bool // counted over all connections of a person, those gone included
}

// refill is how long an empty bucket takes to be full.
func (q quota) refill() time.Duration {
	return time.Duration(float64(q.burst) / float64(q.perSecond) * float64(time.Second))
}

// class groups events that share a quota.
type class int

const (
	classOther class = iota
	classSignal
	classChat
	classInvite
	classDoor
	classBusy
	classReport
	classAttach
	classes
)

type quotas [classes]quota

// quotas by class. ICE candidates come in bursts; nobody invites five times in
// a second. What reads or writes the store each time is counted by person, as
// coming back would else be the way around it.
func (c Config) quotas() quotas {
	return quotas{
		classOther:  {perSecond: 30, burst: 60},
		classSignal: {perSecond: 50, burst: 100},
		classChat:   {perSecond: 5, burst: 10},
		classInvite: {perSecond: 1, burst: 5},
		classDoor:   {perSecond: 1, burst: 5, person: true},
		classBusy:   {perSecond: 2, burst: 5},
		classReport: {perSecond: 1.0 / 5, burst: 10, person: true},
		classAttach: {perSecond: rate.Limit(c.AttachPerSecond), burst: c.AttachBurst, person: true},
	}
}

// What a connection may get wrong before it is closed: twenty unreadable frames
// a minute, and a hundred over its quotas, forgiven one a second.
var (
	badQuota   = quota{perSecond: 20.0 / 60, burst: 20}
	floodQuota = quota{perSecond: 1, burst: 100}
)

func classOf(ev wire.Client) class {
	switch ev.(type) {
	case wire.ClientCallSignal:
		return classSignal
	case wire.ClientCallChat:
		return classChat
	case wire.ClientInviteSend:
		return classInvite
	case wire.ClientLobbyEnter, wire.ClientLobbyLeave:
		return classDoor
	case wire.ClientLobbyBusy:
		return classBusy
	case wire.ClientPersonReport, wire.ClientPersonBlock:
		return classReport
	}
	return classOther
}

// meter holds one connection's buckets, made when first needed. Only the
// reading goroutine uses it.
type meter struct {
	byClass    buckets
	bad, flood *rate.Limiter
}

// wait returns 0 if something of this class may pass now, else how long until
// it may. The socket's person is known.
func (c *conn) wait(k class, now time.Time) time.Duration {
	q := c.hub.quotas[k]
	if q.person {
		return c.hub.paces.wait(c.person, k, now)
	}
	return c.meter.byClass.wait(k, q, now)
}

// buckets are made when first needed.
type buckets [classes]*rate.Limiter

func (b *buckets) wait(k class, q quota, now time.Time) time.Duration {
	r := bucket(&b[k], q).ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		r.CancelAt(now)
	}
	return d
}

// forgive says whether one more unreadable frame is borne.
func (m *meter) forgive(now time.Time) bool { return bucket(&m.bad, badQuota).AllowN(now, 1) }

// bear says whether one more frame over its quota is borne.
func (m *meter) bear(now time.Time) bool { return bucket(&m.flood, floodQuota).AllowN(now, 1) }

func bucket(l **rate.Limiter, q quota) *rate.Limiter {
	if *l == nil {
		*l = rate.NewLimiter(q.perSecond, q.burst)
	}
	return *l
}

// remote is the address a request came from. X-Forwarded-For is believed only
// as far as trusted proxies wrote it: from its right end to the first address
// that is none of theirs.
func (h *Hub) remote(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := listed(r.Header.Values("X-Forwarded-For"))
	for len(hops) > 0 && h.trusted(addr) {
		next, err := netip.ParseAddr(hops[len(hops)-1])
		if err != nil {
			break
		}
		addr, hops = next.Unmap(), hops[:len(hops)-1]
	}
	return household(addr)
}

func (h *Hub) trusted(addr netip.Addr) bool {
	for _, p := range h.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// household is the address that limits count: all of an IPv6 /64 is one customer's.
func household(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
