// Package bot is a person without a browser. One simulated person signs up,
// connects, watches the reel, invites, answers, talks and comes back after a
// lost connection, over real HTTP and WebSocket, exactly as the page does.
//
// The same person serves three ends: driven by hand in end-to-end tests (the
// methods of Person), living an evening by the workload page as a load
// generator (package load), and filling a lonely newcomer's lobby (Demo).
//
// A bot believes nothing: it checks what the protocol promises (numbers
// without gaps, deltas that fit the reel) and reports every breach to its
// Witness.
package bot
