#!/bin/sh
# Runs Bun with the given arguments, on a machine that has Bun or only Node and npm:
# finds the Bun version that package.json asks for, or installs it below .tools/ with npm,
# then installs the packages if bun.lock changed since it was last done. Once that is done
# no network is used.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's/.*"packageManager": *"bun@\([^"]*\)".*/\1/p' "$root/package.json")
tools=$root/.tools

is_wanted() {
  [ -n "$1" ] && [ "$("$1" --version 2>/dev/null)" = "$version" ]
}

# The platform's own package holds the program. The `bun` package copies it from there in an
# install script, which npm may be told to skip, and `npx`-style wrappers are slower.
local_bun() {
  for candidate in "$tools"/node_modules/@oven/bun-*/bin/bun; do
    if [ -f "$candidate" ]; then
      [ -x "$candidate" ] || chmod +x "$candidate"
      if is_wanted "$candidate"; then
        printf '%s\n' "$candidate"
        return 0
      fi
    fi
  done
  return 1
}

# Waits for another start in the same checkout instead of installing beside it.
lock() {
  mkdir -p "$tools"
  tries=0
  until mkdir "$tools/lock" 2>/dev/null; do
    owner=$(cat "$tools/lock/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$tools/lock"
    fi
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ]; then
      echo "Another installation has held $tools/lock for ten minutes; remove it if that is wrong." >&2
      exit 1
    fi
    sleep 1
  done
  echo $$ >"$tools/lock/pid"
  trap 'rm -rf "$tools/lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

unlock() {
  rm -rf "$tools/lock"
  trap - EXIT INT TERM
}

find_bun() {
  # `bun run` names itself in npm_execpath, also where it is not on the PATH.
  for candidate in "$(command -v bun || true)" "${npm_execpath:-}"; do
    if is_wanted "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  local_bun
}

bun=$(find_bun) || bun=
if [ -z "$bun" ]; then
  lock
  if ! bun=$(find_bun); then
    echo "Installing Bun $version below .tools/ with npm" >&2
    npm install --prefix "$tools" --ignore-scripts --no-save --no-audit --no-fund \
      --loglevel=error --update-notifier=false "bun@$version" >&2
    bun=$(local_bun) || {
      echo "npm installed no Bun $version that runs on this machine ($(uname -sm))." >&2
      exit 1
    }
  fi
  unlock
fi

# Scripts that call `bun` themselves get the same one.
case $bun in
"$tools"/*)
  mkdir -p "$tools/bin"
  [ "$tools/bin/bun" -ef "$bun" ] || ln -sf "$bun" "$tools/bin/bun"
  PATH=$tools/bin:$PATH
  export PATH
  ;;
esac

installed=$root/node_modules/.installed.lock
if ! cmp -s "$root/bun.lock" "$installed"; then
  lock
  if ! cmp -s "$root/bun.lock" "$installed"; then
    (cd "$root" && "$bun" install ${CI:+--frozen-lockfile}) >&2
    cp "$root/bun.lock" "$installed"
  fi
  unlock
fi

exec "$bun" "$@"
