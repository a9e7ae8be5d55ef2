package conn

import "github.com/napalmsky/napalmsky/host/lobby"

// Expel ends a person's sockets at once, with this code, but for those whose
// session's token keep accepts (nil keeps none). It answers how many go on.
//
// It is called after the sessions have ended in the store: a socket that is
// just logging in looks them up again once it is attached, and ends by itself.
func (h *Hub) Expel(id lobby.PersonID, code CloseCode, keep func(token string) bool) (left int) {
	h.mu.Lock()
	all := h.snapshot()
	h.mu.Unlock()
	for _, c := range all {
		s := c.session.Load()
		switch {
		case s == nil || s.person != id || c.ending():
		case keep != nil && keep(s.token):
			left++
		default:
			c.Drop(code)
		}
	}
	return left
}
