package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/napalmsky/napalmsky/host/config"
)

// TestDeploymentSetsWhatThereIs: the unit and the image name settings that exist.
func TestDeploymentSetsWhatThereIs(t *testing.T) {
	for _, file := range []string{"deploy/Dockerfile", "deploy/napalmsky.service", "deploy/README.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range regexp.MustCompile(`(NAPALMSKY_[A-Z_]+)=(\S*)`).FindAllSubmatch(data, -1) {
			name, value := string(set[1]), string(set[2])
			env := map[string]string{name: value}
			asked := false
			_, err := config.Load(nil, func(k string) string {
				asked = asked || k == name
				return env[k]
			}, os.ReadFile)
			if !asked {
				t.Errorf("%s: there is no setting %s", file, name)
			} else if err != nil && file != "deploy/README.md" { // whose values stand in prose
				t.Errorf("%s: %s=%s: %v", file, name, value, err)
			}
		}
	}
}
