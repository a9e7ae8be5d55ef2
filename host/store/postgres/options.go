package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say where the database is and how long things may take. Every field
// is required.
type Options struct {
	URL              string        // postgres://…, with the password; never logged
	MaxConns         int           // connections at once, one of them the writer's; 2 or more
	ConnectTimeout   time.Duration // for one connection to be there
	StatementTimeout time.Duration // for one statement, at the server
	LockTimeout      time.Duration // for a statement to get one lock, at the server
}

// slack is how much longer than the server's own limit an exchange may take
// before we give up on the server.
const slack = time.Second

// Check says what is wrong with o, without the URL's words.
func (o Options) Check() error {
	if _, err := pgxpool.ParseConfig(o.URL); err != nil {
		return errors.New("the database's URL cannot be read") // the reason may hold the password
	}
	if o.MaxConns < 2 || o.MaxConns > math.MaxInt32 || o.ConnectTimeout <= 0 || o.StatementTimeout <= 0 || o.LockTimeout <= 0 {
		return fmt.Errorf("the database needs 2 connections or more, and limits: %d, %v, %v, %v",
			o.MaxConns, o.ConnectTimeout, o.StatementTimeout, o.LockTimeout)
	}
	return nil
}

// milliseconds is a duration as a server's setting.
func milliseconds(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }

func (o Options) config() (*pgxpool.Config, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, err
	}
	c.ConnConfig.ConnectTimeout = o.ConnectTimeout
	for name, value := range map[string]string{
		"application_name":   "napalmsky",
		"statement_timeout":  milliseconds(o.StatementTimeout),
		"lock_timeout":       milliseconds(o.LockTimeout),
		"synchronous_commit": "on", // nil means durable, whatever the database's default
		// We do not think between two statements: whoever is idle that long has gone,
		// and its locks must not stay.
		"idle_in_transaction_session_timeout": milliseconds(o.StatementTimeout + 2*slack),
	} {
		c.ConnConfig.RuntimeParams[name] = value
	}
	return c, nil
}

// pool makes a pool of at most size connections; they are made when needed.
func (o Options) pool(ctx context.Context, size int) (*pgxpool.Pool, error) {
	c, err := o.poolConfig(size)
	if err != nil {
		return nil, err
	}
	return pgxpool.NewWithConfig(ctx, c)
}

func (o Options) poolConfig(size int) (*pgxpool.Config, error) {
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	c.MaxConns = int32(size)
	c.PingTimeout = o.ConnectTimeout
	return c, nil
}
