// Package lobby decides everything about an evening that must never be wrong:
// who is in, who is free, who rings whom, who talks to whom, and which pairs
// must not meet. It is a pure state machine:
//
//	effects := l.Step(stamp, event)
//
// Nothing in here reads a clock, waits, locks or does I/O. Time and randomness
// arrive in the Stamp; what must happen outside leaves as Effects; and what the
// outside answers comes back as an Event with the OpID of the question. The
// same stamps and events therefore give the same effects, always and anywhere.
//
// # What a person may be doing
//
//	outside ──Enter──▶ entering ──Loaded──▶ free ◀──SetBusy──▶ busy
//	                                        │ Invite (caller: inviting, callee: invited)
//	                                        ▼
//	                                     ringing ──expired, unavailable──▶ free
//	                                        │ Accept, Decline, Rescind
//	                                        ▼
//	                                     settling ──declined, rescinded, failed──▶ free
//	                                        │ Stored
//	                                        ▼
//	                                     in_call ──End, clock, lost, left──▶ free
//
// # What is told when
//
// Ringing, chat and signalling are volatile: told at once. Accept, Decline,
// Rescind, Block and Report are durable first: they are Done when the store has
// them, and Refused with Unavailable if it does not answer in time. The end of a
// call is completable: it happens at once, and its row is stored again and again
// until the store has it. A call whose row was stored too late to take place is
// undone; until that is certain its pair is refused with Unavailable.
//
// # Time
//
// Every wait has a deadline: a ring, an answer of the store or the policy, a
// lost connection, a call. NextDeadline names the earliest; a Step at or after it
// does what is due before it looks at its event.
//
// A Lobby is not safe for concurrent use: one goroutine owns it.
package lobby
