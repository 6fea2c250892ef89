#!/bin/sh
# Installs what asyncllm needs from this system's own packages, and nothing else.
#   sh cmake/setup.sh        to build the library, its demos and its tests
#   sh cmake/setup.sh ci     and what only the project's own checks need (Debian)
# Repeatable: where everything is there already, it does nothing and needs no root.
set -eu

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || { echo "setup: need root or sudo for: $*" >&2; exit 1; }
  echo "+ sudo $*"; sudo "$@"
}

# Prints those of the named packages that are not installed.
missing_of() {
  for package in "$@"; do have "$package" || printf ' %s' "$package"; done
}

if command -v apt-get >/dev/null; then                  # Debian 12+, Ubuntu 24.04+
  have() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]; }
  needed="cmake ninja-build g++ libasio-dev nlohmann-json3-dev libsimdjson-dev libssl-dev zlib1g-dev catch2 ca-certificates"
  if [ "${1-}" = ci ]; then
    needed="$needed git ccache clang-16 libclang-rt-16-dev libc++-16-dev libc++abi-16-dev clang-format-19 doxygen patchelf pkg-config python3 openssl tinyproxy squid microsocks valgrind libboost1.81-dev"
  fi
  missing=$(missing_of $needed)
  llhttp="libllhttp-dev node-llhttp"                    # a library since Debian 13, its C files before
  for package in $llhttp; do
    if have "$package"; then llhttp=; break; fi
  done
  [ -n "$missing$llhttp" ] || exit 0
  echo "setup: missing:$missing${llhttp:+ llhttp}"
  as_root apt-get update -qq
  for package in $llhttp; do                            # neither is known: CMake fetches it
    if apt-cache show "$package" >/dev/null 2>&1; then missing="$missing $package"; break; fi
  done
  [ -n "$missing" ] || exit 0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
elif command -v dnf >/dev/null; then                    # Fedora
  have() { rpm -q "$1" >/dev/null 2>&1; }
  missing=$(missing_of cmake ninja-build gcc-c++ asio-devel json-devel simdjson-devel llhttp-devel openssl-devel zlib-devel catch-devel)
  [ -n "$missing" ] || exit 0
  echo "setup: missing:$missing"
  as_root dnf install -y $missing
elif command -v brew >/dev/null; then                   # macOS, Homebrew on Linux
  have() { brew list --versions "$1" >/dev/null; }
  missing=$(missing_of cmake ninja asio nlohmann-json simdjson llhttp openssl@3 catch2)
  [ -n "$missing" ] || exit 0
  echo "setup: missing:$missing"
  brew install --quiet $missing
else
  echo "setup: install CMake 3.25 or newer, Ninja, a C++20 compiler and OpenSSL; CMake fetches the rest" >&2
fi
