#!/usr/bin/env bash
# Installs what Debian must give, and nothing when all of it is there. The services that come with
# it (PostgreSQL, Mosquitto) are neither started nor enabled: Wangge starts its own when it needs one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
policy=/usr/sbin/policy-rc.d
mark="# by wangge/packaging/system.sh while it installs"

missing_packages() {
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
        awk 'NR == FNR { if ($1 == "installed") have[$2] = 1; next }
             /^[^#]/ && !($1 in have) { print $1 }' - "$here/packages.txt"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

hold_services() {
    if [ -e "$policy" ] && ! grep -qF "$mark" "$policy"; then return; fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

release_services() {
    if grep -qsF "$mark" "$policy"; then as_root rm -f "$policy"; fi
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    as_root dpkg --configure -a
    as_root "${apt[@]}" update
    as_root env DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "$@"
}

disable_services() {
    local package service
    for package in "$@"; do
        case $package in
            postgresql-15) service=postgresql ;;
            mosquitto) service=mosquitto ;;
            *) continue ;;
        esac
        as_root update-rc.d "$service" disable ||
            echo "Could not disable $service; it may start with the machine." >&2
    done
}

mapfile -t missing < <(missing_packages)
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This machine has no apt-get; Wangge is made for Debian 12. Missing: ${missing[*]}" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Missing Debian packages, and neither root nor sudo to install them. As root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
trap release_services EXIT
hold_services
install_packages "${missing[@]}"
disable_services "${missing[@]}"
