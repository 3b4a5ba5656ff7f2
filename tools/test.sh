#!/bin/sh
# Runs everything that must pass: brings the npm packages first, so that a fresh clone needs nothing but Node and npm.
set -e
cd "$(dirname -- "$0")/.."
sh tools/bring.sh
exec node_modules/.bin/node tools/test.ts "$@"
