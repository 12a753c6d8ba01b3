# Shared by ./run and ./check: what a machine needs, and where builds go. Sourced, not run.

# One target directory for every clone, kept between runs.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/latentarium/target}"

# Mesa looks for a Wayland display there, and complains where it is not set.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}"

say() { printf 'latentarium: %s\n' "$*" >&2; }

# need_rust: stops with the line to type when there is no cargo.
need_rust() {
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH="$HOME/.cargo/bin:$PATH"
    fi
    if ! command -v cargo >/dev/null; then
        say "Rust is missing; install Rust 1.95 or newer from https://rustup.rs, then run this again"
        exit 1
    fi
}

# need_packages NAME...: installs the Debian packages that are missing and says which. Elsewhere, or without the
# right to install, prints the line to type and goes on: the system may have them under other names.
need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        if [ "$(uname -s)" = Linux ]; then
            say "not a Debian or Ubuntu system; if something is missing, install what these packages hold: $*"
        fi
        return 0
    fi
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            root=(sudo -n)
        else
            say "these packages are missing; type: sudo apt-get install --no-install-recommends ${missing[*]}"
            return 0
        fi
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if ! { "${root[@]}" apt-get -qq update && "${root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}"; } >/dev/null; then
        say "the packages could not be installed; type: sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
}

# What building needs, beside Rust; what drawing needs.
BUILD_PACKAGES=(gcc make libc6-dev)
WINDOW_PACKAGES=(libvulkan1 mesa-vulkan-drivers libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libwayland-client0
    libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2)

# first_build: how long it will take, said before it begins.
first_build() {
    if [ ! -d "$CARGO_TARGET_DIR/release/deps" ]; then
        say "the first build takes about 15 to 20 minutes on two cores (into $CARGO_TARGET_DIR); later ones take seconds"
    fi
}

# fetch_onnxruntime: the fast engine, unpacked into the user's data folder; without it the compiled-in one serves.
fetch_onnxruntime() {
    local version=1.31.1 data folder
    data="${XDG_DATA_HOME:-$HOME/.local/share}/latentarium"
    [ "$(uname -s)" = Darwin ] && data="$HOME/Library/Application Support/latentarium"
    folder="$data/onnxruntime/$version"
    if compgen -G "$folder/libonnxruntime*" >/dev/null; then
        return 0
    fi
    need_packages python3 python3-pip
    say "fetching ONNX Runtime $version (18 MB) into $folder"
    mkdir -p "$data/onnxruntime"
    local wheel
    wheel="$(mktemp -d "$data/onnxruntime/.fetch-XXXXXX")"
    # Every Python version's wheel holds the same C library.
    if python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
            -d "$wheel" "onnxruntime==$version" >/dev/null 2>"$wheel/log" \
        && python3 - "$wheel" <<'PYTHON'
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
(folder / "out").mkdir()
with zipfile.ZipFile(next(folder.glob("onnxruntime-*.whl"))) as wheel:
    for name in wheel.namelist():
        base = name.rsplit("/", 1)[-1]
        if "/capi/" in name and base.startswith("libonnxruntime") or base in ("LICENSE", "ThirdPartyNotices.txt"):
            (folder / "out" / base).write_bytes(wheel.read(name))
PYTHON
    then
        rm -rf "$folder"
        mv "$wheel/out" "$folder"
    else
        say "ONNX Runtime could not be fetched ($(tail -n 1 "$wheel/log" 2>/dev/null)); going on with the compiled-in engine, which is slower"
    fi
    rm -rf "$wheel"
}
