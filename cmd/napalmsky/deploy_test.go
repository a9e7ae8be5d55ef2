package main

import (
	"os"
	"regexp"
	"strings"
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
			_, err := config.Load(nil, []string{name + "=" + value}, os.ReadFile)
			if err == nil {
				continue
			}
			prose := file == "deploy/README.md" // where values stand in prose
			if !prose || strings.Contains(err.Error(), "no such setting") {
				t.Errorf("%s: %s=%s: %v", file, name, value, err)
			}
		}
	}
}
