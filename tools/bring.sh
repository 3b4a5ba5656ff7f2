#!/bin/sh
# Brings the npm packages, Node 24 among them, when they are not there or the lockfile is newer: with `runtime` those that
# Holdfast itself needs, otherwise also those of its tests. `npm install` and not `npm ci`: the lockfile names the native
# packages of those platforms that could be resolved, and `ci` insists on all.
set -e
cd "$(dirname -- "$0")/.."
is_current() {
  [ -f "$1" ] && ! [ package-lock.json -nt "$1" ] && ! [ tools/node/package.json -nt "$1" ]
}
all=node_modules/.brought-all
runtime=node_modules/.brought-runtime
if is_current "$all"; then exit 0; fi
# Where the tests' packages once were they are brought again: leaving them out would remove them.
if [ "$1" = runtime ] && ! [ -f "$all" ]; then
  if is_current "$runtime"; then exit 0; fi
  npm install --omit=dev --no-fund --no-audit --no-save --loglevel=error >&2
  touch "$runtime"
else
  npm install --no-fund --no-audit --no-save --loglevel=error >&2
  touch "$all"
fi
