#!/bin/sh
# Installs the Debian or Ubuntu packages that are missing, and nothing else:
#
#   run    what building and running the panel needs
#   demo   run, and what the two nodes of the demo need
#   test   demo, and what the tests need
#
# With "python" it prints the name of the Python to make the virtual environment with, and installs nothing.
# As root, or as somebody who may use sudo. When nothing is missing it does nothing and needs neither.
set -eu

# An entry may be "package@path": wanted only while no such file exists. The path may be a pattern.
RUN='gcc pkg-config make gettext libvirt-dev libldap2-dev libsasl2-dev'
DEMO='libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils busybox-static
    libc-bin dpkg util-linux zstd slapd
    libvirt-daemon-log@/usr/sbin/virtlogd
    libvirt-daemon-driver-storage@/usr/lib/*/libvirt/connection-driver/libvirt_driver_storage.so'
# Newer distributions have split these from libvirt-daemon; older ones do not know the names.
SPLIT='libvirt-daemon-log libvirt-daemon-driver-storage'
TEST='chromium@/usr/bin/chromium* postgresql openssl'
# What the packages above may start, and what neither the demo nor the tests need.
SERVICES='postgresql slapd libvirtd virtlogd'

fail() {
    echo "install-packages: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "not root, and there is no sudo: run as root: $0 $set"
        sudo "$@"
    fi
}

wanted() {
    case $set in
        run) echo "$RUN" ;;
        demo) echo "$RUN $DEMO" ;;
        test) echo "$RUN $DEMO $TEST" ;;
        *) fail "unknown set '$set'; use run, demo or test" ;;
    esac
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

exists() {
    for found in $1; do # unquoted: the path may be a pattern
        [ -e "$found" ] && return 0
    done
    return 1
}

is_missing() {
    case $1 in
        *@*) ! exists "${1#*@}" && ! is_installed "${1%%@*}" ;;
        *) ! is_installed "$1" ;;
    esac
}

missing() {
    set -f # the patterns belong to exists()
    for entry in $(wanted); do
        set +f
        if is_missing "$entry"; then
            echo "${entry%%@*}"
        fi
        set -f
    done
    set +f
}

# Can this Python make a virtual environment and build modules? pyenv's can, Debian's bare one cannot.
python_is_complete() {
    "$1" - 2>/dev/null <<'PYTHON'
import ensurepip, pathlib, sys, sysconfig, venv
headers = pathlib.Path(sysconfig.get_path("include"), "Python.h")
sys.exit(not (sys.version_info >= (3, 11) and headers.exists()))
PYTHON
}

complete_python() {
    for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 /usr/bin/python3; do
        if python_is_complete "$python"; then
            echo "$python"
            return
        fi
    done
    return 1
}

# The packages of a Python that fits, nothing when there is one already.
missing_python() {
    if complete_python >/dev/null; then
        return
    fi
    if /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo python3 python3-venv python3-dev
    elif grep -q '^ID=debian' /etc/os-release; then
        echo python3 python3-venv python3-dev
    else
        echo python3.11 python3.11-venv python3.11-dev # Ubuntu 22.04 has an older one by default
    fi
}

runs() {
    pidof "$1" >/dev/null 2>&1 || { [ -d /run/systemd/system ] && systemctl is-active --quiet "$1"; }
}

running_services() {
    for service in $SERVICES; do
        case $service in postgresql) program=postgres ;; *) program=$service ;; esac
        if runs "$program" || runs "$service"; then
            echo "$service"
        fi
    done
}

# Stop what was not running before and has been started by its installation.
stop_new_services() {
    for service in $(running_services); do
        case " $1 " in *" $service "*) continue ;; esac
        echo "install-packages: stopping $service, which its package has started and nobody needs here"
        if [ -d /run/systemd/system ]; then
            for unit in "$service.socket" "$service.service"; do
                as_root systemctl disable --now "$unit" 2>/dev/null || true
            done
        else
            as_root service "$service" stop || true
        fi
    done
}

known() {
    for package in "$@"; do
        case " $SPLIT " in *" $package "*) apt-cache show "$package" >/dev/null 2>&1 || continue ;; esac
        echo "$package"
    done
}

install() {
    before=$(running_services | tr '\n' ' ')
    echo "install-packages: fetching the lists of packages"
    as_root apt-get update -q
    packages=$(known "$@" | tr '\n' ' ')
    echo "install-packages: installing for '$set': $packages"
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
    stop_new_services "$before"
    echo "install-packages: done"
}

set=${1:-run}
if [ "$set" = python ]; then
    complete_python || echo python3
    exit
fi
wanted >/dev/null
command -v dpkg-query >/dev/null || fail "this is not Debian or Ubuntu; see the package names in $0"
packages=$(missing_python; missing)
if [ -z "$packages" ]; then
    echo "install-packages: everything for '$set' is installed"
else
    # shellcheck disable=SC2086 # a list of names
    install $packages
fi
