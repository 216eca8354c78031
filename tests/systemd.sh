# Runs the commands in $1 beside a systemd that has the kit's units, in namespaces, a cgroup and directories of its own.
# $2 is nettrace, $3 the kit; what follows are drop-ins, as name and text. systemctl "$@" speaks to it.
set -e
commands=$1 nettrace=$2 kit=$3
shift 3
mount --make-rprivate /
[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/nettrace-kit-$$
mkdir "$group"
leave() {
  [ -z "$manager" ] || kill -KILL "$manager" 2>/dev/null || true
  wait
  echo 0 >/sys/fs/cgroup/cgroup.procs
  find "$group" -depth -type d -exec rmdir {} + || true
}
trap leave EXIT
echo 0 >"$group/cgroup.procs"
for directory in /run /var/log /usr/local/bin /usr/local/lib /usr/local/share; do
  mount -t tmpfs -o mode=755 tmpfs $directory
done
for directory in /etc /var/lib; do
  mkdir -p /run/own$directory/upper /run/own$directory/work
  mount -t overlay -o "lowerdir=$directory,upperdir=/run/own$directory/upper,workdir=/run/own$directory/work" overlay $directory
done
rm -rf /etc/nettrace /var/lib/nettrace /var/lib/private
mkdir -p /run/systemd/system /usr/local/lib/systemd
cp "$nettrace" /usr/local/bin/nettrace
cp -r "$kit/systemd" /usr/local/lib/systemd/system
printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/kit.target
for unit in nettrace-record.service nettrace-window.service nettrace-window.timer; do
  mkdir "/run/systemd/system/$unit.d"
  printf '[Unit]\nDefaultDependencies=no\nAfter=\n' >"/run/systemd/system/$unit.d/alone.conf"
done
while [ $# -gt 0 ]; do
  printf '%s\n' "$2" >"/run/systemd/system/$1"
  shift 2
done
container=nettrace container_uuid=$(cat /proc/sys/kernel/random/uuid) unshare --cgroup --pid --fork --mount-proc --uts --ipc \
  sh -ec 'umount /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  exec /lib/systemd/systemd --system --unit=kit.target --show-status=no --log-target=kmsg --log-level=crit' </dev/null >/dev/null 2>&1 &
unshare=$!
until [ -S /run/systemd/private ]; do sleep 0.05; done
manager=$(cat /proc/$unshare/task/$unshare/children)
manager=${manager% }
inside() { nsenter --target "$manager" --mount --pid "$@"; }
eval "$commands"
