#!/usr/bin/env bash
# usage: run.sh CHECK TLS
# Runs tinyproxy, squid and microsocks on free loopback ports and asks through them by the program
# CHECK (check.cpp). TLS: ON if it was built with TLS, else every https URL must be refused in words.
# Skipped (77) where one of them is not installed.
set -euo pipefail
check=$1
tls_built=$2
PATH=$PATH:/usr/sbin
for proxy in tinyproxy squid microsocks openssl python3; do
  command -v $proxy >/dev/null || { echo "SKIPPED: $proxy is not installed"; exit 77; }
done

. "$(dirname "$0")/../support/servers.sh"
chmod 755 "$temp"

expect_https() {  # the same where the URL asked is https
  local pattern=$1
  shift
  [ "$tls_built" = ON ] || pattern='^error: unsupported: .*https needs a build of asyncllm with TLS'
  expect "$pattern" "$@"
}

mkfifo "$temp/input" "$temp/port"
"$check" server <"$temp/input" >"$temp/port" &
pids+=($!)
exec 4>"$temp/input"
read -r server <"$temp/port"

# A TLS server with a tunnel-worthy answer: it accepts, and the client refuses its certificate.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
  -keyout "$temp/key.pem" -out "$temp/cert.pem" 2>/dev/null
tls=$(free_port)
start listening "$tls" openssl s_server -accept "127.0.0.1:$tls" -cert "$temp/cert.pem" -key "$temp/key.pem" -quiet -no_dhe

tiny=$(free_port)
cat >"$temp/tinyproxy.conf" <<END
Port $tiny
Listen 127.0.0.1
Timeout 30
Allow 127.0.0.1
BasicAuth al s3cret
ConnectPort $tls
END
start listening "$tiny" tinyproxy -d -c "$temp/tinyproxy.conf"

squid=$(free_port)
mkdir -m 777 "$temp/squid"
cat >"$temp/squid.conf" <<END
http_port 127.0.0.1:$squid
pid_filename $temp/squid/pid
cache_log $temp/squid/cache.log
access_log none
cache deny all
acl forbidden dstdomain forbidden.invalid
http_access deny forbidden
http_access allow all
shutdown_lifetime 0 seconds
END
start listening "$squid" squid -N -f "$temp/squid.conf"

socks=$(free_port)
start listening "$socks" microsocks -i 127.0.0.1 -p "$socks" -u al -P s3cret

url=http://127.0.0.1:$server/v1
answers='^Are you there\? Still there\?
Are you there\? Still there\?$'
nobody=$(free_port)

echo "--- tinyproxy"
expect "$answers" "$check" ask "$url" "http://al:s3cret@127.0.0.1:$tiny"
expect '^error: [a-z_]+: .*40[17]' "$check" ask "$url" "http://al:wrong@127.0.0.1:$tiny"
expect_https '^error: tls_failed: .*certificate is not trusted' "$check" ask "https://127.0.0.1:$tls/v1" "http://al:s3cret@127.0.0.1:$tiny"
expect_https "^error: connect_failed: the proxy http://127\.0\.0\.1:$tiny rejected the user name and password \(40[17]" "$check" ask "https://127.0.0.1:$tls/v1" "http://al:wrong@127.0.0.1:$tiny"
expect_https "^error: connect_failed: .*requires a user name and password in its URL \(407" "$check" ask "https://127.0.0.1:$tls/v1" "http://127.0.0.1:$tiny"
expect_https '^error: connect_failed: .*refused the connection \(403' "$check" ask "https://127.0.0.1:$nobody/v1" "http://al:s3cret@127.0.0.1:$tiny"

echo "--- squid"
expect "$answers" "$check" ask "$url" "http://127.0.0.1:$squid"
expect_https '^error: tls_failed: .*certificate is not trusted' "$check" ask "https://127.0.0.1:$tls/v1" "http://127.0.0.1:$squid"
expect_https '^error: connect_failed: .*refused the connection \(503' "$check" ask "https://127.0.0.1:$nobody/v1" "http://127.0.0.1:$squid"
expect_https '^error: connect_failed: .*refused the connection \(403' "$check" ask "https://forbidden.invalid/v1" "http://127.0.0.1:$squid"
expect '^error: overloaded: .*503.* through the proxy http://127' "$check" ask "http://127.0.0.1:$nobody/v1" "http://127.0.0.1:$squid"

echo "--- microsocks"
expect "$answers" "$check" ask "$url" "socks5://al:s3cret@127.0.0.1:$socks"
expect "$answers" "$check" ask "http://localhost:$server/v1" "socks5://al:s3cret@127.0.0.1:$socks"
expect_https '^error: tls_failed: .*certificate is not trusted' "$check" ask "https://127.0.0.1:$tls/v1" "socks5://al:s3cret@127.0.0.1:$socks"
expect '^error: connect_failed: .*rejected the user' "$check" ask "$url" "socks5://al:wrong@127.0.0.1:$socks"
expect '^error: connect_failed: .*requires a user name and password' "$check" ask "$url" "socks5://127.0.0.1:$socks"
expect '^error: connect_failed: .*refused the connection \(connection refused\)' "$check" ask "http://127.0.0.1:$nobody/v1" "socks5://al:s3cret@127.0.0.1:$socks"

echo "--- from the environment"
export all_proxy=socks5://127.0.0.1:$nobody
expect "$answers" "$check" ask "$url"
expect "^error: connect_failed: cannot connect to the proxy socks5://127\.0\.0\.1:$nobody" "$check" ask http://llm.invalid/v1
export no_proxy=.invalid
expect '^error: resolve_failed: ' "$check" ask http://llm.invalid/v1

echo "real-proxies: $failures failures"
[ "$failures" = 0 ]
