#!/usr/bin/env bash
# environment.sh FOLDER LOCK: a virtual environment of the system's Python 3.11 that holds what LOCK
# lists, every file checked against its hash. A stamp makes the second call free.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$1
lock=$2
system_python=/usr/bin/python3.11
stamp=$folder/wangge.lock

if [ -x "$folder/bin/python" ] && cmp -s "$lock" "$stamp"; then exit 0; fi
if ! grep -qsx "home = ${system_python%/*}" "$folder/pyvenv.cfg" || [ ! -x "$folder/bin/pip" ]; then
    "$system_python" -m venv --clear "$folder"
fi
rm -f "$stamp"
echo "Installing $lock into $folder (a few minutes the first time)"
PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    "$folder/bin/python" -m pip install -qq --require-hashes -r "$lock"
cp "$lock" "$stamp"
