#!/usr/bin/env bash
# Find a Python that the gate can run with; everything else is main.py's.
set -euo pipefail

# Isolated: neither the checkout nor PYTHONPATH may choose what gets imported.
for python in ${GATE_PYTHON:+"$GATE_PYTHON"} python3 python; do
  if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exec "$python" -I -X utf8 "$GITHUB_ACTION_PATH/action/main.py"
  fi
done

echo "error: The gate needs Python 3.11 or newer, and there is none on PATH." >&2
echo "       Leave the input python-version as it is, or install one." >&2
echo "exit-code=2" >>"$GITHUB_OUTPUT"
exit 2
