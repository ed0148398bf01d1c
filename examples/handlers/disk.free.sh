#!/bin/sh
# nightshift-settings: LIBRARY_DIR HANDLER_FREE_PERCENT
# Fails, to be tried again later, while the disk of the library is nearly full. It shows how little a handler needs to be:
# a shell script with its run bit set. What it prints is the log; the exit code says how it ended.
set -eu

least=${HANDLER_FREE_PERCENT:-5}
used=$(df -P "$LIBRARY_DIR" | awk 'NR == 2 { sub("%", "", $5); print $5 }')
free=$((100 - used))
echo "$free % of the disk of $LIBRARY_DIR is free"
printf '{"freePercent":%d}\n' "$free" > "$NIGHTSHIFT_RESULT"

if [ "$free" -lt "$least" ]; then
  echo "less than $least % is free" >&2
  echo "::retry 1h"
  exit 75
fi
