// Command wiregen turns schemas/wire/v1 (the schema and the dictionary) into the
// Go and TypeScript of wire v1. Run it from the module's root after a change of
// either:
//
//	go run ./host/wire/wiregen
//
// The same schema gives the same bytes; a test compares them with what is committed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const (
	schemaPath     = "schemas/wire/v1/wire.schema.json"
	dictionaryPath = "schemas/wire/v1/dictionary.json"
	goPath         = "host/wire/wire_gen.go"
	goCompactPath  = "host/wire/compact_gen.go"
	tsPath         = "sdk/js/src/wire.gen.ts"
	tsCompactPath  = "sdk/js/src/compact.gen.ts"
)

func main() {
	root := flag.String("root", ".", "the module's root")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate reads the schema and the dictionary under root and returns each output's text by its
// path relative to root.
func generate(root string) (map[string][]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, schemaPath))
	if err != nil {
		return nil, err
	}
	s, err := parseSchema(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schemaPath, err)
	}
	goText, err := goFile(s)
	if err != nil {
		return nil, err
	}
	if text, err = os.ReadFile(filepath.Join(root, dictionaryPath)); err != nil {
		return nil, err
	}
	words, err := parseDictionary(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dictionaryPath, err)
	}
	goCompactText, err := goCompactFile(s, words)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		goPath: goText, goCompactPath: goCompactText,
		tsPath: tsFile(s), tsCompactPath: tsCompactFile(s, words),
	}, nil
}
