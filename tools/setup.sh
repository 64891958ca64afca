#!/usr/bin/env bash
# Make .venv and install the few system packages the studio and its tests need; called by `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."

# PortAudio, OpenGL, and what Qt's xcb platform loads; then what only the tests need.
packages=(
    libportaudio2 libgomp1 libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xkb1
    xvfb xauth pulseaudio pulseaudio-utils libasound2-plugins
)

usable_python() {
    local candidate
    for candidate in python3.11 python3.12 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

installed() {
    # Ubuntu 24.04 and Debian 13 call some of them libglib2.0-0t64 and so on.
    local status
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$1" "$1t64" 2>/dev/null || true)
    [[ $status == *installed* && $status != *not-installed* ]]
}

install_system_packages() {
    local missing=() package python
    for package in "${packages[@]}"; do
        installed "$package" || missing+=("$package")
    done
    if ! python=$(usable_python); then
        for package in python3.11 python3.12; do
            if apt-cache show "$package" >/dev/null 2>&1; then
                missing+=("$package" "$package-venv")
                break
            fi
        done
    elif [ ! -x .venv/bin/python ] && ! "$python" -c 'import ensurepip' 2>/dev/null; then
        missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
    fi
    [ ${#missing[@]} -eq 0 ] && return

    local install="apt-get install -y --no-install-recommends ${missing[*]}" sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "Some system packages are missing; without them sound or the window may not work:"
            echo "    sudo $install"
            return
        fi
        sudo=(sudo)
    fi
    echo "Installing system packages: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq || true
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null ||
        echo "That failed; install them by hand: sudo $install"
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_system_packages
fi

if [ ! -x .venv/bin/python ]; then
    python=$(usable_python) || {
        echo "Python 3.11 or 3.12 is needed; install one of them and run make setup again." >&2
        exit 2
    }
    "$python" -m venv .venv
fi

extras=dev
if command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then
    extras=dev,cuda
fi
.venv/bin/python -m pip install -q -c constraints.txt -e ".[$extras]"

echo "Compiling for this computer, once; that takes about a minute."
.venv/bin/python -m studio.core.kernels >/dev/null 2>&1 ||
    echo "That failed; the window compiles when it starts, and says so."
