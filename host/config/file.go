package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

// readYAML puts what a file says into c. It is strict: a key that is unknown,
// written twice or empty is an error that names it and its line. A list or a
// map in the file replaces the default one.
func readYAML(c *Config, data []byte) error {
	if len(data) > maxFile {
		return fmt.Errorf("larger than %d bytes", maxFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil // nothing but comments
	} else if err != nil {
		return yamlError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("only one document is allowed")
	}
	return readNode(reflect.ValueOf(c).Elem(), doc.Content[0], "")
}

func readNode(v reflect.Value, n *yaml.Node, path string) error {
	fail := func(problem string) error { return fmt.Errorf("line %d: %s: %s", n.Line, path, problem) }
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return fail("anchors and aliases are not supported") // they can multiply without bound
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return fail("has no value")
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Struct && !isText(t):
		return readStruct(v, n, path)
	case t.Kind() == reflect.Map:
		return readMap(v, n, path)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return fail("must be a list")
		}
		list := reflect.MakeSlice(t, len(n.Content), len(n.Content))
		for i, item := range n.Content {
			if err := readNode(list.Index(i), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		v.Set(list)
	default:
		if n.Kind != yaml.ScalarNode {
			return fail("must be a single value")
		}
		if err := setText(v, n.Value); err != nil {
			return fail(err.Error())
		}
	}
	return nil
}

func readStruct(v reflect.Value, n *yaml.Node, path string) error {
	return eachKey(n, path, func(key string, child *yaml.Node, childPath string) error {
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") == key {
				return readNode(v.Field(i), child, childPath)
			}
		}
		return fmt.Errorf("line %d: %s: unknown key", child.Line, childPath)
	})
}

func readMap(v reflect.Value, n *yaml.Node, path string) error {
	m := reflect.MakeMap(v.Type())
	err := eachKey(n, path, func(key string, child *yaml.Node, childPath string) error {
		item := reflect.New(v.Type().Elem()).Elem()
		m.SetMapIndex(reflect.ValueOf(key), item)
		if err := readNode(item, child, childPath); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(key), item)
		return nil
	})
	v.Set(m)
	return err
}

// eachKey visits the pairs of a mapping; the child's line is the key's, which
// is where a reader looks for it.
func eachKey(n *yaml.Node, path string, visit func(key string, child *yaml.Node, path string) error) error {
	if n.Kind != yaml.MappingNode {
		if path == "" {
			path = "the file"
		}
		return fmt.Errorf("line %d: %s: must be keys and values", n.Line, path)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, child := n.Content[i], *n.Content[i+1]
		child.Line = key.Line
		childPath := strings.TrimPrefix(path+"."+key.Value, ".")
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: %s: a key must be a word", key.Line, childPath)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s: written twice", key.Line, childPath)
		}
		seen[key.Value] = true
		if err := visit(key.Value, &child, childPath); err != nil {
			return err
		}
	}
	return nil
}

// yamlError drops the library's name from its messages; they keep their line.
func yamlError(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}
