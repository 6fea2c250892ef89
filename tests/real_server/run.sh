#!/usr/bin/env bash
# usage: run.sh SERVERS CHECK DEMO
# Sets up the llama.cpp server of the folder SERVERS, asks it through the program CHECK (check.cpp)
# and runs DEMO (async_llm_demo) against it. ASYNCLLM_LLAMA_DIR: a folder that keeps the server for
# the next run; else it goes away with the other temporary files.
set -euo pipefail
servers=$1 check=$2 demo=$3

. "$(dirname "$0")/../support/servers.sh"

llama=${ASYNCLLM_LLAMA_DIR:-$temp/llama}
bash "$servers/setup-llamacpp.sh" "$llama"
bash "$servers/make-scripted.sh" "$temp/scripted"
bash "$servers/make-scripted.sh" "$temp/scripted" slowloop
export BIN=$llama/bin/llama-server MODELS=$temp/scripted

healthy() {  # PORT: the model is loaded and questions are answered
  local status
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
  printf 'GET /health HTTP/1.0\r\n\r\n' >&3
  read -r status <&3 || status=
  exec 3>&-
  [[ $status == *" 200 "* ]]
}

run() {  # SCRIPT PORT [options]: one of the scripts in $servers that start llama.cpp
  start healthy "$2" bash "$servers/$1" "${@:2}"
}

plain=$(free_port)
run start-llamacpp.sh "$plain"
router=$(free_port)
NP=5 run start-llamacpp-scripted.sh "$router"
roomy=$(free_port)  # one call at a time has all of the context
NP=1 run start-llamacpp-scripted.sh "$roomy"
locked=$(free_port)
run start-llamacpp.sh "$locked" --api-key right
nobody=$(free_port)
long=$(printf 'a%.0s' {1..10000})

stories=openai@http://127.0.0.1:$plain/v1::stories260K
scripted=openai@http://127.0.0.1:$router/v1
guarded=openai@http://127.0.0.1:$locked/v1::stories260K
expect '^text: Hello there, I am a script\.$' "$check" ask "$scripted::hello" "Who are you?"
expect '^error: model_not_found: ' "$check" ask "$scripted::nobody" "Who are you?"
expect '^error: authentication: ' "$check" ask "$guarded" "Tell me a story." wrong
expect '^error: authentication: ' "$check" ask "$guarded" "Tell me a story."
expect '^text: [A-Z]' "$check" ask "$guarded" "Tell me a story." right
expect '^error: context_length_exceeded: ' "$check" ask "$stories" "$long"
expect '^error: [a-z_]+: .*plain server, use http://' "$check" ask "${stories/http:/https:}" "Hello?"
expect "^error: connect_failed: .*127\.0\.0\.1:$nobody" "$check" ask "openai@http://127.0.0.1:$nobody/v1::m" "Hello?"
expect 'five at once [^(]*\(the first after [^(]* times one$' "$check" five "$scripted::slowloop"

# How much faster five at once are than one is here the business of the server and its cores. Where the time
# passes in waiting, it is ours.
far=$(free_port)
start listening "$far" python3 "$(dirname "$0")/long_line.py" "$far" "$router" 1
ratio='(\.[0-9]+)? times one'
expect "that is [12]$ratio, five in turn [^,]*, that is [45]$ratio" "$check" five "openai@http://127.0.0.1:$far/v1::hello"

echo "--- every scripted model"
timeout 120 "$check" scripts "http://127.0.0.1:$roomy" || failures=$((failures + 1))

echo "--- tools in a loop"
timeout 120 "$check" runs "http://127.0.0.1:$roomy" || failures=$((failures + 1))

echo "--- the demos on a real model"
"$demo" --model "$stories" | tee "$temp/demo.txt"
[ "$(grep -c '^Demo [1-4]: ' "$temp/demo.txt")" = 4 ] || failures=$((failures + 1))
[ "$(grep -c '^   A: .*[a-z]' "$temp/demo.txt")" = 5 ] && ! grep -q 'A: ERROR' "$temp/demo.txt" || failures=$((failures + 1))
grep -q '^   Failed: 0$' "$temp/demo.txt" || failures=$((failures + 1))

echo "real-server: $failures failures"
[ "$failures" = 0 ]
