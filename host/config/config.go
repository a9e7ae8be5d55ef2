// Package config is what an operator may set: one struct, whose tags say of
// every field its unit, what zero means and what it is for. Values come from
// the defaults, then a strict YAML file, then NAPALMSKY_* in the environment,
// then flags; see Load. The reference in schemas/config is made from the tags.
package config

import (
	"net/netip"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Config is everything an operator may set. Load returns only valid ones; it is
// not changed afterwards and may be shared.
//
// A field's yaml path names it everywhere: lobby.ring in the file is
// NAPALMSKY_LOBBY_RING in the environment and --lobby-ring as a flag.
type Config struct {
	Listen  string `yaml:"listen" unit:"host:port" zero:"refused" help:"Where people reach the server. ':8080' is every interface. The variable PORT sets ':PORT'."`
	Data    string `yaml:"data" unit:"folder" zero:"refused" help:"Where the database, the photos and uploaded plugins live; made if missing."`
	Plugins string `yaml:"plugins" unit:"folder" zero:"bin/plugins beside the working directory, else plugins beside the binary" help:"Where the wasm plugins lie that hooks start with."`
	Watch   string `yaml:"watch_plugins" unit:"folder" zero:"none is watched" help:"For development: a module that changes in this folder (NAME.wasm, looked at every second) is loaded at once."`
	Demo    int    `yaml:"demo" unit:"people" zero:"nobody" help:"How many simulated people keep a lonely newcomer company."`

	LAN       bool   `yaml:"lan" unit:"yes/no" zero:"no" help:"Also serve phones on the same network, over TLS with a self-signed certificate unless tls_cert is set (cameras need TLS)."`
	LANListen string `yaml:"lan_listen" unit:"host:port" zero:"refused when lan is set" help:"Where lan listens."`
	TLSCert   string `yaml:"tls_cert" unit:"file" zero:"no TLS on listen" help:"PEM certificate chain; needs tls_key."`
	TLSKey    string `yaml:"tls_key" unit:"file" zero:"no TLS on listen" help:"PEM private key; needs tls_cert."`

	Origins        []string       `yaml:"origins" unit:"list of scheme://host[:port]" zero:"only the server's own" help:"Other origins whose pages may connect, for instance the public one where a proxy rewrites Host."`
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies" unit:"list of CIDR" zero:"X-Forwarded-For is ignored" help:"Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."`

	MetricsFrom []netip.Prefix `yaml:"metrics_from" unit:"list of CIDR" zero:"only this machine" help:"Who else may read /metrics."`

	MaxConns          int           `yaml:"max_conns" unit:"sockets" zero:"refused" help:"WebSockets at once, in all."`
	MaxConnsPerPerson int           `yaml:"max_conns_per_person" unit:"sockets" zero:"refused" help:"WebSockets of one person; the oldest goes, never a call's."`
	ConnsPerAddress   int           `yaml:"conns_per_address" unit:"sockets" zero:"refused" help:"WebSockets from one address that have not logged in yet."`
	CompressWS        bool          `yaml:"compress_ws" unit:"yes/no" zero:"frames are sent as they are" help:"permessage-deflate for clients that speak plain JSON and offer it: frames of 256 bytes and more shrink to a third or half, for some 6 µs each."`
	DrainRate         int           `yaml:"drain_rate" unit:"sockets per second" zero:"refused" help:"How fast sockets are closed at shutdown, so that clients do not return in one wave."`
	DrainTimeout      time.Duration `yaml:"drain_timeout" unit:"duration" zero:"do not wait" help:"How long shutdown may take before what is left is cut."`

	CPUProfile string `yaml:"cpuprofile" unit:"file" zero:"none is written" help:"For development: where the processor's time went until the server was asked to stop, for 'go tool pprof'."`
	MemProfile string `yaml:"memprofile" unit:"file" zero:"none is written" help:"For development: the heap at the moment the server is asked to stop, with everybody still connected, for 'go tool pprof'."`

	Database Database `yaml:"database"`
	Cache    Cache    `yaml:"cache"`

	Lobby   Lobby   `yaml:"lobby"`
	Reel    Reel    `yaml:"reel"`
	Policy  Policy  `yaml:"policy"`
	Admin   Admin   `yaml:"admin"`
	STUN    STUN    `yaml:"stun"`
	TURN    TURN    `yaml:"turn"`
	Product Product `yaml:"product"`
	Session Session `yaml:"session"`
	Limits  Limits  `yaml:"limits"`
	Journal Journal `yaml:"journal"`
	Memory  Memory  `yaml:"memory"`
	Steward Steward `yaml:"steward"`
	Log     Log     `yaml:"log"`
}

// Database says where everything but photos and plugins is kept: in PostgreSQL,
// or else in a SQLite file in the data folder.
type Database struct {
	URL              Secret        `yaml:"url" unit:"postgres://user:password@host/name" zero:"SQLite, in the data folder" help:"A PostgreSQL database (15 or newer) of this server's own; while another server uses it, this one waits. The variable DATABASE_URL sets it too. Never a flag, never logged."`
	MaxConns         int           `yaml:"max_conns" unit:"connections" zero:"refused" help:"To PostgreSQL at once, one of them the writer's."`
	ConnectTimeout   time.Duration `yaml:"connect_timeout" unit:"duration" zero:"refused" help:"How long PostgreSQL may take to accept a connection."`
	StatementTimeout time.Duration `yaml:"statement_timeout" unit:"duration" zero:"refused" help:"How long one statement may take; less than lobby.store_wait lets a slow one fail before people are told to try again."`
	LockTimeout      time.Duration `yaml:"lock_timeout" unit:"duration" zero:"refused" help:"How long a statement may wait for a lock somebody else holds."`
}

// Lobby holds the rules of meeting.
type Lobby struct {
	Ring             time.Duration `yaml:"ring" unit:"duration" zero:"refused" help:"How long an invite rings."`
	MaxWaits         int           `yaml:"max_waits" unit:"times" zero:"an invite rings once" help:"How often a caller may keep waiting."`
	Rest             time.Duration `yaml:"rest" unit:"duration" zero:"none" help:"How long two people cannot ring each other after a ring that nobody answered."`
	Grace            time.Duration `yaml:"grace" unit:"duration" zero:"refused" help:"How long a lost connection may take to come back to its call."`
	Offer            time.Duration `yaml:"offer" unit:"duration" zero:"refused" help:"How long a face that left the reel can still be invited."`
	MinSeconds       int           `yaml:"min_seconds" unit:"seconds" zero:"refused" help:"The shortest call one can ask for (60 or more)."`
	MaxSeconds       int           `yaml:"max_seconds" unit:"seconds" zero:"refused" help:"The longest (1800 or less)."`
	MaxChat          int           `yaml:"max_chat" unit:"characters" zero:"refused" help:"A chat line (500 or fewer)."`
	CooldownCall     time.Duration `yaml:"cooldown_call" unit:"duration" zero:"none" help:"Cooldown after a call when no policy answers."`
	CooldownDeclined time.Duration `yaml:"cooldown_declined" unit:"duration" zero:"none" help:"Cooldown after a declined invite when no policy answers."`
	CooldownRescind  time.Duration `yaml:"cooldown_rescinded" unit:"duration" zero:"none" help:"Cooldown after a rescinded invite when no policy answers."`
	MaxCooldown      time.Duration `yaml:"max_cooldown" unit:"duration" zero:"refused" help:"The longest cooldown a policy may ask for."`
	StoreWait        time.Duration `yaml:"store_wait" unit:"duration" zero:"refused" help:"How long an answer waits for the database before it is 'try again'."`
	PolicyWait       time.Duration `yaml:"policy_wait" unit:"duration" zero:"refused" help:"How long the cooldown policy may take before the defaults stand."`
}

// Reel sizes what each person sees of the others.
type Reel struct {
	Visible        int `yaml:"visible" unit:"people" zero:"refused" help:"Faces in a reel."`
	Reserve        int `yaml:"reserve" unit:"people" zero:"refused" help:"Ranked faces kept behind the visible ones, to fill gaps without asking the plugin."`
	ExposureFactor int `yaml:"exposure_factor" unit:"times visible" zero:"refused" help:"In how many reels one face is shown at once, at most: so many times the faces in a reel."`
}

// Policy names the plugin each hook starts with, and bounds all plugins.
type Policy struct {
	Match    Hook `yaml:"match"`
	Cooldown Hook `yaml:"cooldown"`
	Trim     Hook `yaml:"trim"`

	// Signalling starts with the rule compiled in: as a plugin the same rule would
	// take 15 MB, and there is no product's own taste in it.
	Signalling Hook `yaml:"signalling"`

	TrustedKeys        []string      `yaml:"trusted_keys" unit:"list of base64 ed25519 public keys" zero:"plugins need no signature" help:"Who may sign plugins; with any key here every plugin needs FILE.wasm.sig, the seeds included."`
	ModuleBytes        Size          `yaml:"module_bytes" unit:"size" zero:"refused" help:"The largest plugin file."`
	CompileTimeout     time.Duration `yaml:"compile_timeout" unit:"duration" zero:"refused" help:"How long a plugin may take until it is ready to be asked."`
	QuarantineFailures int           `yaml:"quarantine_failures" unit:"calls" zero:"refused" help:"So many failed calls within quarantine_window take a version out of service."`
	QuarantineWindow   time.Duration `yaml:"quarantine_window" unit:"duration" zero:"refused" help:"See quarantine_failures."`
	KeepWarm           time.Duration `yaml:"keep_warm" unit:"duration" zero:"refused" help:"How long the version before stays ready for an instant roll back."`
	CacheBytes         Size          `yaml:"cache_bytes" unit:"size" zero:"refused" help:"Compiled code kept in the data folder's cache/; the oldest goes."`
	Fuel               Fuel          `yaml:"fuel"`
}

// Fuel is how much a plugin may compute, in units of roughly a nanosecond's
// work; about a million are 2 to 5 ms.
type Fuel struct {
	Init     int64 `yaml:"init" unit:"units" zero:"the plugin host's own default" help:"Starting an instance: its language's runtime."`
	Setup    int64 `yaml:"setup" unit:"units" zero:"the plugin host's own default" help:"A call that gets an instance ready."`
	Match    int64 `yaml:"match" unit:"units" zero:"the plugin host's own default" help:"One run over at most 250 people, whoever they are."`
	Row      int64 `yaml:"row" unit:"units" zero:"the plugin host's own default" help:"Each of those people besides."`
	Cooldown int64 `yaml:"cooldown" unit:"units" zero:"the plugin host's own default" help:"One question to the cooldown policy."`
	Trim     int64 `yaml:"trim" unit:"units" zero:"the plugin host's own default" help:"One question to the trim policy."`

	Signalling int64 `yaml:"signalling" unit:"units" zero:"the plugin host's own default" help:"One session description or ICE candidate."`
}

// Hook is one question a plugin answers.
type Hook struct {
	Plugin      string `yaml:"plugin" unit:"name or file" zero:"refused" help:"A name (NAME.wasm in the plugins folder), a path to a .wasm file, or 'native' for the reference rule compiled in."`
	MemoryPages int    `yaml:"memory_pages" unit:"pages of 64 KiB" zero:"refused" help:"Memory one instance may have, at most."`
	Instances   int    `yaml:"instances" unit:"instances" zero:"as many as the hook needs" help:"Instances kept ready."`
	OnFailure   string `yaml:"on_failure" unit:"last_good, native or refuse" zero:"refused" help:"Who answers when the plugin fails: the generation before, the reference rule compiled in, or nobody. A list never mixes two generations' scores."`
}

// Admin is the operators' API over TCP. On a Unix socket, admin.sock in the data
// folder, it is always there for the user who runs the server.
type Admin struct {
	Listen string `yaml:"listen" unit:"host:port" zero:"the Unix socket only" help:"Also serve operators here: the API and, at /admin/, the console page. Beyond this machine it speaks TLS if tls_cert is set, and the address must be called by this host."`
	Token  Secret `yaml:"token" unit:"text" zero:"refused when admin.listen is set" help:"What operators on TCP must show (Authorization: Bearer), 16 characters or more. Never a flag, never logged."`
}

// STUN servers help browsers behind a router find their own address. None are
// needed on one machine or one network.
type STUN struct {
	URLs []string `yaml:"urls" unit:"list of stun: URLs" zero:"none: calls work on one network" help:"STUN servers named to the two people of a call."`
}

// TURN servers relay calls where no direct path exists.
type TURN struct {
	URLs   []string      `yaml:"urls" unit:"list of turn: URLs" zero:"none: no relaying" help:"TURN servers named to the two people of a call."`
	Secret Secret        `yaml:"secret" unit:"text" zero:"refused when turn.urls is set" help:"Shared with the TURN server (coturn: static-auth-secret). Never a flag, never logged."`
	TTL    time.Duration `yaml:"ttl" unit:"duration" zero:"refused when turn.urls is set" help:"How long a TURN login holds, 5m to 7 days. A page whose call outlives it fetches a fresh one in time; a client that does not needs the longest call here."`
}

// Product is what people can say of themselves. Positions are stored, so add at
// the end and never reorder.
type Product struct {
	Genders []string          `yaml:"genders" unit:"list of labels" zero:"refused" help:"At most 8. Append only: a person's gender is a position in it."`
	Tags    []string          `yaml:"tags" unit:"list of words" zero:"nobody has tags" help:"At most 64, each of up to 40 characters."`
	Langs   []Lang            `yaml:"langs" unit:"list of {id, label}" zero:"nobody names languages" help:"At most 64; id is the ISO 639 code."`
	Attrs   map[string]Bounds `yaml:"attrs" unit:"name: {min, max}" zero:"none" help:"The product's own whole numbers, at most 16, for match plugins (attr.NAME)."`
}

// Lang is one language people may say they speak.
type Lang struct {
	ID    string `yaml:"id"`
	Label string `yaml:"label"`
}

// Bounds limit a product attribute, both inclusive.
type Bounds struct {
	Min int64 `yaml:"min"`
	Max int64 `yaml:"max"`
}

// Session says how long logins last.
type Session struct {
	Guest     time.Duration `yaml:"guest" unit:"duration" zero:"refused" help:"How long a guest stays logged in after their last visit."`
	Permanent time.Duration `yaml:"permanent" unit:"duration" zero:"refused" help:"The same for people with email and password."`
	Single    bool          `yaml:"single" unit:"yes/no" zero:"several devices at once" help:"A login ends the person's other sessions, and those devices are told."`
}

// Limits keep one client from using up what belongs to all. An IPv6 address
// counts as its /64.
type Limits struct {
	SignupsPerMinute  int  `yaml:"signups_per_minute" unit:"per minute and address" zero:"no limit" help:"New guests."`
	SignupsBurst      int  `yaml:"signups_burst" unit:"at once" zero:"1" help:"New guests before signups_per_minute bites."`
	RequestsPerMinute int  `yaml:"requests_per_minute" unit:"per minute and address" zero:"no limit" help:"Requests that read or write the database."`
	RequestsBurst     int  `yaml:"requests_burst" unit:"at once" zero:"1" help:"Requests before requests_per_minute bites."`
	WritesPerMinute   int  `yaml:"writes_per_minute" unit:"per minute and person" zero:"no limit" help:"Profile changes."`
	WritesBurst       int  `yaml:"writes_burst" unit:"at once" zero:"1" help:"Profile changes before writes_per_minute bites."`
	UploadsPerMinute  int  `yaml:"uploads_per_minute" unit:"per minute and person" zero:"no limit" help:"Photos."`
	UploadsBurst      int  `yaml:"uploads_burst" unit:"at once" zero:"1" help:"Photos before uploads_per_minute bites."`
	UploadsAtOnce     int  `yaml:"uploads_at_once" unit:"requests" zero:"refused" help:"Photos being read and scaled at the same time, in all."`
	LoginsPerMinute   int  `yaml:"logins_per_minute" unit:"per minute" zero:"no limit" help:"Wrong passwords for one account from one address. Ten times as many are borne from one address in all, and for one account from all addresses it has not been logged in from."`
	LoginsBurst       int  `yaml:"logins_burst" unit:"at once" zero:"1" help:"Wrong passwords before logins_per_minute bites (ten times as many for the sums)."`
	PasswordsAtOnce   int  `yaml:"passwords_at_once" unit:"requests" zero:"one for each processor" help:"Passwords being hashed at the same time, in all; each takes 19 MiB and some 30 ms."`
	PasswordsQueued   int  `yaml:"passwords_queued" unit:"requests" zero:"none waits" help:"Requests that wait to hash a password; more are asked to try again."`
	LoopbackFree      bool `yaml:"loopback_free" unit:"yes/no" zero:"this machine is limited too" help:"No per-address limits for clients on this very machine (the demo crowd, the load generator). A request that a proxy forwarded never counts as such."`
}

// Journal keeps what happened in the lobby, without names or anything said, so
// that an evening can be verified and other rules tried on it (napalmsky replay).
type Journal struct {
	Bytes Size `yaml:"bytes" unit:"size" zero:"no journal is kept" help:"Space for the journals in the data folder's journal/. One file takes at most half of it, and the next one begins as soon as the lobby is empty and an eighth is used; the oldest are deleted. Only in a lobby that never is empty a file begins in the middle of things, and cannot be verified."`
	Files int  `yaml:"files" unit:"files" zero:"refused unless bytes is 0" help:"Journals kept: one for each start of the server, or more."`

	Keep time.Duration `yaml:"keep" unit:"duration" zero:"its age does not matter" help:"How long a journal stays after the next one began."`
}

// Log says how much is logged, and how.
type Log struct {
	Level  string `yaml:"level" unit:"debug, info, warn or error" zero:"refused" help:"What is logged, from this level up."`
	Format string `yaml:"format" unit:"text or json" zero:"refused" help:"How a line looks."`
}

// Rules are the lobby's figures in the lobby's own units.
func (c Config) Rules() lobby.Rules {
	l := c.Lobby
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	return lobby.Rules{
		RingMS: l.Ring.Milliseconds(), RestMS: l.Rest.Milliseconds(), MaxWaits: l.MaxWaits, GraceMS: l.Grace.Milliseconds(),
		StoreWaitMS: l.StoreWait.Milliseconds(), AskWaitMS: l.PolicyWait.Milliseconds(), OfferMS: l.Offer.Milliseconds(),
		MinSeconds: l.MinSeconds, MaxSeconds: l.MaxSeconds, MaxChat: l.MaxChat, MaxConns: c.MaxConnsPerPerson,
		CooldownCall: seconds(l.CooldownCall), CooldownNo: seconds(l.CooldownDeclined),
		CooldownUnsaid: seconds(l.CooldownRescind), MaxCooldown: seconds(l.MaxCooldown),
	}
}

// Viewers is in how many reels one face is shown at once, at most.
func (r Reel) Viewers() int { return r.ExposureFactor * r.Visible }
