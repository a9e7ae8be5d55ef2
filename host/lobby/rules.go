package lobby

// Rules are a lobby's figures. Times are milliseconds unless named otherwise.
type Rules struct {
	RingMS         int64 // how long an invite rings before it expires
	RestMS         int64 // how long two people cannot ring each other after a ring nobody answered; 0 not at all
	MaxWaits       int   // how often a caller may keep waiting
	GraceMS        int64 // how long a lost connection may take to come back
	StoreWaitMS    int64 // how long a durable-first answer waits for the store
	AskWaitMS      int64 // how long the cooldown policy may take
	OfferMS        int64 // how old an offer of the reel may be at invite
	MinSeconds     int   // shortest call that can be asked for, seconds
	MaxSeconds     int   // longest
	MaxChat        int   // runes in a chat line
	MaxConns       int   // connections of one person; the oldest goes, never a call's
	CooldownCall   int64 // seconds, provisional and if no policy answers
	CooldownNo     int64 // seconds after a decline, likewise
	CooldownUnsaid int64 // seconds after a rescind, likewise
	MaxCooldown    int64 // seconds: the most a policy may ask for
}

// DefaultRules are the figures of a speed-dating evening.
func DefaultRules() Rules {
	return Rules{
		RingMS: 20_000, RestMS: 120_000, MaxWaits: 3, GraceMS: 15_000, StoreWaitMS: 5_000, AskWaitMS: 1_000,
		OfferMS: 10_000, MinSeconds: 60, MaxSeconds: 1800, MaxChat: 500, MaxConns: 2,
		CooldownCall: 24 * 3600, CooldownNo: 24 * 3600, CooldownUnsaid: 3600, MaxCooldown: 366 * 24 * 3600,
	}
}
