#!/bin/sh
# Unit tests of the client and of the page's own logic, without npm: bundled by
# esbuild, run by Node. esbuild only strips types, so the TypeScript compiler
# (tsc, or npm's where none is installed) checks them.
set -eu
cd "$(dirname "$0")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go tool esbuild sdk/js/test/*.test.ts host/web/test/*.test.ts --bundle --platform=node --format=esm \
	--entry-names='[name]' --out-extension:.js=.mjs --log-level=warning --outdir="$out"
node --test "$out"/*.mjs

compiler=tsc
command -v tsc >/dev/null || compiler="npx --yes --package=typescript@5.9 -- tsc"
echo "checking types"
$compiler -p sdk/js
$compiler -p host/web
$compiler -p host/admin/page
