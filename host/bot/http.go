package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const maxReply = 1 << 20 // bytes of an HTTP body we read

// Social is one account elsewhere.
type Social struct {
	Kind   string `json:"kind"`
	Handle string `json:"handle"`
}

// Profile is what a person says of themselves at sign-up.
type Profile struct {
	Name    string   `json:"name"`
	Gender  int      `json:"gender"`
	Seeking []int    `json:"seeking"`
	Age     int      `json:"age"`
	AgeMin  int      `json:"age_min"`
	AgeMax  int      `json:"age_max"`
	Tags    []string `json:"tags"`
	Langs   []string `json:"langs"`
	Bio     string   `json:"bio"`
	Socials []Social `json:"socials"`
}

// Choices are what the server lets people choose from.
type Choices struct {
	Genders int      // 0 to Genders-1
	Tags    []string //
	Langs   []string // ISO 639-1
}

// Met is one call in a person's history. Times are Unix ms.
type Met struct {
	Call          int64  `json:"call,string"`
	Other         int64  `json:"other,string"`
	OtherName     string `json:"other_name"`
	Caller        bool   `json:"caller"`
	Seconds       int    `json:"seconds"`
	Talked        int64  `json:"talked"`
	StartedAt     int64  `json:"started_at"`
	EndedAt       int64  `json:"ended_at"`
	Reason        string `json:"reason"`
	CooldownUntil int64  `json:"cooldown_until"`
}

// Cooldown is one person somebody cannot meet until Until (ms).
type Cooldown struct {
	Other     int64  `json:"other,string"`
	OtherName string `json:"other_name"`
	Until     int64  `json:"until"`
	Reason    string `json:"reason"`
}

// History is what a person is told of their evening: the latest 100 calls,
// newest first, and the cooldowns that still run.
type History struct {
	Calls     []Met      `json:"calls"`
	Cooldowns []Cooldown `json:"cooldowns"`
}

// Choices asks the server what people may choose from.
func (c *Client) Choices(ctx context.Context) (Choices, error) {
	var got struct {
		Genders []struct{ Label string }
		Tags    []string
		Langs   []struct{ ID string }
	}
	if err := c.call(ctx, "options", http.MethodGet, "/v1/options", "", nil, "", &got); err != nil {
		return Choices{}, err
	}
	out := Choices{Genders: len(got.Genders), Tags: got.Tags}
	for _, l := range got.Langs {
		out.Langs = append(out.Langs, l.ID)
	}
	return out, nil
}

// SignUp makes a guest of a profile. Person.Close when done.
func (c *Client) SignUp(ctx context.Context, prof Profile) (*Person, error) {
	body, err := json.Marshal(prof)
	if err != nil {
		return nil, fmt.Errorf("bot: sign up: %w", err)
	}
	var got struct {
		ID    int64  `json:"id,string"`
		Token string `json:"token"`
	}
	if err := c.call(ctx, "sign up", http.MethodPost, "/v1/guests", "", body, "application/json", &got); err != nil {
		return nil, err
	}
	if got.ID == 0 || got.Token == "" {
		return nil, fmt.Errorf("bot: sign up: the answer has no id or token")
	}
	return &Person{ID: got.ID, Token: got.Token, Profile: prof, client: c, witness: nobody{}, wake: make(chan struct{}, 1)}, nil
}

// SignUp is Client.SignUp with a client of its own, which Person.Close closes.
func SignUp(ctx context.Context, target string, prof Profile) (*Person, error) {
	c, err := NewClient(target, Options{})
	if err != nil {
		return nil, err
	}
	p, err := c.SignUp(ctx, prof)
	if err != nil {
		c.Close()
		return nil, err
	}
	p.owns = true
	return p, nil
}

// Adopt is the same person again, over a client and a connection of their own:
// a second tab, or somebody who comes back after the server moved to another
// target. Person.Close closes the client.
func Adopt(target string, of *Person) (*Person, error) {
	c, err := NewClient(target, Options{})
	if err != nil {
		return nil, err
	}
	return &Person{ID: of.ID, Token: of.Token, Profile: of.Profile, client: c, owns: true, witness: nobody{}, wake: make(chan struct{}, 1)}, nil
}

// SetPhoto uploads an image.
func (p *Person) SetPhoto(ctx context.Context, jpeg []byte) error {
	return p.client.call(ctx, "photo", http.MethodPut, "/v1/me/photo", p.Token, jpeg, "image/jpeg", nil)
}

// History reads the person's calls and cooldowns.
func (p *Person) History(ctx context.Context) (History, error) {
	var h History
	err := p.client.call(ctx, "history", http.MethodGet, "/v1/me/history?limit=100", p.Token, nil, "", &h)
	return h, err
}

// Stats reads GET /v1/stats as it comes; (nil, nil) where the server has none.
func (c *Client) Stats(ctx context.Context) (map[string]any, error) {
	var raw map[string]any
	err := c.call(ctx, "stats", http.MethodGet, "/v1/stats", "", nil, "", &raw)
	if he, ok := err.(*HTTPError); ok && he.Status == http.StatusNotFound {
		return nil, nil
	}
	return raw, err
}

func (c *Client) call(ctx context.Context, op, method, path, token string, body []byte, kind string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url(path), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("bot: %s: %w", op, err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("bot: %s: %w", op, err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return fmt.Errorf("bot: %s: %w", op, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return httpError(op, resp, reply)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(reply, into); err != nil {
		return fmt.Errorf("bot: %s: %w", op, err)
	}
	return nil
}

func httpError(op string, resp *http.Response, reply []byte) error {
	var e struct {
		Error struct{ Code, Field, Message string }
	}
	_ = json.Unmarshal(reply, &e) // a proxy's page has none of these; the status says enough
	he := &HTTPError{Op: op, Status: resp.StatusCode, Code: e.Error.Code, Field: e.Error.Field, Message: e.Error.Message}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 && s < 3600 {
		he.RetryAfter = time.Duration(s) * time.Second
	}
	return he
}
