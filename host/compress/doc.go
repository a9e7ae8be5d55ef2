// Package compress is HTTP content coding: brotli, gzip and deflate (zlib's
// wrapping, as RFC 9110 means it), negotiated by the client's q-values.
//
// Handler codes what other handlers write; a File is served from what the build
// compressed beforehand. Both send Vary with every variant, mark a variant's
// ETag with its coding ("abc" becomes W/"abc-br", or "abc-br" for a File), and
// know such a tag again in If-None-Match, whatever coding the client asks for now.
//
// # What is never coded
//
// Anything but the answer 200 to a GET: no 204, 304, HEAD, range or upgrade; what has a
// coding already, is of a type that is compressed in itself, says no-transform,
// or has fewer than MinBytes.
//
// # BREACH
//
// A coded body's length tells how much of what an attacker put into it repeats
// a secret in it. So Handler codes only what no attacker can have asked for and
// no secret stands in:
//
//   - Answers to POST, PUT and DELETE are never coded. They are the ones that
//     reflect what was sent, and the only ones that hold a token (/v1/guests and
//     whatever else logs in). No answer to a GET holds a token; tokens travel in
//     cookies and headers, which are not coded.
//   - A GET that a browser made for another site (Sec-Fetch-Site: cross-site or
//     same-site) is not coded, so that no foreign page can measure how long an
//     answer to somebody's cookie is while it varies what stands in it.
//   - Query values are never reflected: errors name the parameter, not its value.
//
// Files hold nothing secret and are coded for everyone.
package compress
