  $ . "$ROOT/tools/shell.sh"

The page with room for a message of 5 MB, which is more than its socket's buffers hold. Where its
entry is never changed, the answer gets stuck.

  $ page 14-epoll-loop large
  $ "$ROOT/book/tools/edit.py" large.cc << 'END'
  > -constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too
  > +constexpr std::size_t message_bytes_max = 4 + 5'000'000;  // the header, too
  > END
  $ alice() { exec 5<>/dev/tcp/127.0.0.1/$port; (printf '\100\113\114\0'; head -c 5000000 /dev/zero) >&5
  >   timeout --foreground 3 head -c 5000004 <&5 | wc -c; }
  $ without 'EPOLL_CTL_MOD, client.fd' large && start ./without; alice
  - check(epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd, &event), "epoll_ctl");
  listening on 127\.0\.0\.1:\d+ (re)
  [1-4]?\d{6} (re)
  $ build large && start ./large; alice
  listening on 127\.0\.0\.1:\d+ (re)
  5000004

A child has a twin of each descriptor. Where a client is closed and not taken off the list, its entry
reports the end of its stream until the child has gone.

  $ page 14-epoll-loop forks
  $ "$ROOT/book/tools/edit.py" forks.cc << 'END'
  >      settle(last_token, true);
  > +    if (fork() == 0) {
  > +      sleep(3);
  > +      _exit(0);
  > +    }
  >    }
  > END
  $ seconds() { for i in 1 2 3 4 5 6; do processor_time; sleep 1; done | xargs; }
  $ without EPOLL_CTL_DEL forks && start ./without; say_hi; seconds
  - epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd, nullptr);
  listening on 127\.0\.0\.1:\d+ (re)
  \d?0 ms [1-9]\d+ ms [1-9]\d+ ms [1-9]\d+ ms ([1-9]\d+) ms \1 ms (re)
  $ build forks && start ./forks; say_hi; seconds
  listening on 127\.0\.0\.1:\d+ (re)
  (\d?0 ms ?){6} (re)

With an edge in place of the level, one receive in a turn is too few.

  $ page 14-epoll-loop edge
  $ "$ROOT/book/tools/edit.py" edge.cc << 'END'
  > -  epoll_event event{EPOLLIN, {.u64 = token}};
  > +  epoll_event event{EPOLLIN | EPOLLET, {.u64 = token}};
  > END
  $ build edge && start ./edge
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; kill -STOP $pid; head -c 300000 /dev/zero >&5; kill -CONT $pid
  $ timeout --foreground 2 head -c 300000 <&5 | wc -c
  (?!300000)\d{5,6} (re)
  $ stop
