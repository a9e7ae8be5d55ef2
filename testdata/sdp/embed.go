// Package sdp holds what Chrome really sends when two people begin a call, so
// that bots weigh on a server what browsers do.
package sdp

import _ "embed"

// Offer is a camera-and-microphone offer (5.4 KB).
//
//go:embed chrome-156-offer.sdp
var Offer string

// Answer is the answer to it (5.1 KB).
//
//go:embed chrome-156-answer.sdp
var Answer string
