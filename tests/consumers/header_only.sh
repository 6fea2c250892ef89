#!/bin/sh
# header_only.sh SOURCE BUILD: the commands that README.md gives for programs that link no library.
set -eu
source=$1
build=$2/header_only
sources=/usr/share/llhttp headers=/usr/share/include/llhttp
if [ ! -f "$sources/llhttp.c" ] || [ ! -f /usr/include/simdjson.h ]; then
  echo "SKIPPED: the sources of llhttp or the headers of simdjson are not where Debian has them"
  exit 0
fi
rm -rf "$build" && mkdir -p "$build" && cd "$build"
cc -c "$sources/api.c" "$sources/http.c" "$sources/llhttp.c" -I"$headers"
for file in main other; do
  $CXX $CXXFLAGS -std=c++20 -I"$source/include" -I"$headers" -DASYNCLLM_WITH_TLS -DASYNCLLM_WITH_ZLIB \
    -c "$source/tests/consumers/header_only/$file.cpp" -o $file.o
done
$CXX $CXXFLAGS ./*.o -o consumer -lsimdjson -lssl -lcrypto -lz -pthread
./consumer
