package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// export is everything the server keeps about a person, for that person. What
// others said or did about them (reports, blocks) is those others'.
type export struct {
	ExportedAt int64           `json:"exported_at"`
	Person     exportedPerson  `json:"person"`
	Account    *exportAccount  `json:"account,omitempty"` // not for a guest
	Photo      *exportedPhoto  `json:"photo,omitempty"`   // not without one
	Sessions   []exportSession `json:"sessions"`
	Calls      []call          `json:"calls"` // newest first
	Cooldowns  []cooldown      `json:"cooldowns"`
	Blocks     []exportBlock   `json:"blocks"`  // that they made
	Reports    []exportReport  `json:"reports"` // that they filed
}

type exportedPerson struct {
	ID        lobby.PersonID `json:"id,string"`
	Guest     bool           `json:"guest"`
	CreatedAt int64          `json:"created_at"`
	Version   int64          `json:"version"`
	Profile   profile        `json:"profile"`
}

type exportAccount struct {
	Email string `json:"email"`
	Since int64  `json:"since"`
}

type exportedPhoto struct {
	Type string `json:"type"` // image/jpeg
	Data string `json:"data"` // base64
}

type exportSession struct {
	CreatedAt int64 `json:"created_at"`
	ExpiresAt int64 `json:"expires_at"`
	Current   bool  `json:"current"`
}

type exportBlock struct {
	Of     lobby.PersonID `json:"of,string"`
	OfName string         `json:"of_name"`
	At     int64          `json:"at"`
}

type exportReport struct {
	Of     lobby.PersonID `json:"of,string"`
	OfName string         `json:"of_name"`
	At     int64          `json:"at"`
	Call   lobby.CallID   `json:"call,string"` // 0 none
	Reason string         `json:"reason"`
	Note   string         `json:"note"`
}

// exportPage is how many calls are read at a time; it is also how many may
// begin in one millisecond before some would be missed.
const exportPage = 500

func (a *api) getExport(c echo.Context, who visitor) error {
	if err := a.perPerson(a.photos, who); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p, err := a.person(ctx, who)
	if err != nil {
		return err
	}
	out := export{ExportedAt: a.Now().UnixMilli(), Sessions: []exportSession{}, Cooldowns: []cooldown{}, Blocks: []exportBlock{}, Reports: []exportReport{}}
	out.Person = exportedPerson{p.ID, p.Guest, p.CreatedAt, p.Version, profileOf(p.Profile)}
	for _, fill := range []func(context.Context, visitor, *export) error{a.exportAccount, a.exportCalls, a.exportHeld} {
		if err := fill(ctx, who, &out); err != nil {
			return fmt.Errorf("api: export: %w", err)
		}
	}
	if out.Photo, err = a.exportPhoto(p.Profile.Photo); err != nil {
		return fmt.Errorf("api: export: %w", err)
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="napalmsky.json"`)
	return c.JSON(http.StatusOK, out)
}

func (a *api) exportAccount(ctx context.Context, who visitor, out *export) error {
	account, err := a.account(ctx, who)
	if err != nil {
		return err
	}
	if account.Person != 0 {
		out.Account = &exportAccount{account.Email, account.Since}
	}
	sessions, err := a.Accounts.Sessions(ctx, who.id, out.ExportedAt)
	for _, s := range sessions {
		out.Sessions = append(out.Sessions, exportSession{s.CreatedAt, s.ExpiresAt, s.TokenHash == who.hash})
	}
	return err
}

func (a *api) exportCalls(ctx context.Context, who visitor, out *export) error {
	out.Calls = []call{}
	for before := int64(0); ; {
		page, err := a.Meetings.History(ctx, who.id, before, exportPage)
		if err != nil {
			return err
		}
		for _, m := range page {
			out.Calls = append(out.Calls, callOf(m))
		}
		if len(page) < exportPage {
			break
		}
		before = page[len(page)-1].StartedAt
	}
	bars, err := a.Meetings.Cooldowns(ctx, who.id, out.ExportedAt)
	for _, b := range bars {
		out.Cooldowns = append(out.Cooldowns, cooldown(b))
	}
	return err
}

func (a *api) exportHeld(ctx context.Context, who visitor, out *export) error {
	held, err := a.Accounts.Held(ctx, who.id)
	for _, b := range held.Blocks {
		out.Blocks = append(out.Blocks, exportBlock(b))
	}
	for _, r := range held.Reports {
		out.Reports = append(out.Reports, exportReport(r))
	}
	return err
}

// exportPhoto is nil for none, and for one that is not there.
func (a *api) exportPhoto(id string) (*exportedPhoto, error) {
	if id == "" {
		return nil, nil
	}
	f, _, err := a.Media.Open(id)
	if errors.Is(err, a.NoMedia) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPhoto))
	if err != nil {
		return nil, err
	}
	return &exportedPhoto{"image/jpeg", base64.StdEncoding.EncodeToString(data)}, nil
}
