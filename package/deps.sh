#!/bin/bash
# Installs the Debian packages that building, testing or booting other kernels takes; says nothing when all are there.
#
#   deps.sh GROUP...   of: build, test, vm, bench
set -euo pipefail

packages=()
for group in "$@"; do
  case $group in
  build)
    packages+=(clang lld llvm libc6-dev linux-libc-dev make git ca-certificates debian-archive-keyring)
    # npm's client is only the way to get Deno, so it is no use where Deno is
    [[ $(type -P npm deno) ]] || packages+=(npm)
    ;;
  test)
    packages+=(strace iproute2 nftables libcap2-bin libbpf1 libbpf-tools systemd coreutils util-linux bsdutils e2fsprogs)
    packages+=(cron logrotate mandoc)
    packages+=(chromium-headless-shell) # the largest by far: 96 MB to fetch, 306 MB installed
    ;;
  bench) packages+=(libbpf-dev libbpf1 libbpf-tools coreutils util-linux zstd) ;;
  vm) packages+=(qemu-system-x86 busybox-static cpio zstd lz4 xz-utils iproute2 nftables libbpf-tools bpftrace) ;;
  *)
    echo "deps.sh: there is no group $group; say build, test, vm or bench." >&2
    exit 2
    ;;
  esac
done

installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package installed" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} == 0 ]] && exit

if [[ $(id -u) != 0 ]]; then
  echo "deps.sh: packages are missing; run: sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
