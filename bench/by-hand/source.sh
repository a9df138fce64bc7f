# Sourced by the scripts of both engines: what does not depend on the engine.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
steps=$(<"$here/steps.sh")
cd "$FOLDER"

# The words before "--" are the fetch phase, those after it everything else.
fetch=() && rest=()
while [ "$1" != -- ]; do fetch+=("$1") && shift; done
shift && rest=("$@")

published_and_source() { # <where to clone to>
  node "$here/fetch.cjs" "$REGISTRY" "$NAME" "$VERSION" published.tgz
  git clone --quiet --depth 1 --branch "$TAG" -c advice.detachedHead=false "$REMOTE" "$1"
}

same() {
  sha512sum published.tgz rebuilt.tgz
  cmp published.tgz rebuilt.tgz
}
