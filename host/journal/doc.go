// Package journal keeps the evidence of an evening: what happened in the lobby,
// in order, with a digest of what the lobby did about it. It is never needed to
// recover (the store is the truth); it is there to prove and to ask:
//
//   - Verify replays the events through a fresh lobby and compares every step's
//     digest: the same journal, the same effects.
//   - WhatIf runs the recorded evening past another match plugin, under the real
//     reel's rules, and compares who would have been shown to whom.
//   - Erase takes a person out.
//
// # What is in it
//
// Stamped events, the numbers of a person that are ranked, which generation's
// scores were shown to whom. No names, no cards, and nothing anybody said: an
// event's Body never gets here, and neither do an effect's.
//
// # The file
//
// NAME.journal, of a magic line and frames:
//
//	length uint32 | ^length uint32 | CRC-32 (IEEE) of the payload uint32 | payload     (little endian)
//
// The payloads joined are one deflate stream of lines; a line is the letter of
// a record's kind, a space and a JSON object. Each frame ends flushed, so that
// whatever frames are whole can be read: a cut-off tail loses at most the last
// flush interval. A frame of length 0 says that the journal goes on in the next
// file: an epoch has one, or more one after the other, of which the oldest are
// deleted (Options says when). The next one begins where the lobby is at rest,
// with what little there is to know of it in the header, and can be verified by
// itself. Where nobody ever leaves, the file's bound ends it in the middle of
// things; the next one begins with a Gap and can be read, erased from and
// counted, but not replayed.
// The CRC finds damage, not forgery: who can write the file can write another.
//
// # What it costs
//
// Whoever hands over a record takes a mutex and appends to a queue; encoding,
// hashing and writing are a goroutine's of its own. When the queue's bound is
// reached records are lost, never waited for; a Gap then says how many. Of a
// gap's steps the lobby's state depends, so nothing after it can be verified.
// A full disk is the same: what it refuses is tried again with every flush.
package journal
