package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What the profiles' figures are made of, in MB; see their comments.
const (
	idle     = 110
	person   = 0.035
	password = 19
	upload   = 5
	photo    = 160 // the largest
)

// TestProfilesFitTheirMachines: each loads, leaves the machine something, and
// what its limits let in at once stays below the mark where memory is shed.
func TestProfilesFitTheirMachines(t *testing.T) {
	profiles, err := filepath.Glob("../../schemas/config/profiles/*.yaml")
	if err != nil || len(profiles) != 3 {
		t.Fatalf("profiles %v, %v", profiles, err)
	}
	for name, size := range map[string]float64{"512mb": 512, "1gb": 1024, "2gb": 2048} {
		data, err := os.ReadFile("../../schemas/config/profiles/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		c, err := load(string(data), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		limit := float64(c.Memory.Limit) / (1 << 20)
		if limit > size*5/6 {
			t.Errorf("%s: a limit of %.0f leaves the system too little", name, limit)
		}
		full := idle + person*float64(c.MaxConns) + password*float64(c.Limits.PasswordsAtOnce) + upload*float64(c.Limits.UploadsAtOnce)
		if name != "512mb" { // where the largest photo may bring shedding on, never the end
			full += photo
		}
		if full > limit*float64(c.Memory.Critical)/100 || full+photo > size {
			t.Errorf("%s: all at once would be %.0f MB of %.0f", name, full, limit)
		}
		if c.Limits.PasswordsAtOnce == 0 {
			t.Errorf("%s: the passwords hashed at once would depend on the processors", name)
		}
		if !strings.Contains(Reference(), "profiles/"+name+".yaml") {
			t.Errorf("the reference does not link %s", name)
		}
		// Nothing else: where the server listens and what it keeps is no matter of size.
		d := Default()
		c.MaxConns, c.Memory, c.Limits, c.Policy, c.Journal, c.Database, c.Steward = d.MaxConns, d.Memory, d.Limits, d.Policy, d.Journal, d.Database, d.Steward
		if !reflect.DeepEqual(c, d) {
			t.Errorf("%s sets more than sizes: %+v", name, c)
		}
	}
}
