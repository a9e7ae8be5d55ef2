// Package migrations holds the schema, as goose migrations that run unchanged
// on SQLite and on PostgreSQL. A file that was released is never edited.
package migrations

import "embed"

// FS holds every migration at its root.
//
//go:embed *.sql
var FS embed.FS
