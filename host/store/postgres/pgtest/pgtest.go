// Package pgtest runs real PostgreSQL servers for tests: private ones, on a free
// port of the loopback interface, in a temporary folder, that can be stopped,
// killed, frozen and started again. Nothing of the machine's own PostgreSQL is
// touched but its programs.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	owner    = "napalmsky"
	password = "only-for-tests"

	startLimit = 30 * time.Second
)

// Server is a PostgreSQL server of a test's own. Its zero value starts when
// first used; whoever made it calls Stop in the end (TestMain does, for one that
// serves a package). Its methods are safe for concurrent use, one at a time.
type Server struct {
	// Durable makes it sync to disk, as benchmarks must. Without, data outlives
	// the server's death but not the machine's.
	Durable bool

	mu      sync.Mutex
	err     error // of the first start
	dir     string
	port    int
	process *exec.Cmd // nil: not running
	ended   chan struct{}
	made    int // databases
}

// URL is the address of one of the server's databases.
func (s *Server) url(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(owner, password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}).String()
}

// Database makes an empty database and returns its URL. It goes with the server.
func (s *Server) Database(t testing.TB) (url string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	s.made++
	name := fmt.Sprint("test", s.made)
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s.url(name)
}

// Copy makes a database that begins as a copy of another one of this server's,
// to which nobody may be connected now.
func (s *Server) Copy(t testing.TB, of string) (url string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := fmt.Sprint("test", s.made)
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE " + nameOf(of)); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s.url(name)
}

func nameOf(database string) string {
	return database[strings.LastIndexByte(database, '/')+1 : strings.IndexByte(database, '?')]
}

func (s *Server) exec(query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, query)
	return errors.Join(err, c.Close(ctx))
}

// begin starts the server if it never was. Under mu.
func (s *Server) begin() error {
	if s.dir != "" || s.err != nil {
		return s.err
	}
	if s.err = s.create(); s.err == nil {
		s.err = s.start()
	}
	return s.err
}

// create makes the server's folder.
func (s *Server) create() error {
	bin, err := programs()
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "napalmsky-postgres"); err != nil {
		return err
	}
	who, err := unprivileged()
	if err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if who != nil {
		for _, path := range []string{s.dir, secret} {
			if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
				return err
			}
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", owner, "--pwfile", secret,
		"--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = s.dir, attributes(who)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts a server that was stopped or killed, on its old port, and waits
// until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	if s.process == nil {
		if err := s.start(); err != nil {
			t.Fatalf("PostgreSQL for tests: %v", err)
		}
	}
}

func (s *Server) start() error {
	for range 5 { // somebody else may take the port between our asking and its binding
		fresh := s.port == 0
		if fresh {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			s.port = ln.Addr().(*net.TCPAddr).Port
			if err := ln.Close(); err != nil {
				return err
			}
		}
		log, err := s.launch()
		if err != nil {
			return err
		}
		if err = s.ready(); err == nil {
			return nil
		}
		s.signal(syscall.SIGKILL)
		<-s.ended
		s.process = nil
		if text, _ := os.ReadFile(log); !fresh || !strings.Contains(string(text), "could not bind") {
			return fmt.Errorf("the server does not start: %w\n%s", err, text)
		}
		s.port = 0
	}
	return errors.New("no free port")
}

func (s *Server) launch() (log string, err error) {
	bin, err := programs()
	if err != nil {
		return "", err
	}
	who, err := unprivileged()
	if err != nil {
		return "", err
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
		"-c", "shared_buffers=32MB", "-c", "log_min_messages=warning"}
	if !s.Durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	log = filepath.Join(s.dir, "log")
	out, err := os.Create(log)
	if err != nil {
		return "", err
	}
	defer out.Close()
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = s.dir, out, out, attributes(who)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	s.process, s.ended = cmd, ended
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is what the test is about
	}()
	return log, nil
}

// ready waits until the server answers.
func (s *Server) ready() error {
	limit := time.After(startLimit)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		c, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			err = c.Close(ctx)
			cancel()
			return err
		}
		cancel()
		select {
		case <-s.ended:
			return errors.New("it ended")
		case <-limit:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server in an orderly way and removes its folder. A server that
// was never used needs no stopping.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.signal(syscall.SIGCONT)
		_ = s.process.Process.Signal(syscall.SIGQUIT) // at once: nobody needs the data
		<-s.ended
		s.process = nil
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
		s.dir, s.port = "", 0
	}
}

// Shutdown ends it as an operator would: those who are connected are cut off,
// what was committed is written out. Start brings it back.
func (s *Server) Shutdown() { s.down(syscall.SIGINT, false) }

// Kill ends it as a power cut would, every process of it at once. Start brings
// it back, and it recovers.
func (s *Server) Kill() { s.down(syscall.SIGKILL, true) }

func (s *Server) down(how syscall.Signal, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	children := s.children()
	if all {
		s.signal(how)
	} else {
		_ = s.process.Process.Signal(how)
	}
	<-s.ended
	s.process = nil
	for _, pid := range children { // they hold the shared memory that a new start needs
		for running(pid) {
			time.Sleep(time.Millisecond)
		}
	}
}

// Freeze stops every process of it where it stands: connections stay open and
// nobody answers. Thaw lets them go on.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal(syscall.SIGSTOP)
}

// Thaw ends a Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal(syscall.SIGCONT)
}

// signal reaches the server, which starts the others, first.
func (s *Server) signal(how syscall.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(how)
	for _, pid := range s.children() {
		_ = syscall.Kill(pid, how)
	}
}
