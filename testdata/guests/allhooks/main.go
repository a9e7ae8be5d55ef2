// Command allhooks is a Go guest that serves three hooks from one module, to
// test what the SDK promises of that, and of a guest that does what it should
// not: sleep, read the clock, look for files, write a lot, panic.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/match"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

type person struct {
	_      uint8
	Height int16 `sky:"attr.height_cm"`
	Age    uint8 `sky:"age"`
}

type matchParams struct {
	_         uint8
	PerCM     int32 `sky:"per_cm" default:"2" min:"-10" max:"10"`
	OldestAge uint8 `sky:"oldest_age" default:"99"`
}

func score(_ match.Context, p *matchParams, viewer, other *person) (int32, bool) {
	if other.Age > p.OldestAge {
		panic("too old: " + strconv.Itoa(int(other.Age)))
	}
	return int32(viewer.Height-other.Height) * p.PerCM, true
}

type kase struct {
	Met int32 `sky:"met"`
}

type cooldownParams struct {
	Base int64 `sky:"base" default:"7" min:"-1" max:"1000000000000" unit:"seconds"`
}

func decide(p *cooldownParams, c *kase) int64 { return p.Base + int64(c.Met) }

func plan(_ *struct{}, kind, audience string) trim.Plan {
	switch kind {
	case "panic":
		panic("as asked")
	case "sleep":
		began := time.Now()
		time.Sleep(time.Hour)
		return trim.Plan{Round: map[string]int64{"slept_s": int64(time.Since(began) / time.Second)}}
	case "files":
		_, err := os.ReadFile("/etc/passwd")
		names, _ := os.ReadDir(".")
		return trim.Plan{Drop: []string{fmt.Sprint(err != nil), fmt.Sprint(len(names), len(os.Environ()), len(os.Args))}}
	case "chat":
		for i := range 1000 {
			fmt.Println("line", i)
		}
	case "garbage":
		for range 5 {
			garbage = make([]byte, 10_000)
		}
	case "hoard": // memory that the host writes to must not be given to anyone else
		damaged := 0
		for _, b := range hoard {
			if bytes.Count(b, []byte{0xaa}) != len(b) {
				damaged++
			}
		}
		runtime.GC()
		for range 200 {
			hoard = append(hoard, bytes.Repeat([]byte{0xaa}, abi.MaxQuestion))
		}
		return trim.Plan{Drop: []string{strconv.Itoa(damaged)}}
	}
	return trim.Plan{Drop: []string{kind, audience}}
}

var (
	garbage []byte
	hoard   [][]byte
)

func init() {
	match.Serve(match.Define(about(), score))
	cooldown.Serve(cooldown.Define(about(), decide))
	trim.Serve(trim.Define(about(), plan))
}

func about() abi.About { return abi.About{Name: "all-hooks", Version: "0.0.1", MemoryPages: 128} }

func main() {}
