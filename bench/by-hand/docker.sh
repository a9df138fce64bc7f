#!/usr/bin/env bash
# A hermetic rebuild as a careful person would type it, with Docker. Everything it needs is in the environment.
source "$(dirname "${BASH_SOURCE[0]}")/source.sh"

published_and_source source

flags=(--network none --cap-drop ALL --security-opt no-new-privileges --read-only --ipc private
  --shm-size 64m --pids-limit 1028 --memory "$MEMORY" --memory-swap "$MEMORY" --ulimit core=0 --log-driver none
  --hostname builder --user 10001:10001 --workdir /work)
bind() { flags+=(--mount "type=bind,source=$1,target=$2,readonly"); }
bind "$NODE" /opt/node
bind "$NPM" /opt/npm
bind "$SHIMS" /opt/shims
bind "$FORWARDER" /opt/forwarder/forward.js
bind "$HELPERS" /opt/inside
bind "$FOLDER/source" /run/source
init=(--entrypoint /usr/bin/tini "$IMAGE" --)
tmpfs="size=$DISK,uid=10001,gid=10001,mode=0755,nosuid,nodev"
prepare='mkdir home output tmp && cp -r /run/source source'

if [ ${#fetch[@]} = 0 ]; then
  docker run --rm --tmpfs "/work:rw,exec,$tmpfs" "${flags[@]}" "${init[@]}" \
    /usr/bin/bash -c "{ $prepare; $steps; } >&2; cat output/*.tgz" steps "${rest[@]}" >rebuilt.tgz
else
  # Two containers, since the one that builds must not see the registry; they share a tmpfs.
  name=by-hand-$$
  trap 'docker rm --force "$name" >/dev/null; docker volume rm "$name" >/dev/null' EXIT
  docker volume create --driver local --opt type=tmpfs --opt device=tmpfs --opt "o=$tmpfs" "$name" >/dev/null
  flags+=(--mount "type=volume,source=$name,target=/work,volume-nocopy")
  docker run --rm --detach --name "$name" "${flags[@]}" "${init[@]}" /usr/bin/sleep 3600 >/dev/null
  docker run --rm "${flags[@]}" --mount "type=bind,source=$SOCKET_FOLDER,target=/run/registry,readonly" "${init[@]}" \
    /usr/bin/bash -c "$prepare; $steps" steps "${fetch[@]}"
  docker exec "$name" /usr/bin/bash -c "{ $steps; } >&2; cat output/*.tgz" steps "${rest[@]}" >rebuilt.tgz
fi
same
