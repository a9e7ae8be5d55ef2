package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/config"
)

type options struct {
	Genders []genderOption `json:"genders"`
	Tags    []string       `json:"tags"`
	Langs   []langOption   `json:"langs"`
	Lengths []int          `json:"lengths"` // seconds
	Limits  optionLimits   `json:"limits"`
	Attrs   []attrOption   `json:"attrs"`
	Guest   int64          `json:"guest_seconds"` // after the last visit
}

type genderOption struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
}

type langOption struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

type attrOption struct {
	Name string `json:"name"`
	Min  int64  `json:"min"`
	Max  int64  `json:"max"`
}

type optionLimits struct {
	Name    int `json:"name"`
	Bio     int `json:"bio"`
	Tags    int `json:"tags"`
	Langs   int `json:"langs"`
	Socials int `json:"socials"`
}

// encodeOptions writes what a sign-up page offers; it never changes while the server runs.
func encodeOptions(cfg config.Config) []byte {
	p := cfg.Product
	o := options{
		Genders: []genderOption{}, Tags: append([]string{}, p.Tags...), Langs: []langOption{}, Lengths: []int{}, Attrs: []attrOption{},
		Limits: optionLimits{maxName, maxBio, maxTags, maxLangs, maxSocials},
		Guest:  int64(cfg.Session.Guest.Seconds()),
	}
	for i, label := range p.Genders {
		o.Genders = append(o.Genders, genderOption{i, label})
	}
	for _, l := range p.Langs {
		o.Langs = append(o.Langs, langOption(l))
	}
	for _, seconds := range []int{60, 180, 300, 600, 900, 1800} {
		if seconds >= cfg.Lobby.MinSeconds && seconds <= cfg.Lobby.MaxSeconds {
			o.Lengths = append(o.Lengths, seconds)
		}
	}
	if len(o.Lengths) == 0 {
		o.Lengths = append(o.Lengths, cfg.Lobby.MinSeconds)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Attrs)) {
		o.Attrs = append(o.Attrs, attrOption{name, p.Attrs[name].Min, p.Attrs[name].Max})
	}
	data, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings and numbers always can be
	}
	return data
}

func (a *api) getOptions(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, a.options)
}

func (a *api) getStats(c echo.Context) error {
	stats := map[string]any{}
	if a.Figures != nil && isLocal(c.Request()) {
		maps.Copy(stats, a.Figures())
	}
	stats["people_online"] = a.Online()
	return c.JSON(http.StatusOK, stats)
}
