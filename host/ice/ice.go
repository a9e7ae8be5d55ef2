// Package ice says which STUN and TURN servers the two people of a call may
// use. TURN logins are short-lived and need no shared state with the TURN
// server: they follow the REST convention that coturn calls use-auth-secret.
package ice

import (
	"crypto/hmac"
	"crypto/sha1" // the convention's hash; it is a keyed MAC here, not a digest
	"encoding/base64"
	"strconv"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// ICE is an operator's choice of servers. The zero value has none: two browsers
// on one machine or network find each other without. Immutable, safe for
// concurrent use.
type ICE struct {
	STUN   []string      // stun: or stuns: URLs
	URLs   []string      // turn: or turns: URLs
	Secret string        // shared with the TURN server (coturn: static-auth-secret)
	TTL    time.Duration // how long a login holds; longer than any call
}

// Server is one entry of a browser's RTCConfiguration.iceServers.
type Server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Servers answers what to hand to one person at now. The TURN login in it is
// theirs alone and expires TTL later: the username is "<Unix second of
// expiry>:<person>", the credential the base64 of its HMAC-SHA1 under Secret.
// The URL slices are shared; do not change them.
func (c ICE) Servers(person lobby.PersonID, now time.Time) []Server {
	servers := make([]Server, 0, 2)
	if len(c.STUN) > 0 {
		servers = append(servers, Server{URLs: c.STUN})
	}
	if len(c.URLs) > 0 {
		username := strconv.FormatInt(now.Add(c.TTL).Unix(), 10) + ":" + strconv.FormatInt(int64(person), 10)
		servers = append(servers, Server{URLs: c.URLs, Username: username, Credential: credential(c.Secret, username)})
	}
	return servers
}

func credential(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
