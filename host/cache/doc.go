// Package cache stands in front of a store: people, sessions and what keeps a
// pair apart are read from the database once and then from here, until they
// are written, or their time is over.
//
//	table.go        one read-through table: singleflight, limits, memory
//	marks.go        since when what was read before holds no more
//	store.go        the tables before a store.Store, and what a write makes stale
//	people.go sessions.go bars.go departures.go chores.go
//	                the methods that a cache answers or must hear of
//	cachesim/       how caches would have done on a recorded evening
//
// Every other method passes through: histories, what an operator lists,
// accounts, plugins. Who is in the lobby needs no cache: the lobby's own state
// has them, and who comes back within the lobby's grace is not read again.
//
// Keys share marks, 4096 of them, so a write now and then makes somebody else's
// entry be read again; a departure, the return of somebody who had departed and
// a call that was none make all bars be read again.
package cache
