#!/bin/sh
# Runs inside new mount and process namespaces: turns the prepared root into /, shows the function's code in it, gives
# up every privilege and starts the program.
#   enter.sh root|user ROOT TASK LAYERS NODE TMP_MIB [READ_ONLY_FILE ...] -- COMMAND ...
set -eu
privilege=$1 root=$2 task=$3 layers=$4 node=$5 tmp_mib=$6
shift 6

show() { mount -o bind,ro,nosuid,nodev "$1" "$root$2"; }

mount --bind "$root" "$root"
show "$task" /var/task
show "$layers" /opt
show "$node" /var/lang/bin/node
for device in null zero full random urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o "nosuid,nodev,mode=1777,size=${tmp_mib}m" tmpfs "$root/tmp"
while [ "$1" != -- ]; do
  # Below /tmp the place was covered by the mount just made.
  mkdir -p "$root$(dirname "$1")" && : >>"$root$1"
  show "$1" "$1"
  shift
done
shift
mount -o remount,bind,ro,nosuid "$root"

cd "$root"
pivot_root . mnt
cd /
/var/rapid/umount -l /mnt

# A shell stays as process 1, so that the program has no init's duties and privileges; Lambda's limit is 1024 files.
init='ulimit -c 0; ulimit -n 1024; cd /var/task; unset OLDPWD; "$@"; exit $?'
if [ "$privilege" = root ]; then
  exec /var/rapid/setpriv --reuid=993 --regid=990 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    --pdeathsig=KILL -- /bin/sh -c "$init" init "$@"
fi
exec /var/rapid/unshare --user --map-user=993 --map-group=990 -- \
  /var/rapid/setpriv --no-new-privs --pdeathsig=KILL -- /bin/sh -c "$init" init "$@"
