#!/bin/bash
# executable.sh denort|packed|auto FILE ASSET...: makes the executable FILE of out/bundle and the assets.
#
# denort is the official way and the smaller file, but its runtime comes from Deno's own download server or DENORT_BIN.
# packed needs nothing but the Deno that is already here. auto is denort where that can be had, else packed.
set -euo pipefail
cd "$(dirname "$0")/.."
runtime=$1 file=$2
shift 2

# The V8 code cache of a compiled program lies in a directory that any user may write to, so it must stay off.
denort() {
  rm -rf out/denort
  mkdir -p out/denort/asset
  cp out/bundle/*.js out/denort/
  cp "$@" out/denort/asset/
  flags=$(out/deno run package/v8_flags.ts)
  cd out/denort
  timeout 120 ../deno compile "$flags" --allow-all --no-code-cache --no-config --no-lock --no-remote --no-npm \
    --cached-only --no-check --no-prompt --quiet --include asset --output nettrace main.js
  mv nettrace ../../"$file"
}

packed() {
  out/deno run -A package/pack.ts out/deno out/stub.bin out/program.eszip "$file" "$@"
}

case $runtime in
denort)
  if ! (denort "$@") 2>out/denort.log; then
    echo "executable.sh: there is no denort for this Deno (see out/denort.log); set DENORT_BIN, or use RUNTIME=packed." >&2
    exit 1
  fi
  ;;
packed) packed "$@" ;;
auto) (denort "$@") 2>out/denort.log || packed "$@" ;;
*)
  echo "executable.sh: RUNTIME is denort, packed or auto, not $runtime." >&2
  exit 2
  ;;
esac
