# Runs as pid 1 of a test's namespaces: sets the stage, says "ready PID" (pid as the world outside sees it) and then
# lives as long as its stdin, adopting and reaping orphans. When it ends, the kernel kills everything in here.
# Arguments: folder, name of the environment, uid and gid of the test user.
set -eu
dir=$1 name=$2 uid=$3 gid=$4
read -r pid _ </proc/self/stat
mount -t proc -o nosuid,nodev,noexec proc /proc
V1="cpu cpuacct cpuset memory devices freezer blkio pids hugetlb"
cg=/sys/fs/cgroup

# Overlay can't use a folder on overlay as its upper layer.
if [ "$(stat -f -c %T "$dir")" = overlayfs ]; then mount -t tmpfs -o mode=755 tmpfs "$dir"; fi
mkdir -p "$dir/containers" "$dir/etc" "$dir/home" "$dir/work"
chown "$uid:$gid" "$dir/home" "$dir/work"

mkdir -p /var/lib/containers /etc/containers
mount --bind "$dir/containers" /var/lib/containers
mount --bind "$dir/etc" /etc/containers
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p -m 755 /run/lock "/run/user"
install -d -m 700 -o "$uid" -g "$gid" "/run/user/$uid"

# As udev makes it: some hosts keep it for root.
if [ -e /dev/net/tun ]; then
  mknod -m 666 "$dir/tun" c 10 200
  mount --bind "$dir/tun" /dev/net/tun
fi

# A subtree of the cgroups that looks like the whole from inside.
if [ -e $cg/cgroup.controllers ]; then
  mkdir "$cg/$name"
  echo 0 >"$cg/$name/cgroup.procs"
else
  for h in $V1 systemd; do
    [ -d "$cg/$h" ] || continue
    mkdir "$cg/$h/$name"
    if [ $h = cpuset ]; then
      cat $cg/cpuset/cpuset.cpus >"$cg/cpuset/$name/cpuset.cpus"
      cat $cg/cpuset/cpuset.mems >"$cg/cpuset/$name/cpuset.mems"
    fi
    # `tasks` moves this one thread without the grace period that `cgroup.procs` costs.
    echo 0 >"$cg/$h/$name/tasks"
  done
fi
exec unshare --cgroup sh -euc '
cg=/sys/fs/cgroup
if [ -e $cg/cgroup.controllers ]; then
  umount -l $cg
  mount -t cgroup2 cgroup2 $cg
  mkdir $cg/keeper
  echo 0 >$cg/keeper/cgroup.procs
  for c in $(cat $cg/cgroup.controllers); do echo "+$c" >$cg/cgroup.subtree_control || :; done
  # What a login manager delegates to the user, and where commands are in it.
  mkdir $cg/user $cg/user/commands
  for g in user user/commands; do
    chown "$3:$4" $cg/$g $cg/$g/cgroup.procs $cg/$g/cgroup.subtree_control $cg/$g/cgroup.threads
  done
else
  had=" $(ls $cg | tr "\n" " ") "
  mount -t tmpfs -o mode=755 cgroup $cg
  for h in $2; do
    case "$had" in *" $h "*) mkdir $cg/$h; mount -t cgroup -o $h cgroup $cg/$h ;; esac
  done
  case "$had" in *" systemd "*) mkdir $cg/systemd; mount -t cgroup -o none,name=systemd cgroup $cg/systemd ;; esac
  case "$had" in *" unified "*) mkdir $cg/unified; mount -t cgroup2 cgroup2 $cg/unified ;; esac
fi
ip link set lo up
echo "ready $1"
cat
exit 0' sh "$pid" "$V1" "$uid" "$gid"
