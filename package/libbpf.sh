#!/bin/bash
# The pinned libbpf: one source for the headers that BPF programs include and for the library that loads them.
#
#   libbpf.sh headers DIR    copies the headers of BPF programs to DIR/bpf
#   libbpf.sh library FILE   makes the shared object FILE, which needs nothing but glibc 2.28
#   libbpf.sh version        prints its version
#
# libelf and zlib are Debian 12's archives whatever the host, since later ones need a later glibc or more libraries.
set -euo pipefail
here=$(realpath "$(dirname "$0")")

libbpf=(trixie libbpf 1.5.0-3 53492aff6dd47e4da04ef5e672d753b9743848bdb38e9d90eafbe190b7983c44)
case $(dpkg --print-architecture) in
amd64)
  libelf=(bookworm libelf-dev 0.188-2.1 79cb66b55021bd0130308369524bac5240d0b5463cb252cd44be6a1500fdebec)
  zlib=(bookworm zlib1g-dev 1:1.2.13.dfsg-1 f9ce531f60cbd5df37996af9370e0171be96902a17ec2bdbd8d62038c354094f)
  ;;
arm64)
  libelf=(bookworm libelf-dev 0.188-2.1 fe16ede10e1b80a2f882f0e83c52695e77280c61eebe7106f016d4025e82399b)
  zlib=(bookworm zlib1g-dev 1:1.2.13.dfsg-1 afb60f0bae432f2f0edfe2d674e99c1a13a147c9aa2b52f2f23e3df19ece76f5)
  ;;
esac
if [[ $* == version ]]; then
  version=${libbpf[2]}
  echo "${version%-*}"
  exit
fi
if [[ $# != 2 || ! $1 =~ ^(headers|library)$ ]]; then
  echo 'usage: libbpf.sh headers DIR, libbpf.sh library FILE, or libbpf.sh version' >&2
  exit 2
fi

into=$(realpath -m "$2")
if [[ $1 == library ]]; then
  key=$({ cat "$here"/{libbpf.sh,libbpf_shim.c,glibc.sh} && clang --version; } | sha256sum | cut -c1-16)
  cached=${NETTRACE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/nettrace}/libbpf-$key.so
  mkdir -p "${cached%/*}"
  [[ -e $cached ]] && exec cp "$cached" "$into"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tarball=$("$here/debian.sh" source "${libbpf[@]}")
tar -xf "$tarball" -C "$work" --strip-components=1

if [[ $1 == headers ]]; then
  mkdir -p "$into/bpf"
  cp "$work"/src/bpf_{helpers,helper_defs,tracing,core_read,endian}.h "$into/bpf/"
  exit
fi

for pin in libelf zlib; do
  declare -n package=$pin
  deb=$("$here/debian.sh" fetch "${package[@]}")
  dpkg-deb --extract "$deb" "$work"
done

# Everything is named relative to the source, so that neither $work nor the caller's directory reaches the file.
cd "$work/src"
cp "$here/libbpf_shim.c" .
flags=(-O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -w
  -I. -I../include -I../include/uapi -I../usr/include)
printf '%s\n' *.c | xargs -P "$(nproc)" -I{} bash -c '
  [[ $0 == libbpf_shim.c ]] && standard=(-std=c11) || standard=(-std=gnu89 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64)
  exec clang "${standard[@]}" "$@" -c "$0"' {} "${flags[@]}"
clang -shared -fuse-ld=lld -Wl,--version-script=libbpf.map -Wl,-soname,libbpf.so.1 -Wl,--gc-sections -Wl,-z,relro,-z,now \
  -Wl,--no-undefined -Wl,--build-id=none -o libbpf.so ./*.o ../usr/lib/*/lib{elf,z}.a
llvm-strip --remove-section=.comment libbpf.so

"$here/glibc.sh" libbpf.so
cp libbpf.so "$into"
mv libbpf.so "$cached.$$"
mv "$cached.$$" "$cached" # in one step, as builds may run side by side
