package lobby

// Code says why a wish was refused. Each is also an error code on the wire.
type Code string

const (
	NotIn        Code = "not_in_lobby"   // enter first
	Loading      Code = "entering"       // bars are still being read
	NoSuchInvite Code = "no_such_invite" // not there, over, or not yours to answer (never says which)
	NoSuchCall   Code = "no_such_call"   // not there, over, or you are no member of it
	NotHere      Code = "call_elsewhere" // the call runs on another connection of yours
	SelfBusy     Code = "you_are_busy"   // ringing, settling or in a call
	OtherBusy    Code = "other_busy"
	NotInReel    Code = "not_in_reel" // not offered to you in the last Rules.OfferMS
	OnCooldown   Code = "on_cooldown" // Until says how long
	BadSeconds   Code = "bad_seconds" // Field names it
	BadTarget    Code = "bad_person"  // yourself, or nobody
	TooLong      Code = "too_long"
	NoMoreWaits  Code = "no_more_waits"
	Unavailable  Code = "try_again" // the store did not answer in time; nothing was done
)
