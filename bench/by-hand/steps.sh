# Runs inside the sandbox, given with `bash -c`: the commands among the arguments, one after another. ";" ends a command
# that must succeed, "?;" one that may fail.
command=()
for word; do
  case $word in
    ';') "${command[@]}" || exit ;;
    '?;') "${command[@]}" || true ;;
    *) command+=("$word") && continue ;;
  esac
  command=()
done
