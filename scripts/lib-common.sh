# lib-common.sh -- what the scripts share: words, packages, the build. Sourced by bash.
#
# ROOT is the checkout. Nothing is installed that is already there, and nothing without saying so.

set -euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

as_root() {
    if is_root; then "$@"
    elif command -v sudo > /dev/null; then sudo "$@"
    else die "run this as root, then try again: $*"
    fi
}

# ---- packages ------------------------------------------------------------------------------------

has_package() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }

# apt_install PACKAGE…: without questions, without what is only recommended.
apt_install() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# need_packages PACKAGE…: installs those that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get > /dev/null || die "please install what Debian calls: ${missing[*]}"
    say "installing ${missing[*]}"
    apt_refresh
    apt_install "${missing[@]}"
}

# Once per run: an index that is out of date names files that are gone.
apt_refresh() {
    [ -z "${apt_refreshed:-}" ] || return 0
    quietly as_root apt-get update -q -o DPkg::Lock::Timeout=300
    apt_refreshed=yes
}

BUILD_PACKAGES=(gcc libc6-dev make autoconf automake pkg-config
    libh2o-evloop-dev libnghttp2-dev libpq-dev libyajl-dev libssl-dev uthash-dev)

# PostgreSQL 15 is what is tested; where a distribution has only a newer one, that one. Debian makes
# a cluster "main" and starts it as soon as the server is installed: nobody asked for that here.
need_postgresql() {
    [ -z "$(postgresql_bin)" ] || return 0
    need_packages postgresql-common
    local version conf=/etc/postgresql-common/createcluster.conf
    apt_refresh
    for version in 15 16 17 18; do
        [ -z "$(apt-cache madison "postgresql-$version")" ] || break
    done
    as_root cp -p "$conf" "$conf.pgcrier"
    as_root sed -i 's/^#\?create_main_cluster .*/create_main_cluster = false/' "$conf"
    say "installing postgresql-$version"
    local status=0
    apt_install "postgresql-$version" || status=$?
    as_root mv "$conf.pgcrier" "$conf"
    return $status
}

# The directory of initdb and postgres: version 15 first, else the newest. Empty when there is none.
postgresql_bin() {
    local directory
    for directory in /usr/lib/postgresql/15/bin $(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -rV); do
        if [ -x "$directory/initdb" ]; then echo "$directory"; return; fi
    done
}

# ---- the build -----------------------------------------------------------------------------------

# prepare_source: makes configure and Makefile.in, when they are missing or out of date.
prepare_source() {
    local made=$ROOT/Makefile.in
    if [ ! -e "$ROOT/configure" ] || [ "$ROOT/configure.ac" -nt "$made" ] || [ "$ROOT/Makefile.am" -nt "$made" ]; then
        (cd "$ROOT" && quietly autoreconf -fi && touch Makefile.in)
    fi
}

# configure_in DIRECTORY [CONFIGURE-ARGUMENT…], unless that is done already.
configure_in() {
    local directory=$1
    shift
    mkdir -p "$directory"
    if [ ! -e "$directory/Makefile" ] || [ "$ROOT/configure" -nt "$directory/Makefile" ] \
        || [ "$*" != "$(cat "$directory/configured-with" 2> /dev/null)" ]; then
        (cd "$directory" && quietly "$ROOT/configure" -q "$@")
        echo "$*" > "$directory/configured-with"
    fi
}

# build_in DIRECTORY [CONFIGURE-ARGUMENT…]: a VPATH build, as fast as the machine allows.
build_in() {
    configure_in "$@"
    quietly make -C "$1" -s -j"$(nproc)"
}

# quietly COMMAND…: shows what it printed only when it fails.
quietly() {
    local output status=0
    output=$("$@" 2>&1) || status=$?
    [ $status -eq 0 ] || printf '%s\n' "$output" >&2
    return $status
}
