#!/bin/sh
# interrupt_when.sh TEXT PROGRAM [arguments]: presses Ctrl-C, so to speak, as soon as the program has
# printed TEXT. Prints its output and ends with its exit code.
text=$1
shift
output=$(mktemp)
"$@" >"$output" 2>&1 &
until grep -q "$text" "$output" || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -INT $! 2>/dev/null
wait $!
code=$?
cat "$output"
rm -f "$output"
exit $code
