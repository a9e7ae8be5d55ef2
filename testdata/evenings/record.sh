#!/usr/bin/env bash
# record.sh: plays a short evening of 200 people against a server of its own and keeps its journal as 200.journal.
# BINARY and PLUGINS name what was built (bin/napalmsky, bin/plugins). Fails if anything was wrong in the evening.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${BINARY:-bin/napalmsky}
work=$(mktemp -d)
server=
stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi; }
trap 'stop; rm -rf "$work"' EXIT

ulimit -n "$(ulimit -Hn)"
"$binary" serve --listen 127.0.0.1:0 --data "$work" --plugins "${PLUGINS:-bin/plugins}" >"$work/out" 2>"$work/log" &
server=$!
url=
for _ in $(seq 200); do
  url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/out" | head -1 || true)
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  read -rt 0.1 <> <(:) || true
done
"$binary" load --target "$url" --people 200 --server-pid "$server" --ramp 10s --settle 5s --steady 45s
stop
"$binary" replay "$work/journal"
install -m 644 "$work"/journal/*.journal testdata/evenings/200.journal
