#!/bin/sh
# Brings the npm packages, Node 24 among them, when they are not there or the lockfile is newer. `npm install` and not
# `npm ci`: the lockfile names the native packages of those platforms that could be resolved, and `ci` insists on all.
set -e
cd "$(dirname -- "$0")/.."
done=node_modules/.brought
if [ ! -f "$done" ] || [ package-lock.json -nt "$done" ] || [ tools/node/package.json -nt "$done" ]; then
  npm install --no-fund --no-audit --no-save --loglevel=error >&2
  touch "$done"
fi
