#!/usr/bin/env bash
# A hermetic rebuild as a careful person would type it, with bubblewrap. Everything it needs is in the environment.
# A tmpfs needs a mount namespace of our own.
[ -n "${INSIDE:-}" ] || INSIDE=1 exec unshare --user --map-root-user --mount --propagation private -- bash "$0" "$@"
source "$(dirname "${BASH_SOURCE[0]}")/source.sh"

work=$FOLDER/work
mkdir "$work"
mount -t tmpfs -o "size=$DISK,mode=0755,nosuid,nodev" tmpfs "$work"
mkdir "$work"/{home,output,tmp}
published_and_source "$work/source"

sandbox() { # <more bwrap flags ...> -- <command ...>
  bwrap --unshare-user --unshare-all --disable-userns --die-with-parent --new-session --clearenv --cap-drop ALL \
    --uid 10001 --gid 10001 --hostname builder --ro-bind "$ROOTFS" / --proc /proc --dev /dev --tmpfs /opt \
    --ro-bind "$NODE" /opt/node --ro-bind "$NPM" /opt/npm --ro-bind "$SHIMS" /opt/shims \
    --ro-bind "$FORWARDER" /opt/forwarder/forward.js --ro-bind "$HELPERS" /opt/inside --bind "$work" /work --chdir /work --seccomp 3 "$@" 3<"$SECCOMP"
}

[ ${#fetch[@]} = 0 ] ||
  sandbox --ro-bind "$SOCKET_FOLDER" /run/registry -- /usr/bin/bash -c "$steps" steps "${fetch[@]}"
sandbox -- /usr/bin/bash -c "$steps" steps "${rest[@]}"
cp "$work"/output/*.tgz rebuilt.tgz
same
