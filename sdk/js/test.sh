#!/bin/sh
# Unit tests of the client and of the page's own logic, without npm: bundled by
# esbuild, run by Node. Where a TypeScript compiler is installed (tsc), types are
# checked too; esbuild only strips them.
set -eu
cd "$(dirname "$0")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go tool esbuild sdk/js/test/*.test.ts host/web/test/*.test.ts --bundle --platform=node --format=esm \
	--entry-names='[name]' --out-extension:.js=.mjs --log-level=warning --outdir="$out"
node --test "$out"/*.mjs

if command -v tsc >/dev/null; then
	tsc -p sdk/js
	tsc -p host/web
else
	echo "no tsc here: types are not checked"
fi
