#!/usr/bin/env bash
# Builds the site into site/dist, with the playground in it, which web/build.sh builds. It
# needs node and npm. SITE_BASE is the path below which it will be served.
set -euo pipefail
cd "$(dirname "$0")"
[ -e ../web/dist/index.html ] || { echo 'build the playground first: web/build.sh' >&2 && exit 1; }
[ -e node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-fund --no-audit
npx vitepress build
cp -r ../web/dist dist/playground
