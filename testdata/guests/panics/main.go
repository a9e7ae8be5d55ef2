// Command panics is a guest whose rule fails as authors' rules do, in a way that
// the other's age chooses: what it says last must reach its author.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/match"
)

// Profile is all it reads.
type Profile struct {
	Age uint8 `sky:"age"`
}

// Ages and what they do to the rule.
const (
	indexOut = 241 + iota
	ownError
	ownWords
	nilMap
	mended   // a panic that it recovers from
	pretends // prints a panic, works on and answers
	greedy   // prints a panic and works for ever
	spins    // works for ever
	lies     // prints a panic and works for too long before it answers
)

func score(_ match.Context, _ *struct{}, viewer, other *Profile) (int32, bool) {
	switch other.Age {
	case indexOut:
		return int32([]int{1, 2, 3}[viewer.Age]), true
	case ownError:
		panic(fmt.Errorf("heights: %w", errors.New("no such unit")))
	case ownWords:
		panic("two \x1b[2Jlines\nand one too many")
	case nilMap:
		var seen map[uint8]bool
		seen[viewer.Age] = true
	case mended:
		return recovered(), true
	case pretends:
		fmt.Fprintln(os.Stderr, "panic: not really")
	case greedy:
		fmt.Fprintln(os.Stderr, "panic: give me more")
		return work(1 << 40), true
	case spins:
		return work(1 << 40), true
	case lies:
		fmt.Fprintln(os.Stderr, "panic: not at all")
		return work(100_000), true
	}
	return int32(other.Age), true
}

func work(rounds int64) (n int32) {
	for i := range rounds {
		n = n*31 + int32(i)
	}
	return n
}

func recovered() (n int32) {
	defer func() {
		if recover() != nil {
			n = 7
		}
	}()
	panic("mended")
}

func init() {
	match.Serve(match.Define(abi.About{Name: "panics", Version: "1.0.0"}, score))
}

func main() {}
