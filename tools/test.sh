#!/bin/sh
# Runs everything that must pass: brings the npm packages first, so that a fresh clone needs nothing but Node and npm.
set -e
cd "$(dirname -- "$0")/.."
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-fund --no-audit --loglevel=error
fi
exec node_modules/.bin/node tools/test.ts "$@"
