package policytest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// TestCorpusIsListed: the list in testdata/guests/hostile names every attack
// and its fate, and nothing else.
func TestCorpusIsListed(t *testing.T) {
	root, err := policytest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "testdata", "guests", "hostile", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.+?) \| .+? \| (refused|quarantined|harmless|any of them)\b`).FindAllStringSubmatch(string(text), -1) {
		listed[row[1]] = row[2]
	}
	for _, a := range policytest.Attacks() {
		if listed[a.Name] != string(a.Fate) {
			t.Errorf("%s: listed as %q, must be %s", a.Name, listed[a.Name], a.Fate)
		}
		delete(listed, a.Name)
	}
	if len(listed) > 0 {
		t.Errorf("listed, and no attack: %v", fmt.Sprint(listed))
	}
}
