package config

import (
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Default is a server for one machine: loopback, SQLite, nothing to set up.
func Default() Config {
	r := lobby.DefaultRules()
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	s := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	hook := func(name string) Hook { return Hook{Plugin: name, MemoryPages: 512, OnFailure: "last_good"} }
	return Config{
		Listen: "127.0.0.1:8080", Data: "./data", LANListen: "0.0.0.0:8443",
		MaxConns: 20_000, MaxConnsPerPerson: r.MaxConns, ConnsPerAddress: 100,
		DrainRate: 1_000, DrainTimeout: 20 * time.Second,
		Database: Database{
			MaxConns: 8, ConnectTimeout: 3 * time.Second, StatementTimeout: 4 * time.Second, LockTimeout: 2 * time.Second,
		},
		Cache: Cache{Bytes: 16 << 20, Keep: 10 * time.Minute},
		Lobby: Lobby{
			Ring: ms(r.RingMS), Rest: ms(r.RestMS), MaxWaits: r.MaxWaits, Grace: ms(r.GraceMS), Offer: ms(r.OfferMS),
			MinSeconds: r.MinSeconds, MaxSeconds: r.MaxSeconds, MaxChat: r.MaxChat,
			CooldownCall: s(r.CooldownCall), CooldownDeclined: s(r.CooldownNo), CooldownRescind: s(r.CooldownUnsaid),
			MaxCooldown: s(r.MaxCooldown), StoreWait: ms(r.StoreWaitMS), PolicyWait: ms(r.AskWaitMS),
		},
		Reel: Reel{Visible: 20, Reserve: 44, ExposureFactor: 2},
		Policy: Policy{
			Match: hook("match-mutual"), Cooldown: hook("cooldown-standard"), Trim: hook("trim-essential"), Signalling: hook("native"),
			ModuleBytes: 16 << 20, CompileTimeout: time.Minute, QuarantineFailures: 5, QuarantineWindow: time.Minute,
			KeepWarm: 15 * time.Minute, CacheBytes: 512 << 20,
		},
		TURN: TURN{TTL: time.Hour},
		Product: Product{
			Genders: []string{"Woman", "Man", "Non-binary", "Another gender"},
			Tags: []string{
				"art", "astronomy", "board games", "books", "climbing", "coding", "cooking", "cycling", "dancing", "dogs",
				"cats", "fashion", "film", "football", "gaming", "gardening", "hiking", "history", "languages", "live music",
				"meditation", "museums", "photography", "politics", "running", "sailing", "science", "series", "skiing",
				"swimming", "theatre", "travel", "volunteering", "wine", "writing", "yoga",
			},
			Langs: []Lang{
				{"en", "English"}, {"es", "Español"}, {"fr", "Français"}, {"de", "Deutsch"}, {"pt", "Português"},
				{"it", "Italiano"}, {"nl", "Nederlands"}, {"pl", "Polski"}, {"sv", "Svenska"}, {"da", "Dansk"},
				{"no", "Norsk"}, {"fi", "Suomi"}, {"cs", "Čeština"}, {"hu", "Magyar"}, {"ro", "Română"},
				{"el", "Ελληνικά"}, {"uk", "Українська"}, {"ru", "Русский"}, {"tr", "Türkçe"}, {"ar", "العربية"},
				{"he", "עברית"}, {"hi", "हिन्दी"}, {"zh", "中文"}, {"ja", "日本語"}, {"ko", "한국어"}, {"vi", "Tiếng Việt"},
			},
		},
		Session: Session{Guest: 7 * 24 * time.Hour, Permanent: 30 * 24 * time.Hour},
		Limits: Limits{
			SignupsPerMinute: 10, SignupsBurst: 30, RequestsPerMinute: 600, RequestsBurst: 300,
			WritesPerMinute: 30, WritesBurst: 30, UploadsPerMinute: 6, UploadsBurst: 10, UploadsAtOnce: 16,
			LoginsPerMinute: 2, LoginsBurst: 10, PasswordsQueued: 32,
			LoopbackFree: true,
		},
		Journal: Journal{Bytes: 64 << 20, Files: 8, Keep: 90 * 24 * time.Hour},
		Memory:  Memory{Warning: 75, Critical: 90},
		Steward: Steward{LookEvery: 30 * time.Second, CleanEvery: 5 * time.Minute, Archive: 7 * 24 * time.Hour, KeepUnused: 30 * 24 * time.Hour, KeepMet: 366 * 24 * time.Hour},
		Log:     Log{Level: "info", Format: "text"},
	}
}
