#!/bin/bash
# Prints the path of the pinned Deno: the one on PATH if it is exactly that, else the cached one, else npm's.
# The version is one that npm has for both architectures, and the packed executable depends on its hidden flags.
set -euo pipefail
version=2.9.5

case $(uname -m) in
x86_64) platform=x64 sha256=a6a758a7776cc9b405c267902dae9cef8426239dd656bb767611c24c7ab75222 ;;
aarch64) platform=arm64 sha256=32aa20fd0753ab4a8bd50cb78c3bae19d6fe9b39645fa98c936d666ead1c8dcc ;;
*)
  echo "deno.sh: there is no Deno for $(uname -m); build on x86_64 or aarch64." >&2
  exit 1
  ;;
esac

# A script named deno (npm's launcher) will not do: the executable is made from the program itself.
if found=$(type -P deno) && [[ $(head -c4 "$found") == $'\x7fELF' && $("$found" --version) == "deno $version "* ]]; then
  echo "$found"
  exit
fi

cached=${NETTRACE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/nettrace}/deno-$version-$platform/deno
if [[ ! -x $cached ]]; then
  mkdir -p "${cached%/*}"
  into=$(mktemp -d "${cached%/*}.XXXXXX")
  trap 'rm -rf "$into"' EXIT
  cd "$into"
  if ! type -P npm >/dev/null || ! tarball=$(npm pack --silent "@deno/linux-$platform-glibc@$version" 2>npm.log); then
    echo "deno.sh: put Deno $version on PATH, or make npm able to fetch @deno/linux-$platform-glibc@$version (see: make deps)." >&2
    exit 1
  fi
  if ! echo "$sha256  $tarball" | sha256sum --check --status; then
    echo "deno.sh: npm's $tarball is not the pinned file: its sha256 is $(sha256sum <"$tarball" | cut -d' ' -f1)." >&2
    exit 1
  fi
  tar -xzf "$tarball" package/deno
  mv package/deno "$cached" # last, so that a cached Deno is always a whole one
fi
echo "$cached"
