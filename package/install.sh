#!/bin/bash
# Installs what users of the executable get with it.
#
#   install.sh DESTDIR PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
prefix=$2 root=$1$2

install -D -m 755 nettrace "$root/bin/nettrace"
version=$(./nettrace version | sed -n '1s/^nettrace *\([^ ]*\).*/\1/p')
out/deno run -A package/pages.ts "$root" "$version"

# The units name the executable by its path.
(cd kit/systemd && find . -type f) | while read -r file; do
  sed "s,/usr/local/bin/,$prefix/bin/,g" "kit/systemd/$file" | install -D -m 644 /dev/stdin "$root/lib/systemd/system/$file"
done

# What has its place in /etc is the administrator's to put there.
for file in cron.d/nettrace logrotate.d/nettrace tmpfiles.d/nettrace.conf record.conf; do
  install -D -m 644 "kit/$file" "$root/share/nettrace/$file"
done
