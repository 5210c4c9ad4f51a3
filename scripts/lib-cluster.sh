# lib-cluster.sh -- a private PostgreSQL cluster, reachable by a Unix socket alone. Sourced by bash.
#
# initdb refuses root, so as root the cluster belongs to user postgres; its directory must then be one
# that this user can reach. Trust authentication is safe because the socket's directory lets nobody in
# but the owner (and root). The path of a Unix socket has at most 107 octets, hence a short one in /tmp.
#
#   cluster_open DATA-DIRECTORY [SETTING…]   makes it if need be, starts it; sets CLUSTER_SOCKET
#   cluster_url [DATABASE [USER]]            a libpq URL
#   cluster_close                            stops it and removes the socket's directory

cluster_owner() { if is_root; then echo postgres; else id -un; fi; }

as_owner() {
    if is_root; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# cluster_place DIRECTORY: that directory if the owner can reach it, else one of the system's that it can.
cluster_place() {
    mkdir -p "$1"
    if as_owner test -x "$1"; then echo "$1"; return; fi
    local place
    place=/var/lib/pgcrier/$(printf '%s' "$1" | cksum | cut -d' ' -f1)
    mkdir -p "$place"
    say "user postgres cannot reach $1: the cluster lives in $place"
    echo "$place"
}

# File descriptor 9 is the caller's lock, which a server must not keep.
cluster_open() {
    local bin place setting
    bin=$(postgresql_bin)
    place=$(cluster_place "$1")
    shift
    CLUSTER_DATA=$place/pgdata
    CLUSTER_LOG=$place/postgresql.log
    PG_CTL=$bin/pg_ctl
    if [ ! -e "$CLUSTER_DATA/PG_VERSION" ]; then
        cluster_make "$bin"
    fi
    CLUSTER_SOCKET=$(mktemp -d /tmp/pgcrier.XXXXXX)
    local options="-k $CLUSTER_SOCKET -c listen_addresses="
    for setting in "$@"; do options+=" -c $setting"; done
    if is_root; then chown postgres: "$CLUSTER_SOCKET"; touch "$CLUSTER_LOG"; chown postgres: "$CLUSTER_LOG"; fi
    if as_owner "$PG_CTL" status -D "$CLUSTER_DATA" > /dev/null; then # left over from a killed run
        as_owner "$PG_CTL" stop -D "$CLUSTER_DATA" -m fast > /dev/null
    fi
    as_owner "$PG_CTL" start -D "$CLUSTER_DATA" -w -t 60 -l "$CLUSTER_LOG" -o "$options" > /dev/null 9>&- \
        || { tail -n 5 "$CLUSTER_LOG" >&2; die "PostgreSQL does not start, see $CLUSTER_LOG"; }
}

# An interrupted initdb must not look like a cluster: it is made beside and renamed.
cluster_make() {
    rm -rf "$CLUSTER_DATA.new"
    mkdir "$CLUSTER_DATA.new"
    if is_root; then chown postgres: "$CLUSTER_DATA.new"; fi
    quietly as_owner "$1/initdb" -D "$CLUSTER_DATA.new" -U postgres -A trust -E UTF8 --locale C.UTF-8
    mv "$CLUSTER_DATA.new" "$CLUSTER_DATA"
}

cluster_url() { echo "postgresql:///${1:-postgres}?host=$CLUSTER_SOCKET&user=${2:-postgres}"; }

cluster_close() {
    [ -n "${CLUSTER_SOCKET:-}" ] || return 0
    as_owner "$PG_CTL" stop -D "$CLUSTER_DATA" -m fast -w > /dev/null || true
    rm -rf "$CLUSTER_SOCKET"
    CLUSTER_SOCKET=
}
