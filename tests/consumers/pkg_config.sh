#!/bin/sh
# pkg_config.sh SOURCE BUILD PREFIX: a program by the compiler and pkg-config alone.
set -eu
source=$1
build=$2/pkg_config
prefix=$3
if ! command -v pkg-config >/dev/null; then
  echo "SKIPPED: pkg-config is not installed"
  exit 0
fi
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name asyncllm.pc)")
export PKG_CONFIG_PATH
rm -rf "$build" && mkdir -p "$build" && cd "$build"
for static in "" --static; do
  $CXX $CXXFLAGS -std=c++20 "$source/tests/consumers/main.cpp" -o consumer \
    $(pkg-config --cflags --libs $static asyncllm_testing)
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir asyncllm) ./consumer
done
