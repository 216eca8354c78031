#!/bin/bash
# Prints what this build is made of, as the asset build.json. No dates: the same source makes the same executable.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git describe --always 2>/dev/null || echo unknown)
# Nothing of docs and tests is in an executable: what `make vm` and `make soak` write there makes none another.
if [ "$commit" != unknown ] && ! git diff --quiet HEAD -- . ':!docs' ':!tests'; then commit+=-dirty; fi
printf '{"version":"%s","commit":"%s","libbpf":"%s","clang":"%s"}\n' \
  "$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' deno.json)" \
  "$commit" \
  "$(package/libbpf.sh version)" \
  "$(clang -dumpversion)"
