package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

const usualPage, maxPage = 20, 100 // calls

type call struct {
	Call          lobby.CallID   `json:"call,string"`
	Other         lobby.PersonID `json:"other,string"`
	OtherName     string         `json:"other_name"`
	OtherPhoto    string         `json:"other_photo"`
	Caller        bool           `json:"caller"`
	Seconds       int            `json:"seconds"`
	Talked        int64          `json:"talked"` // seconds; 0 while it runs
	StartedAt     int64          `json:"started_at"`
	EndedAt       int64          `json:"ended_at"`
	Reason        string         `json:"reason"`
	CooldownUntil int64          `json:"cooldown_until"`
}

type cooldown struct {
	Other     lobby.PersonID `json:"other,string"`
	OtherName string         `json:"other_name"`
	Until     int64          `json:"until"`
	Reason    string         `json:"reason"`
}

type history struct {
	Calls     []call     `json:"calls"`
	Cooldowns []cooldown `json:"cooldowns"`
}

func (a *api) getHistory(c echo.Context, who visitor) error {
	before, err := queryInt(c, "before", 0, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	limit, err := queryInt(c, "limit", usualPage, 1, maxPage)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	meetings, err := a.Meetings.History(ctx, who.id, before, int(limit))
	if err != nil {
		return fmt.Errorf("api: history: %w", err)
	}
	bars, err := a.Meetings.Cooldowns(ctx, who.id, a.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("api: cooldowns: %w", err)
	}
	out := history{Calls: []call{}, Cooldowns: []cooldown{}}
	for _, m := range meetings {
		out.Calls = append(out.Calls, callOf(m))
	}
	for _, b := range bars {
		out.Cooldowns = append(out.Cooldowns, cooldown(b))
	}
	return c.JSON(http.StatusOK, out)
}

func callOf(m store.Meeting) call {
	var talked int64
	if m.EndedAt > m.StartedAt {
		talked = (m.EndedAt - m.StartedAt) / 1000
	}
	reason := m.Reason
	if reason == "blocked" {
		reason = "hangup" // whoever was blocked must not read it from their history
	}
	return call{
		Call: m.Call, Other: m.Other, OtherName: m.OtherName, OtherPhoto: m.OtherPhoto, Caller: m.Caller, Seconds: m.Seconds,
		Talked: talked, StartedAt: m.StartedAt, EndedAt: m.EndedAt, Reason: reason, CooldownUntil: m.CooldownUntil,
	}
}

func queryInt(c echo.Context, name string, otherwise, low, high int64) (int64, error) {
	text := c.QueryParam(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, badValue(name, fmt.Sprintf("Must be a whole number from %d to %d.", low, high))
	}
	return n, nil
}
