#!/bin/bash
# Builds mediasoup-worker from an unpacked mediasoup npm package against the
# system's libraries, with no network access.
#   build-worker.sh PACKAGE_DIR OUTPUT_BINARY [BUILD_DIR]
# It needs the packages that ../src/system-packages.ts lists.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd)
output=$(realpath -m "$2")
build=$(realpath -m "${3:-$(mktemp -d)}")

rm -rf "$build/worker" "$build/out"
mkdir -p "$build" "$(dirname "$output")"
cp -r "$package/worker" "$build/worker"
cd "$build/worker"

# patch_once FILE FROM TO: replaces one fixed string, which must be there once.
# In bash alone: the python3 that comes first on PATH need not be meson's.
patch_once() {
  [ "$(grep -cF -- "$2" "$1")" = 1 ] || { echo "cannot patch $1: '$2'" >&2; exit 1; }
  local text
  text=$(cat "$1"; printf x) # The x keeps the newlines at the end, which $() drops.
  text=${text%x}
  printf '%s' "${text%%"$2"*}$3${text#*"$2"}" > "$1"
}

# Debian 12's meson is 1.0.1; nothing newer than that is used.
patch_once meson.build "meson_version: '>= 1.1.0'" "meson_version: '>= 1.0.0'"

# The callback on the outgoing BIO means to hand the result of each operation on,
# but the operation it is told of has other bits besides BIO_CB_RETURN, so it
# answers 1 ("yes") to everything. An OpenSSL with kernel TLS, such as Debian's,
# also asks the BIO whether the kernel does the encryption, believes the "yes",
# allocates no write buffer and crashes in the first DTLS handshake.
patch_once src/RTC/DtlsTransport.cpp "(operationType == BIO_CB_RETURN)" "(operationType & BIO_CB_RETURN)"

# Each wrap names the directory its sources would be unpacked in. Meson downloads
# nothing where that directory exists already.
for name in libuv openssl libsrtp3 flatbuffers abseil-cpp unordered-dense; do
  directory=$(sed -n 's/^directory *= *//p' "subprojects/$name.wrap")
  cp -r "$here/shims/$name" "subprojects/$directory"
  cp "$here/shims/empty.c" "subprojects/$directory/"
done

meson setup --buildtype release -Db_ndebug=true --wrap-mode=nodownload "$build/out"
ninja -C "$build/out" mediasoup-worker
install -m 0755 -s "$build/out/mediasoup-worker" "$output"

# Without MEDIASOUP_VERSION in its environment the worker exits with code 41.
status=0
env -i "$output" > /dev/null 2>&1 || status=$?
[ "$status" = 41 ] || { echo "the worker built does not start (exit code $status)" >&2; exit 1; }
echo "built $output"
