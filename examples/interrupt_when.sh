#!/bin/sh
# interrupt_when.sh TEXT PROGRAM [arguments]: presses Ctrl-C, so to speak, as soon as the program has
# printed TEXT. Prints its output and ends with its exit code.
text=$1
shift
output=$(mktemp)
# The program runs in the foreground: what a shell runs in the background ignores SIGINT.
{
  until grep -q "$text" "$output"; do sleep 0.02; done
  kill -INT "$(cat "$output.pid")"
} &
sh -c 'echo $$ >"$0"; exec "$@"' "$output.pid" "$@" >"$output" 2>&1
code=$?
kill $! 2>/dev/null
cat "$output"
rm -f "$output" "$output.pid"
exit $code
