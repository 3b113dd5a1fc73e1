#!/bin/sh
# Run by the Dockerfile in the checkout's root: make-worker.sh FOLDER
# Puts the mediasoup worker into the folder, and the names of the Debian packages with its libraries into the file `packages` there.
set -eu

npm ci --omit=dev --workspace @fairlead/mediasoup-worker
bin=$(node deploy/mediasoup-worker/src/cli.ts)
mkdir -p "$1"
cp "$bin" "$1/mediasoup-worker"
ldd "$bin" | awk '$2 == "=>" { print $1 }' | while read -r library; do
  dpkg-query --search "*/$library" | cut -d: -f1
done | sort -u > "$1/packages"
cat "$1/packages"
