Skipped where AddressSanitizer finds no room for its memory, or the build has no step with it:
on a processor of 32 bits, or where all of the build has a sanitizer.

  $ cd "$STEPS"
  $ [ "$(getconf LONG_BIT)" = 64 ] && ! grep -q '^CMAKE_CXX_FLAGS:.*-fsanitize' "$STEPS/../../CMakeCache.txt" || exit 80
  $ ! ./16-freed-in-batch-asan 2>&1 | grep -qi "shadow memory range\|ReserveShadow" || exit 80

The second event leads to freed memory. What is read there is no descriptor any more, and nobody
notices; the address sanitizer does.

  $ ./16-freed-in-batch
  one has hung up: both are closed
  $ ./16-freed-in-batch-asan 2>&1 | grep -m 1 ERROR | cut -d ' ' -f 2-3
  AddressSanitizer: heap-use-after-free
