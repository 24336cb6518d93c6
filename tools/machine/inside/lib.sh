
# shellcheck shell=bash disable=SC2034,SC2154 # this becomes a part of tools/lib.sh
# In the page's machine everything is built, and nothing can be installed.
need() { :; }
build() { :; }
python=$root/tools/built-bug
