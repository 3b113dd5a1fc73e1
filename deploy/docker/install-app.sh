#!/bin/sh
# Run by the Dockerfile in the checkout's root: install-app.sh WORKSPACE
# Installs what this one app needs to run, by the lockfile, and removes the apps and packages that it does not import.
set -eu

npm ci --omit=dev --workspace "$1"

# npm has linked the app and every package of ours that it needs.
links=$(readlink -f node_modules/@fairlead/*)
for folder in apps/* packages/* deploy/*; do
  [ "$folder" = deploy/docker ] && continue
  echo "$links" | grep -qx "$PWD/$folder" || rm -rf "$folder"
done
# The images have a worker already: its sources are for building one.
rm -rf tests node_modules/mediasoup/worker deploy/docker/*.sh deploy/docker/Dockerfile*
