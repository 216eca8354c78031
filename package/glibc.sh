#!/bin/bash
# glibc.sh LIBRARY...: fails unless each needs nothing but glibc 2.28.
set -euo pipefail
for library in "$@"; do
  needed=$(llvm-readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vx 'libc.so.6\|ld-linux.*' || true)
  if [[ $needed ]]; then
    echo "glibc.sh: $library must need nothing but libc.so.6, and needs $needed." >&2
    exit 1
  fi
  newest=$(llvm-readelf -V "$library" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
  if ! printf '%s\n' "$newest" GLIBC_2.28 | sort -CV; then
    echo "glibc.sh: $library must load with glibc 2.28, and needs $newest; shim what asks for it." >&2
    exit 1
  fi
done
