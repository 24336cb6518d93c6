
# In the page's machine everything is built, and nothing can be installed.
need() { :; }
build() { :; }
python=$root/tools/built-bug
