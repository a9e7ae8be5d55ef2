package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/napalmsky/napalmsky/host/compress"
)

// Options of a Server. Socket, Registry, People, Health and Log are needed.
type Options struct {
	Socket   string      // the Unix socket's path
	Listen   string      // host:port for TCP; "" none
	Token    string      // what TCP asks for; needed with Listen
	TLS      *tls.Config // of TCP; nil none
	Registry Registry
	Health   HealthOf
	People   People
	Log      *slog.Logger
}

// Server listens for operators. Make it with Open, then call Run or Close.
type Server struct {
	doors []door
}

// door is one listener with the guard that belongs to it.
type door struct {
	ln     net.Listener
	server *http.Server
}

// SocketName is the Unix socket's file in the data folder.
const SocketName = "admin.sock"

// goodbye is how long requests under way may take when the server stops.
const goodbye = 3 * time.Second

// Open listens; nobody is answered before Run. Errors say what to change.
func Open(o Options) (*Server, error) {
	own := http.NewCrossOriginProtection()
	socket, err := listenUnix(o.Socket)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	s := &Server{doors: []door{{socket, newServer(o, whoByPeer(own))}}}
	if o.Listen == "" {
		return s, nil
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err == nil && o.Token == "" {
		err = errors.New("needs admin.token")
	}
	var ln net.Listener
	if err == nil {
		ln, err = net.Listen("tcp", o.Listen)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("admin.listen: %w", err)
	}
	if o.TLS != nil {
		ln = tls.NewListener(ln, o.TLS)
	}
	s.doors = append(s.doors, door{ln, newServer(o, whoByToken(own, host, o.Token))})
	return s, nil
}

func newServer(o Options, who guard) *http.Server {
	stopping := make(chan struct{})
	s := &http.Server{
		Handler: compress.Handler(newHandler(o, who, stopping)), ConnContext: withPeer,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: loadPatience + time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(sync.OnceFunc(func() { close(stopping) }))
	return s
}

// Addr is where TCP listens, nil if it does not.
func (s *Server) Addr() net.Addr {
	if len(s.doors) < 2 {
		return nil
	}
	return s.doors[1].ln.Addr()
}

// Run serves until ctx ends, lets requests under way finish for a moment, and
// closes everything. It answers nil, or why a listener failed.
func (s *Server) Run(ctx context.Context) error {
	var g errgroup.Group
	failed, fail := context.WithCancel(ctx)
	defer fail()
	for _, d := range s.doors {
		g.Go(func() error {
			defer fail()
			if err := d.server.Serve(d.ln); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	<-failed.Done()
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	for _, d := range s.doors {
		_ = d.server.Shutdown(bye) // what did not finish in time is cut by Close
	}
	s.Close()
	return g.Wait()
}

// Close stops at once and removes the socket. It may be called more than once.
func (s *Server) Close() {
	for _, d := range s.doors {
		_ = d.server.Close()
		_ = d.ln.Close()
	}
}
