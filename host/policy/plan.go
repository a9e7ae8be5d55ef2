package policy

// Plan says what of a payload leaves the server. It is applied natively when a
// payload is published, once per version. It can only drop or shorten fields
// that the payload's schema calls optional; anything else in it is ignored by
// Apply, so that typed clients never break.
type Plan struct {
	// Drop names top-level fields to leave out.
	Drop []string `json:"drop,omitempty"`
	// Text caps strings at so many runes (an ellipsis is added where something was cut).
	Text map[string]int `json:"text,omitempty"`
	// Round rounds integers down to a multiple.
	Round map[string]int64 `json:"round,omitempty"`
	// List caps arrays at so many items.
	List map[string]int `json:"list,omitempty"`
	// Changed sends only fields that differ from the version sent before.
	Changed bool `json:"changed,omitempty"`
}

// Optional tells which fields of a payload of this kind a plan may touch: those
// that the wire schema does not require.
func Optional(kind string) func(field string) bool {
	return func(field string) bool {
		return kind != "card" || field != "id" && field != "v" && field != "name"
	}
}
