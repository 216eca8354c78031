#!/bin/bash
# Prints what this build is made of, as the asset build.json. No dates: the same source makes the same executable.
set -euo pipefail
cd "$(dirname "$0")/.."
printf '{"version":"%s","commit":"%s","libbpf":"%s","clang":"%s"}\n' \
  "$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' deno.json)" \
  "$(git describe --always --dirty 2>/dev/null || echo unknown)" \
  "$(package/libbpf.sh version)" \
  "$(clang -dumpversion)"
