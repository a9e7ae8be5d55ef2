package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// CheckSeconds validates a cooldown plugin's answer; the error wraps ErrInvalid.
func CheckSeconds(seconds int64) error {
	if seconds < 0 || seconds > abi.MaxCooldown {
		return fmt.Errorf("%w: a cooldown of %d seconds; 0 to %d are allowed", ErrInvalid, seconds, int64(abi.MaxCooldown))
	}
	return nil
}

// Question spells what a trim plugin is asked: kind, a zero byte, audience.
func Question(kind, audience string) ([]byte, error) {
	if len(kind)+1+len(audience) > abi.MaxQuestion || strings.Contains(kind+audience, "\x00") {
		return nil, fmt.Errorf("trim: kind %.40q and audience %.40q cannot be asked about", kind, audience)
	}
	return []byte(kind + "\x00" + audience), nil
}

// DecodePlan reads a trim plugin's answer; errors wrap ErrInvalid. It is strict:
// an instruction this host does not know would be one it does not carry out,
// and something the author meant to keep in would go out.
func DecodePlan(text []byte) (Plan, error) {
	var p Plan
	if len(text) > abi.MaxPlan {
		return Plan{}, fmt.Errorf("%w: a plan of %d bytes; %d are allowed", ErrInvalid, len(text), abi.MaxPlan)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("%w: the plan is not readable: %w", ErrInvalid, err)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return Plan{}, fmt.Errorf("%w: something follows the plan", ErrInvalid)
	}
	for field, n := range p.Text {
		if n < 0 {
			return Plan{}, fmt.Errorf("%w: text %.60q is capped at %d", ErrInvalid, field, n)
		}
	}
	for field, n := range p.List {
		if n < 0 {
			return Plan{}, fmt.Errorf("%w: list %.60q is capped at %d", ErrInvalid, field, n)
		}
	}
	for field, n := range p.Round {
		if n < 1 {
			return Plan{}, fmt.Errorf("%w: %.60q is rounded to multiples of %d", ErrInvalid, field, n)
		}
	}
	return p, nil
}
