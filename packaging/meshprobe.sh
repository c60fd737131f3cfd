#!/bin/sh
# Runs meshprobe with the Node that came with it, wherever this tree lies.
here=$(dirname "$(readlink -f "$0")")
exec "$here/../lib/meshprobe/node" "$here/../lib/meshprobe/dist/cli.js" "$@"
