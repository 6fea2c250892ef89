# For scripts that try our programs against real servers; to be sourced, after `set -euo pipefail`.
# Gives $temp, a folder that goes away at the end as the servers do.

temp=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
  rm -rf "$temp"
}
trap finish EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listening() {  # PORT
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null && exec 3>&-
}

start() {  # IS_UP PORT COMMAND...: a server that runs until the script ends; waits for `IS_UP PORT`
  local is_up=$1 port=$2
  shift 2
  "$@" >"$temp/$port.log" 2>&1 &
  pids+=($!)
  for _ in {1..300}; do
    "$is_up" "$port" && return
    sleep 0.1
  done
  cat "$temp/$port.log"
  echo "$1 does not answer" >&2
  exit 1
}

failures=0
expect() {  # PATTERN COMMAND...: the output matches
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || output+=$'\n'"(exit code $?)"
  if [[ $output =~ $pattern ]]; then
    echo "ok: $output"
  else
    echo "FAILED: wanted $pattern, got $output (from: $*)"
    failures=$((failures + 1))
  fi
}
