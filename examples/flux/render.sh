#!/bin/sh
# Renders all FailoverSpecs of a directory into one file, to be committed.
#
#   sh render.sh SPECS FILE            writes FILE
#   sh render.sh --check SPECS FILE    fails, and shows how, if FILE is not what would be written
set -eu
check=no
if [ "$1" = --check ]; then
  check=yes
  shift
fi
specs=$1
file=$2

rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
# A failing render ends the script here, and FILE stays as it is.
failover render "$specs" > "$rendered"

if [ "$check" = no ]; then
  mkdir -p "$(dirname "$file")"
  cat "$rendered" > "$file"
elif ! diff -u "$file" "$rendered"; then # not git diff, which overlooks a file never added
  echo "$file is not what $specs render to: run 'sh render.sh $specs $file' and commit it" >&2
  exit 1
fi
