# Two images, each a target of its own:
#
#   sandbox   what every rebuild runs in. reprove does not need it: it puts the same root file system together from
#             locked packages and loads it by its content (docs/sandbox.md). This is the same thing in the form that
#             people know, for reading, and for machines that build images in their own way.
#   tool      reprove itself.
#
# Neither base has a default: a base named by a tag is whatever the registry holds today, and a digest written down here
# would be a claim about an image that nobody who builds this has checked. So both must be given, as digest or local id:
#
#   docker build --target sandbox --build-arg BASE=debian:bookworm-slim@sha256:... .
#   docker build --target sandbox --build-arg BASE=sha256:<id of the loaded root file system> --network none .
#   docker build --target tool --build-arg NODE=node:24-bookworm-slim@sha256:... .
#
# `docker run <tool> worker --store postgres://...` is a worker (docs/deploy.md); user 1000 is enough for it.
ARG BASE
ARG NODE

FROM ${BASE} AS sandbox
USER 0:0
# The loaded root file system has all of these and no apt.
RUN if command -v apt-get >/dev/null; then \
      apt-get update && \
      apt-get install -y --no-install-recommends bash coreutils dash debianutils diffutils findutils g++ git grep gzip \
        hostname iproute2 libatomic1 libfaketime libstdc++6 make mawk procps python3 sed tar tini && \
      rm -rf /var/lib/apt/lists/* && \
      echo 'builder:x:10001:10001:builder:/work/home:/bin/bash' >>/etc/passwd && \
      echo 'keeper:x:10002:10002:keeper:/:/bin/false' >>/etc/passwd && \
      echo 'builder:x:10001:' >>/etc/group && echo 'keeper:x:10002:' >>/etc/group && \
      ln -sf bash /bin/sh && \
      ln -s "$(dpkg-query -L libfaketime | grep 'libfaketime\.so\.1$')" /usr/lib/libfaketime.so.1 && \
      rm -rf /tmp /var/tmp && ln -s work/tmp /tmp && ln -s ../work/tmp /var/tmp; \
    fi && \
    mkdir -p /work /opt /run/registry && touch /run/source.tar
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/work/home TMPDIR=/work/tmp TZ=UTC LANG=C.UTF-8
WORKDIR /work
USER 10001:10001

FROM ${NODE} AS built
WORKDIR /reprove
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${NODE} AS tool
# apt and dpkg stay: the sandbox's root file system is made with them on first use. bubblewrap needs a container that
# may make user namespaces; otherwise give it the socket of an engine.
RUN apt-get update && \
    apt-get install -y --no-install-recommends bubblewrap ca-certificates git util-linux && \
    rm -rf /var/lib/apt/lists/* && \
    install --directory --owner 1000 --group 1000 /var/cache/reprove
COPY --from=built /reprove /reprove
ENV REPROVE_CACHE_DIR=/var/cache/reprove
VOLUME /var/cache/reprove
ENTRYPOINT ["node", "/reprove/dist/src/cli/main.js"]
