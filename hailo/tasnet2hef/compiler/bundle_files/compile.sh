#!/bin/sh
# Compiles the graph beside it with the vendor's compiler. Usage, and what it needs: README.md beside it.
# Exit codes: those of `tasnet2hef compile`; 2 for a wrong argument, 3 where nothing could be compiled.
set -eu
PATH="${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin"
export PATH
unset PYTHONPATH PYTHONHOME # other programs' packages must not get in
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=$here/venv
ready=$venv/.ready

bad_use() {
    echo "error: $*" >&2
    exit 2
}

not_compiled() {
    echo "NOT COMPILED: $*" >&2
    exit 3
}

# The versions of Python that a wheel of the vendor's is for, the best first.
versions_for() {
    case "${1##*/}" in
    *-cp310-*) echo 3.10 ;;
    *-cp311-*) echo 3.11 ;;
    *-cp312-*) echo 3.12 ;;
    *) echo 3.10 3.12 3.11 ;;
    esac
}

find_python() {
    for version in $(versions_for "$1"); do
        for candidate in ${PYTHON:+"$PYTHON"} "python$version" python3 python \
            "${HOME:-}/.pyenv/versions/$version".*/bin/python; do
            if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
                echo "$candidate"
                return
            fi
        done
    done
}

# The Python of an active environment that has the compiler.
find_active() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python; do
        if "$candidate" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('hailo_sdk_client') is None)" \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

usable() {
    [ -f "$ready" ] && "$venv/bin/python" -c '' 2>/dev/null
}

install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

make_environment() { # PYTHON NAME
    echo "making $venv with $2: this takes minutes" >&2
    "$1" -m venv --clear "$venv" ||
        not_compiled "$1 can't make $venv; on Ubuntu: sudo apt install python3.10-venv; a folder that is read-only: copy it"
    if [ -n "$vendor" ]; then
        install "$vendor" || not_compiled "pip can't install $vendor, see above; on Ubuntu first:" \
            "sudo apt install python3.10-dev python3-tk graphviz libgraphviz-dev build-essential"
    else # the compiler stays where it is, and that environment as it is
        site=$("$venv/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
        "$1" -c "import sys
for folder in sys.path:
    if folder.endswith('-packages'):
        print(f'import site; site.addsitedir({folder!r})')" >"$site/active_environment.pth"
    fi
    install "$own" || not_compiled "pip can't install $own, see above: it needs a package index, or its packages here"
    install --no-deps --force-reinstall "$own"
    echo "$2" >"$ready"
}

vendor=${DFC_WHEEL:-}
only_install=
case "${1:-}" in
--only-install)
    only_install=yes
    shift
    ;;
-h | --help)
    cat "$here/README.md"
    exit 0
    ;;
-* | '') ;;
*)
    vendor=$1
    shift
    ;;
esac
if [ -z "$vendor" ]; then
    for wheel in "$here"/hailo_dataflow_compiler*.whl; do
        if [ -f "$wheel" ]; then vendor=$wheel; fi
    done
fi
case "${vendor##*/}" in
'' | hailo_dataflow_compiler*.whl) ;;
*) bad_use "$vendor: expected the vendor's wheel, hailo_dataflow_compiler-*.whl" ;;
esac
[ -z "$vendor" ] || [ -f "$vendor" ] || bad_use "$vendor: no such file, expected the vendor's wheel"

own=
for wheel in "$here"/tasnet2hef-*.whl; do
    if [ -f "$wheel" ]; then own=$wheel; fi
done
[ -n "$own" ] || not_compiled "$here has no tasnet2hef-*.whl; install tasnet2hef and run: tasnet2hef compile $here"

case "$(uname -s) $(uname -m)" in
'Linux x86_64') ;;
*) not_compiled "found $(uname -s) $(uname -m), expected x86_64 Linux (or WSL2): the vendor's compiler runs on nothing else" ;;
esac

python=
name=
if [ -n "$vendor" ]; then
    python=$(find_python "$vendor")
    name="${vendor##*/} and ${own##*/} $(cksum <"$own")"
    [ -n "$python" ] ||
        not_compiled "no Python $(versions_for "$vendor") found; on Ubuntu 22.04: sudo apt install python3.10 python3.10-venv"
elif ! usable; then
    python=$(find_active)
    [ -n "$python" ] || not_compiled "the vendor's compiler is missing: ./compile.sh PATH/hailo_dataflow_compiler-*.whl" \
        "(from the vendor's developer zone), or activate the environment that has it"
    name="$("$python" -c 'import sys; print(sys.prefix)') and ${own##*/} $(cksum <"$own")"
fi

# What the wheel knows of hosts, before anything is installed.
"${python:-$venv/bin/python}" -I -c "import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module('tasnet2hef.diagnose.doctor.host', run_name='__main__')" "$own" "$PWD" >&2 ||
    [ -n "${ANY_HOST:-}" ] || not_compiled "this machine can't (see above); ANY_HOST=1 tries all the same"

if [ -n "$python" ] && ! { usable && [ "$(cat "$ready")" = "$name" ]; }; then
    make_environment "$python" "$name"
fi
[ -z "$only_install" ] || exit 0
exec "$venv/bin/python" -I -m tasnet2hef compile "$here" "$@"
