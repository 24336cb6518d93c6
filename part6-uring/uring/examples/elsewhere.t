Another project has this one in a directory of its own. What it compiles of its own needs C++23 and
the headers, and says neither; what it links is what the other examples link. None of our tests are
among its own.

  $ cmake -G Ninja -S "$TESTDIR/elsewhere" -B . > log 2>&1 || cat log
  $ cmake --build . --target CMakeFiles/nap.dir/nap.cc.o > log 2>&1 || cat log
  $ grep BUILD_TESTING CMakeCache.txt
  [1]
