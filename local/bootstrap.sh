#!/bin/sh
# Finds the interpreter that .venv should be made of and hands over to bootstrap.py.
# In shell because it runs before we know of any usable Python. `PYTHON=/path/to/python` overrides the search.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
wanted=$(cat "$root/.python-version" 2>/dev/null || echo 3.13)
wanted=${wanted%%[!0-9.]*}

usable() {  # 3.11 or newer, and really an interpreter (pyenv's shims exist for versions that are not selected)
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}
is_wanted() {
    usable "$1" && "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" || { echo "PYTHON=$PYTHON is not a working Python 3.11 or newer." >&2; exit 1; }
    exec "$PYTHON" "$root/local/bootstrap.py" "$@"
fi

# An existing .venv keeps its interpreter: rebuilding it is a decision (rm -rf .venv), not an accident of PATH.
if usable "$root/.venv/bin/python"; then
    exec "$root/.venv/bin/python" "$root/local/bootstrap.py" "$@"
fi

# First the version Lambda runs (.python-version), since the emulator runs functions on its own interpreter.
for candidate in "python$wanted" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$wanted"*/bin/python \
    "/opt/homebrew/bin/python$wanted" "/usr/local/bin/python$wanted" "/usr/bin/python$wanted" python3 \
    "$(command -v uv >/dev/null 2>&1 && uv python find --no-python-downloads "$wanted" 2>/dev/null || true)"; do
    if [ -n "$candidate" ] && is_wanted "$candidate"; then exec "$candidate" "$root/local/bootstrap.py" "$@"; fi
done
# Then anything new enough.
for candidate in python3 python3.14 python3.12 python3.11 python \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python /usr/bin/python3 /opt/homebrew/bin/python3; do
    if usable "$candidate"; then exec "$candidate" "$root/local/bootstrap.py" "$@"; fi
done
cat >&2 <<MESSAGE
Photodrop needs Python 3.11 or newer (3.13 is best: it is what Lambda runs), and none was found.
Found: $(python3 --version 2>&1 | head -1 || true)
Install one: 'apt install python3 python3-venv' on Debian 12 or Ubuntu 24.04 and newer, 'brew install python@3.13' on
macOS, or https://www.python.org/downloads/. Or name one: make start PYTHON=/path/to/python3.13
MESSAGE
exit 1
