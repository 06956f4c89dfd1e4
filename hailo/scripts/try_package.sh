#!/usr/bin/env bash
# hailo/scripts/try_package.sh DIST VERSION...: installs the wheel with each Python into a fresh environment, with no extra
# and with each one, and runs commands from an empty folder. Needs a package index; EXTRAS="plots live" tries fewer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wheel=$(realpath "$1"/*.whl)
sdist=$(realpath "$1"/*.tar.gz)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/../assets/demo_model.pth" model.pth

try() { # NAME PYTHON REQUIREMENT
    "$2" -m venv "$1"
    "$1/bin/pip" install -q --disable-pip-version-check "$3"
    "$1/bin/tasnet2hef" --version
    "$1/bin/tasnet2hef" rules --json > /dev/null
    "$1/bin/tasnet2hef" rules row-too-wide > /dev/null
    "$1/bin/python" "$here/draw_graph.py" graph.onnx
    "$1/bin/tasnet2hef" check graph.onnx > /dev/null
    "$1/bin/tasnet2hef" layers graph.onnx > /dev/null
    "$1/bin/pip" check > /dev/null
}

for version in "$@"; do
    python=$("$here/find_python.sh" "$version")
    try "core-$version" "$python" "$wheel"
    echo "Python $version: wheel, core: good"
    for extra in ${EXTRAS-plots live device safetensors hub}; do
        try "$extra-$version" "$python" "$wheel[$extra]" > /dev/null
        echo "Python $version: wheel, [$extra]: good"
        rm -rf "$extra-$version"
    done
done
# The exact torch of the environments: a looser one may bring a CUDA build of several GB.
PIP_CONSTRAINT="$here/../../requirements/to-onnx-env.txt" try "torch" "$python" "$wheel[torch]" > /dev/null
torch/bin/tasnet2hef --quiet convert model.pth --seconds 0.5 -o build > /dev/null
torch/bin/tasnet2hef --quiet demo -o demo > /dev/null
echo "Python $version: wheel, [torch]: converts, and shows the demo"
try "sdist" "$python" "$sdist" > /dev/null
echo "Python $version: sdist, core: good"
