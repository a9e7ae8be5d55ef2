package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/web"
)

// mount puts the socket and the page beside the HTTP routes.
func mount(e *echo.Echo, hub *conn.Hub) {
	e.GET("/v1/ws", echo.WrapHandler(hub))
	page := echo.WrapHandler(web.Handler(web.Options{}))
	for _, path := range []string{"/", "/*"} {
		e.GET(path, page)
		e.HEAD(path, page)
	}
}

// front is one listener and its HTTP server.
type front struct {
	ln     net.Listener
	server *http.Server
	scheme string
}

// listen opens every address that people may reach the server at.
func listen(cfg config.Config, h http.Handler, o Options) (fronts []*front, err error) {
	defer func() {
		if err != nil {
			for _, f := range fronts {
				f.close()
			}
		}
	}()
	var own *tls.Config
	if cfg.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("tls_cert, tls_key: %w", err)
		}
		own = tlsWith(cert)
	}
	ln := o.Listener
	if ln == nil {
		if ln, err = net.Listen("tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	fronts = append(fronts, newFront(ln, own, h, o.Log))
	if cfg.LAN {
		if own == nil {
			cert, err := selfSigned(filepath.Join(cfg.Data, "tls"), lanAddresses(), o.Now())
			if err != nil {
				return fronts, fmt.Errorf("certificate for this network: %w", err)
			}
			own = tlsWith(cert)
		}
		ln, err := net.Listen("tcp", cfg.LANListen)
		if err != nil {
			return fronts, fmt.Errorf("lan_listen: %w", err)
		}
		fronts = append(fronts, newFront(ln, own, h, o.Log))
	}
	return fronts, nil
}

func tlsWith(cert tls.Certificate) *tls.Config {
	// HTTP/1.1 only: a WebSocket needs a connection of its own.
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}

func newFront(ln net.Listener, secure *tls.Config, h http.Handler, log *slog.Logger) *front {
	f := &front{ln: ln, scheme: "http", server: &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	if secure != nil {
		f.ln, f.scheme = tls.NewListener(ln, secure), "https"
	}
	return f
}

func (f *front) serve() error {
	if err := f.server.Serve(f.ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (f *front) shutdown(ctx context.Context) {
	if f.server.Shutdown(ctx) != nil {
		f.close()
	}
}

func (f *front) close() {
	_ = f.server.Close()
	_ = f.ln.Close()
}

func (f *front) url() string {
	addr := f.ln.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return f.scheme + "://" + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// URL is where a browser on this machine finds the server.
func (a *App) URL() string { return a.fronts[0].url() }

// Greeting says where to click, a line each.
func (a *App) Greeting() []string {
	lines := []string{"", "  Napalm Sky is ready: " + a.URL(), "  Open it in two windows (the second one private) and let the two meet.", ""}
	if len(a.fronts) > 1 {
		addr := a.fronts[1].ln.Addr().(*net.TCPAddr)
		reach := []net.IP{addr.IP}
		if addr.IP.IsUnspecified() {
			reach = lanAddresses()
		}
		for _, ip := range reach {
			lines = append(lines, fmt.Sprintf("  Phones on this network: https://%s  (accept the self-made certificate once)",
				net.JoinHostPort(ip.String(), fmt.Sprint(addr.Port))))
		}
		lines = append(lines, "")
	}
	if a.cfg.Demo > 0 {
		lines = append(lines, fmt.Sprintf("  %d simulated people are on their way.", a.cfg.Demo), "")
	}
	return lines
}

// Logger makes the server's log as configured.
func Logger(c config.Log, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(c.Level))); err != nil {
		level = slog.LevelInfo // config.Validate has refused anything else
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
