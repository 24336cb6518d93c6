  $ . "$ROOT/tools/shell.sh"

The second page of the book begins: a socket that listens, and a ring that nobody uses.

  $ echo '// An echo server on a ring.' > page.cc; given ring
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ exit_status
  exit status 0

One request, which completes once.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  > +  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  > +  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  > +  io_uring_prep_accept(sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  > +  io_uring_sqe_set_data64(sqe, 42);
  > +  while (true) {
  > +    const int submitted = io_uring_submit_and_wait(&ring, 1);
  > +    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
  > +    io_uring_cqe* cqe;
  > +    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
  > +      const std::uint64_t user_data = io_uring_cqe_get_data64(cqe);
  > +      const int result = cqe->res;
  > +      io_uring_cqe_seen(&ring, cqe);  // from here on the kernel may overwrite it
  > +      std::printf("request %ju: %d\n", std::uintmax_t{user_data}, result);
  > +    }
  > +  }
  >  }
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; said
  request 42: 5
  $ exec 6<>/dev/tcp/127.0.0.1/$port; read -t 2 line <&4; echo "${line:-nothing}"
  nothing

Requests get names, and clients get ids.

  $ given request
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >                result);
  > +  if (operation == Operation::accept) {
  > +    request(Operation::accept, id);
  > +    connections[++last_id].fd = check_result(result, "accept");  // this step ends at EMFILE
  > +    request(Operation::receive, last_id);
  > +  }
  >  }
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; said
  operation 0 of client 0: 5
  $ exec 6<>/dev/tcp/127.0.0.1/$port; said
  operation 0 of client 0: 6
  $ echo six >&6; said
  operation 1 of client 2: 4
  $ echo seven >&6; read -t 2 line <&4; echo "${line:-nothing}"
  nothing

An answer.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -enum class Operation : std::uint8_t { accept, receive };
  > +enum class Operation : std::uint8_t { accept, receive, send };
  >  // …
  >        io_uring_prep_recv(sqe, connection.fd, connection.bytes, sizeof connection.bytes, 0);
  >        break;
  > +    case Operation::send:
  > +      io_uring_prep_send(sqe, connection.fd, connection.bytes + connection.sent,
  > +                         connection.size - connection.sent, MSG_NOSIGNAL);
  > +      break;
  >  // …
  > -  std::printf("operation %d of client %ju: %d\n", static_cast<int>(operation), std::uintmax_t{id},
  > -              result);
  > +  Connection& connection = connections.at(id);
  >  // …
  >      request(Operation::receive, last_id);
  > +  } else if (operation == Operation::receive) {
  > +    connection.size = static_cast<std::size_t>(result);
  > +    connection.sent = 0;
  > +    request(Operation::send, id);
  > +  } else {
  > +    request(Operation::receive, id);
  >    }
  > END
  $ three() { exec 5<>/dev/tcp/127.0.0.1/$port
  >   for i in 1 2 3; do echo $i >&5; read -t 1 -r answer <&5; echo "${answer:-none}"; done; exec 5>&-; }
  $ build page && start ./page && three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  2
  3

He has gone, and the server has no rest.

  $ sleep 1; processor_time
  \d{3,} ms (re)

The end of a stream, or an error, is a reason to close.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -enum class Operation : std::uint8_t { accept, receive, send };
  > +enum class Operation : std::uint8_t { accept, receive, send, close };
  >  // …
  >                           connection.size - connection.sent, MSG_NOSIGNAL);
  >        break;
  > +    case Operation::close:
  > +      io_uring_prep_close(sqe, connection.fd);
  >    }
  >  // …
  > +  } else if (operation == Operation::close) {
  > +    std::printf("connection %ju closed, %u short sends\n", std::uintmax_t{id},
  > +                connection.short_sends);
  > +    connections.erase(id);
  > +  } else if (result < 0 || (operation == Operation::receive && result == 0)) {
  > +    request(Operation::close, id);  // an error, or the end of the stream
  >    } else if (operation == Operation::receive) {
  > END
  $ build page && start ./page && three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  2
  3
  $ said; sleep 1; processor_time
  connection 1 closed, 0 short sends
  \d{1,2} ms (re)

A client sends more than the kernel takes in one send.

  $ numbers() { (seq 100000 >&6 &)
  >   timeout --foreground 5 head -c 588895 <&6 | cmp - <(seq 100000) && echo all of it; exec 6>&-; }
  $ exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  .* differ: .* (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    } else {
  > -    request(Operation::receive, id);
  > +    connection.sent += static_cast<std::size_t>(result);
  > +    const bool all_sent = connection.sent == connection.size;
  > +    if (!all_sent) ++connection.short_sends;
  > +    request(all_sent ? Operation::receive : Operation::send, id);
  >    }
  > END
  $ build page && start ./page && exec 6<>/dev/tcp/127.0.0.1/$port; numbers; said
  listening on 127\.0\.0\.1:\d+ (re)
  all of it
  connection 1 closed, [1-9]\d* short sends (re)
  $ sed '/^ *\/\/ \[/d' $ROOT/part6-uring/steps/03-echo-one.cc | diff -I '^// ' page.cc -

The ring has 64 entries, which doesn't limit the clients: each of these has a receive in flight.

  $ crowd 200
  $ for c in "${clients[@]}"; do echo hi >&$c; read -ru $c; echo $REPLY; done | sort | uniq -c
   +200 hi (re)

From two calls to one. A send that says nothing when it succeeds: nobody requests the next receive.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >                           connection.size - connection.sent, MSG_NOSIGNAL);
  > +      io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  >        break;
  > END
  $ build page; start ./page; three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  none
  none

The receive is requested with the answer. Then the next message is received into what is being sent.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      request(Operation::send, id);
  > +    request(Operation::receive, id);
  >    } else {
  > END
  $ build page && start ./page 2> errors && three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  2
  3
  $ exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  .* differ: .* (re)

The link has the receive wait for the send, and a send that took a part has succeeded.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -      io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  > +      io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  > END
  $ build page; start ./page; exec 6<>/dev/tcp/127.0.0.1/$port; numbers; said
  listening on 127\.0\.0\.1:\d+ (re)
  .* differ: .* (re)
  connection 1 closed, 0 short sends

The kernel keeps going until everything is sent. The page is 19-one-call now.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -                         connection.size - connection.sent, MSG_NOSIGNAL);
  > +                         connection.size - connection.sent, MSG_WAITALL | MSG_NOSIGNAL);
  > END
  $ build page && start ./page && exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  listening on 127\.0\.0\.1:\d+ (re)
  all of it
  $ diff -I '^// ' page.cc $ROOT/part6-uring/steps/19-one-call.cc

The link is needed all the same.

  $ sed 's/IOSQE_IO_LINK | //' page.cc > unlinked.cc
  $ build unlinked && start ./unlinked 2> errors && exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  listening on 127\.0\.0\.1:\d+ (re)
  .* differ: .* (re)
  $ stop
