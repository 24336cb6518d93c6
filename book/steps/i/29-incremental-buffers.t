Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./29-incremental-buffers > /dev/null; [ $? != 80 ] || exit 80

The same 32 KiB, as one buffer or as eight. Every receive is kept, until there is no buffer.

  $ ./29-incremental-buffers
    receive   1: 100 bytes in buffer 0 at 0     it has room left
    receive   2: 100 bytes in buffer 0 at 100   it has room left
    receive   3: 100 bytes in buffer 0 at 200   it has room left
    receive 328:  68 bytes in buffer 0 at 32700 it is full
  1 of 32 KiB, incrementally  328 receives, 32768 bytes; each of them keeps 32768
  8 of 4 KiB, incrementally   335 receives, 32768 bytes; each of them keeps 4096
  8 of 4 KiB                    8 receives,   800 bytes; each of them keeps 4096
