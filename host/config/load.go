package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
)

// Load reads the configuration of `serve`: defaults, then the YAML file that
// --config or NAPALMSKY_CONFIG names, then PORT, DATABASE_URL and NAPALMSKY_* from
// environ (as os.Environ; an empty variable counts as not set, an unknown
// NAPALMSKY_* is an error), then the flags in args (without the command's name).
// readFile is asked at most once. The result is valid.
//
// Errors say where the bad value came from (the file and its line, the
// variable, the flag) and name the field; -h is flag.ErrHelp, for which the
// caller prints Usage.
func Load(args []string, environ []string, readFile func(string) ([]byte, error)) (Config, error) {
	c := Default()
	fs, file, given := flags(&c)
	if err := fs.Parse(args); err != nil {
		return Config{}, err
	}
	if fs.NArg() > 0 {
		return Config{}, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	env := environmentOf(environ)
	if *file == "" {
		*file = env["NAPALMSKY_CONFIG"]
	}
	if *file != "" {
		data, err := readFile(*file)
		if err != nil {
			return Config{}, fmt.Errorf("config: %w", err)
		}
		if err := readYAML(&c, data); err != nil {
			return Config{}, fmt.Errorf("%s: %w", *file, err)
		}
	}
	if err := readEnv(&c, env); err != nil {
		return Config{}, err
	}
	for _, set := range *given {
		if err := set(); err != nil {
			return Config{}, err
		}
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Usage writes every flag with its unit, default and meaning.
func Usage(w io.Writer) {
	c := Default()
	fs, _, _ := flags(&c)
	fs.SetOutput(w)
	fmt.Fprintln(w, "napalmsky serve [flags]   (each is also NAPALMSKY_* in the environment, and a key of the file)")
	fs.PrintDefaults()
}

// flags declares a flag for each setting that fits in a line. What is given is
// only collected: it must be applied after the file and the environment.
func flags(c *Config) (fs *flag.FlagSet, file *string, given *[]func() error) {
	fs, given = flag.NewFlagSet("serve", flag.ContinueOnError), new([]func() error)
	fs.SetOutput(io.Discard)
	file = fs.String("config", "", "a YAML `file` with any of these settings")
	for _, s := range settings(c) {
		if !s.inText() || s.secret() { // a secret on the command line is everybody's who can list processes
			continue
		}
		usage := fmt.Sprintf("%s (`%s`; default %s)", s.tag("help"), s.tag("unit"), show(s.value))
		set := func(text string) error {
			*given = append(*given, func() error {
				if err := setText(s.value, text); err != nil {
					return fmt.Errorf("--%s: %w", s.flag(), err)
				}
				return nil
			})
			return nil
		}
		if _, isBool := s.value.Interface().(bool); isBool {
			fs.BoolFunc(s.flag(), usage, set)
		} else {
			fs.Func(s.flag(), usage, set)
		}
	}
	return fs, file, given
}

func readEnv(c *Config, env environment) error {
	all := settings(c)
	if err := env.check(all); err != nil {
		return err
	}
	if port := env["PORT"]; port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errors.New("PORT: must be a port number, 1 to 65535")
		}
		c.Listen = ":" + port
	}
	if url := env["DATABASE_URL"]; url != "" {
		c.Database.URL = Secret(url)
	}
	for _, s := range all {
		text := env[s.env()]
		if text == "" || !s.inText() {
			continue
		}
		if err := setText(s.value, text); err != nil {
			if s.secret() {
				err = errors.New("cannot be read")
			}
			return fmt.Errorf("%s: %w", s.env(), err)
		}
	}
	return nil
}
