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
	TTL    time.Duration // how long a login holds; whoever needs it longer asks for another
}

// Server is one entry of a browser's RTCConfiguration.iceServers.
type Server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Grant is what one person may use.
type Grant struct {
	Servers []Server
	Until   int64 // Unix milliseconds when the TURN login ends; 0: there is none in it
}

// Grant answers what to hand to one person at now. The TURN login in it is
// theirs alone and expires TTL later, at a whole second: the username is "<Unix
// second of expiry>:<person>", the credential the base64 of its HMAC-SHA1 under
// Secret (draft-uberti-behave-turn-rest-00, section 2.2). The URL slices are
// shared; do not change them.
func (c ICE) Grant(person lobby.PersonID, now time.Time) Grant {
	g := Grant{Servers: make([]Server, 0, 2)}
	if len(c.STUN) > 0 {
		g.Servers = append(g.Servers, Server{URLs: c.STUN})
	}
	if len(c.URLs) > 0 {
		ends := now.Add(c.TTL).Unix()
		username := strconv.FormatInt(ends, 10) + ":" + strconv.FormatInt(int64(person), 10)
		g.Servers = append(g.Servers, Server{URLs: c.URLs, Username: username, Credential: credential(c.Secret, username)})
		g.Until = ends * 1000
	}
	return g
}

func credential(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
