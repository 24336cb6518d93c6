  $ cd "$STEPS"

Three of the four wake-ups were for nothing.

  $ ./09-herd
  one epoll for all : 1 client, 4 of 4 workers woken, 1 accepted
  an epoll for each: 1 client, 4 of 4 workers woken, 1 accepted
