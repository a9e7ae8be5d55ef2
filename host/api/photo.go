package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/store"
)

type photoSaved struct {
	Version int64  `json:"version"`
	Photo   string `json:"photo"`
}

func (a *api) putPhoto(c echo.Context, who visitor) error {
	if err := a.perPerson(a.photos, who); err != nil {
		return err
	}
	id, err := a.receive(c, who)
	if err != nil {
		return err
	}
	p, err := a.setPhoto(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	if err := a.stillThere(id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, photoSaved{p.Version, p.Profile.Photo})
}

// receive takes the body in and hands it to the media store. Only so many are
// scaled at once, and none waits for a body that is still on its way.
func (a *api) receive(c echo.Context, who visitor) (id string, err error) {
	r := c.Request()
	if r.ContentLength > maxPhoto {
		return "", refuse("photo_too_large", "")
	}
	if !a.intake.enter(who.id) {
		return "", &fault{Code: "rate_limited", Detail: "Another photo of yours is on its way.", Retry: bodyPatience}
	}
	defer a.intake.leave(who.id)
	photo, err := a.takeIn(c, who)
	if err != nil {
		return "", err
	}
	select {
	case a.uploads <- struct{}{}:
		defer func() { <-a.uploads }()
	case <-r.Context().Done():
		return "", r.Context().Err()
	}
	switch id, err = a.Media.Put(r.Context(), photo); {
	case err == nil:
		return id, nil
	case errors.Is(err, a.TooBig):
		return "", refuse("photo_too_large", "")
	case errors.Is(err, a.NotImage):
		return "", refuse("not_an_image", "")
	default:
		return "", fmt.Errorf("api: keep photo: %w", err)
	}
}

// takeIn reads the whole body, which must be here within bodyPatience.
func (a *api) takeIn(c echo.Context, who visitor) (io.Reader, error) {
	r, w := c.Request(), c.Response()
	if err := readUntil(w, time.Now().Add(bodyPatience)); err != nil {
		return nil, err
	}
	photo, err := a.intake.read(who.id, http.MaxBytesReader(w.Writer, r.Body, maxPhoto))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse("photo_too_large", "")
	case errors.Is(err, errFull):
		return nil, &fault{Code: "unavailable", Retry: retryUnavailable}
	case err != nil:
		return nil, refuse("body_unreadable", "")
	}
	return photo, nil // net/http lifted the deadline at the body's end
}

func (a *api) deletePhoto(c echo.Context, who visitor) error {
	if err := a.perPerson(a.writes, who); err != nil {
		return err
	}
	p, err := a.setPhoto(c.Request().Context(), who, "")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]int64{"version": p.Version})
}

// setPhoto changes only the photo, whatever else is being written meanwhile.
func (a *api) setPhoto(ctx context.Context, who visitor, id string) (p store.Person, err error) {
	for range attempts {
		if p, err = a.person(ctx, who); err != nil || p.Profile.Photo == id {
			return p, err
		}
		old, profile := p.Profile.Photo, p.Profile
		profile.Photo = id
		if p, err = a.save(ctx, p, profile); err == nil {
			a.letGo(ctx, old)
		}
		if !errors.Is(err, store.ErrConflict) {
			return p, err
		}
	}
	return p, err
}

// letGo deletes a photo that no profile shows any more. Failing leaves a file
// behind that nobody can know of.
func (a *api) letGo(ctx context.Context, photo string) {
	if photo == "" {
		return
	}
	used, err := a.Accounts.PhotoInUse(ctx, photo)
	if err == nil && !used {
		err = a.Media.Remove(photo)
	}
	if err != nil {
		a.Log.Warn("an old photo was not deleted", slog.Any("error", err))
	}
}

// stillThere: somebody may have let go of the same photo before our profile
// showed it. Sending it again mends that.
func (a *api) stillThere(photo string) error {
	f, _, err := a.Media.Open(photo)
	if errors.Is(err, a.NoMedia) {
		return &fault{Code: "unavailable", Retry: retryUnavailable}
	} else if err != nil {
		return fmt.Errorf("api: look for photo: %w", err)
	}
	return f.Close()
}

var mediaID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// getMedia needs no login: an id is the digest of what it names, so that it can
// be known only from a card, and a photo may be cached for ever.
func (a *api) getMedia(c echo.Context) error {
	id := c.Param("id")
	if !mediaID.MatchString(id) {
		return refuse("not_found", "id")
	}
	photo, at, err := a.Media.Open(id)
	if errors.Is(err, a.NoMedia) {
		return refuse("not_found", "id")
	} else if err != nil {
		return fmt.Errorf("api: open media: %w", err)
	}
	defer photo.Close()
	h := c.Response().Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", `"`+id+`"`)
	http.ServeContent(c.Response(), c.Request(), "", at, photo)
	return nil
}
