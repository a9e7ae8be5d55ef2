package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// ICEServer is one entry of a browser's RTCConfiguration.iceServers.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// ICE makes the servers a person's calls may use from now on, and until when
// (Unix ms) the logins in them hold; 0: there are none that end. Quick, never
// fails. Safe for concurrent use.
type ICE func(p lobby.PersonID, now time.Time) (servers []ICEServer, until int64)

// iceGrant has the names that call.started has for the same.
type iceGrant struct {
	Servers []ICEServer `json:"ice_servers"`
	Until   int64       `json:"ice_until,omitempty"`
}

// getICE gives a person logins of their own, for a call that outlives those it
// began with. Like everything here it is nobody's to keep (see headers).
func (a *api) getICE(c echo.Context, v visitor) error {
	servers, until := a.ICE(v.id, a.Now())
	return c.JSON(http.StatusOK, iceGrant{servers, until})
}
