// Package cache stands in front of a store: people, sessions and what keeps a
// pair apart are read from the database once and then from here, until they
// are written, or their time is over.
//
// Who is in the lobby needs no cache: the lobby's own state has them. What an operator
// lists, histories and everything else passes through.
package cache
