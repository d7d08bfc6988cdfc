#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder. Put the wheel of senet_np beside this file, or name its version.
set -e
apt-get update
apt-get install -y python3 python3-venv
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install /autograder/source/senet_np-*.whl
