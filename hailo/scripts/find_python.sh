#!/bin/sh
# Prints the first Python of the wanted versions that runs here; pyenv keeps some that are not on the PATH.
for version in "$@"; do
    for candidate in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            echo "$candidate"
            exit 0
        fi
    done
done
echo "no Python of the versions $* found; install one, or give HAILO_PYTHON=path" >&2
echo python3
