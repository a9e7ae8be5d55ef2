package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, never negative. In text it is written with a unit,
// 400MiB, 2GB, or as digits alone, which are bytes.
type Size int64

// units of a Size; those of 1024 come first, as they are what people read here.
var units = []struct {
	name  string
	bytes Size
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1}, {"", 1},
}

// UnmarshalText reads what String writes, and any other whole number with a unit.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "TGMKkiB")
	unit := string(text[len(digits):])
	n, err := strconv.ParseUint(strings.TrimRight(digits, " "), 10, 63)
	for _, u := range units {
		if err == nil && u.name == unit && n <= uint64(math.MaxInt64/u.bytes) {
			*s = Size(n) * u.bytes
			return nil
		}
	}
	return fmt.Errorf("%q is not a size such as 400MiB, 2GB or a number of bytes", text)
}

// String is the number in the largest unit of 1024 in which it is whole.
func (s Size) String() string {
	for _, u := range units {
		if s >= u.bytes && s%u.bytes == 0 && (u.bytes&(u.bytes-1) == 0) && u.bytes > 1 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
