Another project has this one in a directory of its own. What it compiles of its own needs C++23 and
the headers, and says neither. None of our tests are among its own. That it can be linked and runs,
also with an installed loop, is tested in tests/builds.

  $ cmake -G Ninja -S "$TESTDIR/elsewhere" -B . > log 2>&1 || cat log
  $ cmake --build . --target CMakeFiles/nap.dir/nap.cc.o > log 2>&1 || cat log
  $ grep BUILD_TESTING CMakeCache.txt
  [1]
