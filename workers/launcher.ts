/**
 * The small shell script between a worker and a program it runs. A program must not outlive the supervisor, not even
 * one killed with SIGKILL, so something outside of it has to watch: the launcher leads a process group of its own,
 * begins only when it is told to on descriptor 3, and when that closes it ends the group. It is a script and not a
 * program of ours because `sh` is everywhere and takes a megabyte.
 *
 * Arguments: tenths of a second between SIGTERM and SIGKILL, then the program and its arguments. On descriptor 3 it
 * reads the line `go` and writes `exit STATUS`.
 */
export const LAUNCHER = `
patience=$1; shift
read -r word <&3 || exit 125
[ "$word" = go ] || exit 125
exec 5<&0
asked=
trap : TERM HUP INT
trap 'asked=1' USR1
trap '' PIPE

# Its standard input has to be handed over by hand: a shell gives /dev/null to what runs in the background.
( trap - PIPE INT QUIT; exec "$@" <&5 3<&- 5<&- ) &
child=$!
exec <&- 5<&- >/dev/null 2>&1

# Ignores what is meant for the program, or nobody would notice that descriptor 3 has closed.
( trap '' TERM HUP INT; while read -r word <&3; do :; done; kill -USR1 $$ ) &
watcher=$!

# Whether anyone but the launcher is left in the group.
others() {
  [ -r /proc/self/stat ] || return 0
  for file in /proc/[0-9]*/stat; do
    { read -r line < "$file"; } 2>/dev/null || continue
    set -- \${line##*) }
    [ "$3" = $$ ] && [ "$1" != Z ] || continue
    pid=\${file#/proc/}; pid=\${pid%/stat}
    [ "$pid" = $$ ] || [ "$pid" = "$watcher" ] || return 0
  done
  return 1
}

status=
while [ -z "$asked" ]; do
  wait "$child"; status=$?
  kill -0 "$child" 2>/dev/null || break
done
[ -n "$asked" ] || echo "exit $status" >&3

# What the program has left behind ends with it.
if [ -n "$asked" ] || others; then
  kill -TERM -$$
  while [ "$patience" -gt 0 ] && others; do sleep 0.1; patience=$((patience - 1)); done
fi
kill -KILL -$$
`;
