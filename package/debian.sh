#!/bin/bash
# One pinned file from any Debian suite, through an apt state of our own: the machine's apt is read, never changed.
#
#   debian.sh fetch   SUITE PACKAGE VERSION SHA256   prints the path of the .deb in the cache
#   debian.sh source  SUITE PACKAGE VERSION SHA256   prints the path of the upstream tarball of source package PACKAGE
#   debian.sh current SUITE PACKAGE                  prints "VERSION SHA256" of the .deb the suite has now
#
# Exit codes: 1 failure, 2 usage, 3 the suite no longer has that version.
set -euo pipefail
umask 022

die() {
  printf 'debian.sh: %s\n' "$2" >&2
  exit "$1"
}

case ${1-}/$# in
fetch/5 | source/5 | current/3) ;;
*) die 2 'usage: debian.sh fetch|source SUITE PACKAGE VERSION SHA256, or debian.sh current SUITE PACKAGE' ;;
esac
action=$1 suite=$2 package=$3 version=${4-} sha256=${5-}
[[ $suite =~ ^[a-z][a-z0-9-]*$ ]] || die 2 "$suite is not the name of a suite."

cache=${NETTRACE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/nettrace}
files=$cache/debian
arch=$(dpkg --print-architecture)
mkdir -p "$files"

# Keeps the file $1 under the name $2 if it is the pinned one, and prints where.
keep() {
  echo "$sha256  $1" | sha256sum --check --status ||
    die 1 "$package $version from $suite is not the pinned file: its sha256 is $(sha256sum <"$1" | cut -d' ' -f1)."
  mv "$1" "$files/$2"
  echo "$files/$2"
}

case $action in
fetch) name=${package}_${version//:/%3a}_$arch.deb ;;
source) name=${package}_${version//:/%3a}.source ;;
current) name= ;;
esac
if [[ $name && -e $files/$name ]] && echo "$sha256  $files/$name" | sha256sum --check --status; then
  echo "$files/$name"
  exit
fi

type=deb
[[ $action == source ]] && type=deb-src
state=$cache/apt/$suite-$type
mkdir -p "$state"/{lists,archives}/partial
: >>"$state/status"
exec 9>"$state/lock"
flock 9

# Proxies, credentials and retries are the machine's; sources, hooks and preferences are not.
export APT_CONFIG=$state/apt.conf
write_config() {
  env -u APT_CONFIG apt-config dump | grep '^Acquire::' | grep -v '^Acquire::\(IndexTargets\|Languages\)'
  cat <<CONF
Acquire::Languages "none";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::GzipIndexes "true";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
CONF
}
write_config >"$APT_CONFIG"

# The archives this machine is configured for, of which the first that has the suite is taken. A security archive is
# beside the main one by convention.
archives() {
  local uris
  uris=$(env -u APT_CONFIG apt-get update --print-uris 2>/dev/null)
  if [[ $suite == *-security ]]; then
    sed -En "s#^'(.*)/dists/[a-z]+-security/(In)?Release'.*#\1#p; s#^'(.*)/dists/[a-z]+/(In)?Release'.*#\1-security#p" <<<"$uris"
  else
    sed -En "s#^'(.*)/dists/[a-z]+/(In)?Release'.*#\1#p" <<<"$uris"
  fi | awk '!seen[$0]++'
}

update() {
  local archive keyring=/usr/share/keyrings/debian-archive-keyring
  for keyring in $keyring.pgp $keyring.gpg ''; do [[ -e $keyring ]] && break; done
  [[ $keyring ]] || die 1 "Debian's keys are missing: apt-get install debian-archive-keyring"
  for archive in $(archives); do
    echo "$type [signed-by=$keyring] $archive $suite main" >"$state/sources.list"
    apt-get update -q --error-on=any >"$state/log" 2>&1 && return
  done
  die 1 "none of the archives apt is configured for gave $suite ($(grep -m1 '^[EW]:' "$state/log" 2>/dev/null || echo 'no Debian archive is configured'))."
}

# Version and sha256 (of a .deb) that the suite has now; nothing when it has no such package.
current() {
  if [[ $type == deb ]]; then
    { apt-cache show --no-all-versions "$package" 2>/dev/null || true; } | awk '/^Version:/ { v = $2 } /^SHA256:/ { print v, $2 }'
  else
    { apt-cache showsrc --only-source "$package" 2>/dev/null || true; } | awk '/^Version:/ { print $2 }' | sort -V | tail -1
  fi
}

download() {
  local into=$state/download
  rm -rf "$into"
  mkdir "$into"
  cd "$into"
  if [[ $type == deb ]]; then
    apt-get download -q "$package=$version" >"$state/log" 2>&1
  else
    apt-get source -q --download-only --tar-only --only-source "$package=$version" >"$state/log" 2>&1
  fi
}

if [[ $action == current ]]; then
  update
  answer=$(current)
  [[ $answer ]] || die 1 "$suite has no package $package."
  echo "$answer"
elif [[ -e $state/sources.list ]] && download || { update && download; }; then
  keep "$state/download/"* "$name"
else
  answer=$(current)
  answer=${answer%% *}
  [[ $answer != "$version" ]] || die 1 "$package $version could not be downloaded ($(grep -m1 '^[EW]:' "$state/log"))."
  die 3 "$suite no longer has $package $version: it has ${answer:-no version of it} now."
fi
