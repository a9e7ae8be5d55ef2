//go:build !linux

package reel

import "time"

// threadTime is but the time, where a thread's own cannot be had.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
