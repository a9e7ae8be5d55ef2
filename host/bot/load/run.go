package load

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

const (
	signUpsAtOnce = 8
	photoPixels   = 64
	photoKinds    = 64 // different photos; the server stores each once
	windWait      = answerWait + 15*time.Second
	historyTries  = 3
)

// Run plays one evening and reports. The error says why it could not be played
// (then the report may be partial or nil); what went wrong *in* the evening is
// in the report. When ctx ends, Run stops early and reports what it has.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if err := raiseFiles(cfg.People); err != nil {
		return nil, err
	}
	if err := checkPorts("/proc", cfg.ports()); err != nil {
		return nil, err
	}
	c, err := bot.NewClient(cfg.Target, cfg.Client)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	proc, err := serverOf(cfg)
	if err != nil {
		return nil, err
	}
	e := &run{
		cfg: cfg, client: c, referee: NewReferee(), gauge: gauge{proc: proc}, habits: bot.Workload(sdp.Offer, sdp.Answer),
		lag: lag{now: c.Now}, mood: mood{surge: cfg.Disturb.Surge}, storm: make(chan struct{}),
	}
	if self, err := ProcessOf(os.Getpid()); err == nil {
		e.self = gauge{proc: self}
	}
	if cfg.Habits != nil {
		e.habits = *cfg.Habits
	}
	if cfg.CutPerMinute > 0 {
		e.habits.CutMean = time.Duration(float64(time.Minute) / cfg.CutPerMinute)
	}
	return e.play(ctx)
}

// serverOf finds the server's process. A server elsewhere has none we can read.
func serverOf(cfg Config) (*Process, error) {
	if cfg.ServerPID != 0 {
		return ProcessOf(cfg.ServerPID)
	}
	u, err := url.Parse(cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("load: target: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("load: target: port: %w", err)
	}
	p, err := ProcessOn(n)
	if err != nil {
		// A container's or another user's server: it can be loaded, but not weighed.
		return nil, nil
	}
	return p, nil
}

// run is one evening in progress.
type run struct {
	cfg     Config
	client  *bot.Client
	referee *Referee
	gauge   gauge
	habits  bot.Habits
	self    gauge // of the generator itself
	lag     lag
	mood    mood
	storm   chan struct{} // closed when it breaks loose

	progress progress
	people   []*bot.Person // nil where somebody could not sign up
}

func (e *run) play(ctx context.Context) (*Report, error) {
	begun := e.client.Now()
	choices, err := e.client.Choices(ctx)
	if err != nil {
		return nil, err
	}
	e.progress = progress{out: e.cfg.Progress, live: e.cfg.Live, people: e.cfg.People, begun: begun}

	watching, stopWatching := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { e.watch(watching) })
	defer func() { stopWatching(); watch.Wait(); e.progress.end() }()

	e.progress.phase("sign-up")
	evenings := e.signUp(ctx, choices)
	defer func() {
		for _, p := range e.people {
			if p != nil {
				p.Close()
			}
		}
	}()

	living, stopLiving := context.WithCancel(context.Background())
	wind := make(chan struct{})
	var lives sync.WaitGroup
	defer func() { stopLiving(); lives.Wait() }()

	if e.nobody() {
		report := &Report{Target: e.cfg.Target, People: e.cfg.People, Seed: e.cfg.Seed}
		e.referee.judgement(report)
		return report, fmt.Errorf("load: nobody could sign up: %v", report.ErrorExamples)
	}
	e.progress.phase("ramp")
	for _, evening := range evenings {
		if !Wait(ctx, e.cfg.Ramp/time.Duration(len(evenings))) {
			break
		}
		if evening != nil {
			// Who is put out is counted by the close code that did it.
			lives.Go(func() { _ = evening.Run(living, wind) })
		}
	}
	e.progress.phase("settle")
	Wait(ctx, e.cfg.Settle)

	e.progress.phase("steady")
	stats := numbers(ctx, e.client) // before and after, so as not to weigh on what is measured
	from, selfFrom := e.gauge.mark(e.client), e.self.mark(e.client)
	from.stats = stats
	e.measure(true)
	timing, stopTiming := context.WithCancel(watching)
	watch.Go(func() { e.lag.watch(timing) })
	recovered := e.steadily(ctx)
	stopTiming()
	e.measure(false)
	until, selfUntil := e.gauge.mark(e.client), e.self.mark(e.client)
	until.stats = numbers(ctx, e.client)
	connected, _ := e.referee.Present()

	report := &Report{
		Target: e.cfg.Target, People: e.cfg.People, Seed: e.cfg.Seed, StartedAt: begun.UTC().Format(time.RFC3339),
		Wire: e.cfg.Client.Wire.String(), Label: e.cfg.Label, CutPerMinute: e.cfg.CutPerMinute, Storm: e.cfg.Disturb.Storm.Seconds(), Surge: e.cfg.Disturb.Surge, Recovery: recovered,
		RampSeconds: e.cfg.Ramp.Seconds(), SettleSeconds: e.cfg.Settle.Seconds(), Connected: connected,
	}
	e.gauge.rates(report, from, until)
	report.Memory = memoryOf(report.Server.Stats)
	report.Generator = GeneratorFigures{Lag: e.lag.quantiles(), RSSAvg: e.self.average(), CPU: perMinute(selfFrom, selfUntil)}

	if ctx.Err() == nil {
		e.progress.phase("wind down")
		close(wind)
		e.referee.AwaitQuiet(ctx, e.client.Now, windWait)
		e.referee.Finish(e.client.Now())
		e.progress.phase("histories")
		e.histories(ctx)
	}
	e.referee.judgement(report)
	return report, ctx.Err()
}

func (e *run) measure(on bool) {
	e.referee.Measure(on)
	e.gauge.measure(on)
	e.self.measure(on)
}

// steady waits for a while of what is measured.
func (e *run) steady(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-e.cfg.Until:
	case <-ctx.Done():
	}
}

func (e *run) nobody() bool {
	return !slices.ContainsFunc(e.people, func(p *bot.Person) bool { return p != nil })
}
