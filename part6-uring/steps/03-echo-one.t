  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/03-echo-one" .

The server takes any free port and says which. Two clients together, and the first to connect is the
last to send. A third is served and leaves while they stay. On several processors, the two may be
accepted the other way round.

  $ start ./03-echo-one
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port
  $ echo six >&6; read -r answer <&6; echo $answer
  six
  $ echo five >&5; read -r answer <&5; echo $answer
  five
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ said
  connection 3 closed, 0 short sends

The reader's page, which doesn't go on after a send yet. Then a client sends more than the kernel takes
back in one send: the sends are short, and nothing is lost. It is the step now.

  $ page 03-echo-one page10
  $ "$ROOT/book/tools/edit.py" page10.cc << 'END'
  >    } else {
  > +    connection.sent += static_cast<std::size_t>(result);
  > +    const bool all_sent = connection.sent == connection.size;
  > +    if (!all_sent) ++connection.short_sends;
  > +    request(all_sent ? Operation::receive : Operation::send, id);
  >    }
  > END
  $ numbers() { (seq 100000 >&6 &)
  >   timeout --foreground 5 head -c 588895 <&6 | cmp - <(seq 100000) && echo all of it; exec 6>&-; }
  $ build page10 && start ./page10 && exec 6<>/dev/tcp/127.0.0.1/$port; numbers; said
  listening on 127\.0\.0\.1:\d+ (re)
  all of it
  connection 1 closed, [1-9]\d* short sends (re)
  $ sed '/^ *\/\/ \[/d' $ROOT/part6-uring/steps/03-echo-one.cc | diff page10.cc -

The ring has 64 entries, which doesn't limit the clients: each of these has a receive in flight.

  $ crowd 200
  $ for c in "${clients[@]}"; do echo hi >&$c; read -ru $c; echo $REPLY; done | sort | uniq -c
   +200 hi (re)

From two calls to one. A send that says nothing when it succeeds: nobody requests the next receive.

  $ "$ROOT/book/tools/edit.py" page10.cc << 'END'
  >                           connection.size - connection.sent, MSG_NOSIGNAL);
  > +      io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  >        break;
  > END
  $ three() { exec 5<>/dev/tcp/127.0.0.1/$port
  >   for i in 1 2 3; do echo $i >&5; read -t 1 -r answer <&5; echo "${answer:-none}"; done; exec 5>&-; }
  $ build page10 && start ./page10 && three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  none
  none

The receive is requested with the answer. Then the next message is received into what is being sent.

  $ "$ROOT/book/tools/edit.py" page10.cc << 'END'
  >      request(Operation::send, id);
  > +    request(Operation::receive, id);
  >    } else {
  > END
  $ build page10 && start ./page10 2> errors && three
  listening on 127\.0\.0\.1:\d+ (re)
  1
  2
  3
  $ exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  .* differ: .* (re)

The link has the receive wait for the send, and a send that took a part has succeeded.

  $ "$ROOT/book/tools/edit.py" page10.cc << 'END'
  > -      io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  > +      io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  > END
  $ build page10 && start ./page10 && exec 6<>/dev/tcp/127.0.0.1/$port; numbers; said
  listening on 127\.0\.0\.1:\d+ (re)
  .* differ: .* (re)
  connection 1 closed, 0 short sends

The kernel keeps going until everything is sent. The page is 19-one-call now.

  $ "$ROOT/book/tools/edit.py" page10.cc << 'END'
  > -                         connection.size - connection.sent, MSG_NOSIGNAL);
  > +                         connection.size - connection.sent, MSG_WAITALL | MSG_NOSIGNAL);
  > END
  $ build page10 && start ./page10 && exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  listening on 127\.0\.0\.1:\d+ (re)
  all of it
  $ diff -I '^// ' page10.cc $ROOT/part6-uring/steps/19-one-call.cc

The link is needed all the same.

  $ sed 's/IOSQE_IO_LINK | //' page10.cc > unlinked.cc
  $ build unlinked && start ./unlinked 2> errors && exec 6<>/dev/tcp/127.0.0.1/$port; numbers
  listening on 127\.0\.0\.1:\d+ (re)
  .* differ: .* (re)
  $ stop
