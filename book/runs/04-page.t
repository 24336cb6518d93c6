  $ . "$ROOT/tools/shell.sh"

The page of chapter 4, as its reader makes it of chapter 3's. One thread serves one client after the
other: while A is silent, B is not answered.

  $ page 4
  $ build page && start ./page 0 3600; crowd 1; say_hi
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd

With a thread for each, it is.

  $ given threads
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      const int client = check(accept(listener, nullptr, nullptr), "accept");
  > -    serve(client);
  > -    hang_up(client);
  > +    std::thread([=] {
  > +      serve(client);
  > +      hang_up(client);
  > +    }).detach();
  >    }
  > END
  $ build page && start ./page 0 3600; crowd 1; say_hi
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

B's thread has ended. Whom do a hundred messages of A's wake?

  $ until [ $(ls /proc/$pid/task | wc -l) = 2 ]; do sleep 0.05; done
  $ awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d (re)
  $ rounds 100; awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: 1\d\d (re)

All threads receive into one static message. Alice stalls within hers while Bob is served.

  $ alice() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\5\0\0\0al' >&5; sleep 0.2
  >   say_hi; printf 'ice' >&5; head -c 9 <&5 | xxd; }
  $ start ./page; alice
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869 6963 65                   ....hiice
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  static char message[message_bytes_max];
  > +  char message[message_bytes_max];
  > END
  $ build page && start ./page; alice
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0500 0000 616c 6963 65                   ....alice

A thousand clients that say nothing.

  $ start ./page; memory; grep KernelStack /proc/meminfo
  listening on 127\.0\.0\.1:\d+ (re)
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 1
  KernelStack: +\d+ kB (re)
  $ crowd 1000; memory; grep KernelStack /proc/meminfo
  VmSize: \d+ (re)
  VmRSS: \d{5} (re)
  Threads: 1001
  KernelStack: +\d{5,} kB (re)

At most two clients, and two that are silent: the third one waits in the backlog, until they leave.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +sem_t permits;  // as many as there may be clients
  > +
  >  int main(int argc, char** argv) {
  >  // …
  >    if (argc > 2) patience = std::chrono::seconds(std::strtoul(argv[2], nullptr, 10));
  > +  sem_init(&permits, 0, 2);
  >    while (true) {
  > +    sem_wait(&permits);
  >      const int client = check(accept(listener, nullptr, nullptr), "accept");
  >      std::thread([=] {
  >        serve(client);
  >        hang_up(client);
  > +      sem_post(&permits);
  >      }).detach();
  > END
  $ build page && start ./page 0 3600; crowd 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; timeout 2 cat <&5
  [124]
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1
  $ disperse; head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi

As many as an option says. Where the system has no room for one more thread, std::thread throws, and
that ends the server.

  $ given options
  $ build page && start ./page 2> errors; prlimit --as=50000000 --pid $pid; crowd 9 2> /dev/null; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 134
  $ cat errors
  terminate called after throwing an instance of 'std::system_error'
    what():  Resource temporarily unavailable
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +void serve_client(int client) {
  > +  serve(client);
  > +  hang_up(client);
  > +  sem_post(&permits);
  > +}
  > +
  > +void accept_one(int listener) {
  > +  sem_wait(&permits);
  > +  const int client = check(accept(listener, nullptr, nullptr), "accept");
  > +  try {
  > +    std::thread(serve_client, client).detach();
  > +  } catch (const std::system_error&) {
  > +    serve_client(client);  // no thread is available, so this one serves, and accepts later
  > +  }
  > +}
  > +
  >  int main(int argc, char** argv) {
  >  // …
  > -  while (true) {
  > -    sem_wait(&permits);
  > -    const int client = check(accept(listener, nullptr, nullptr), "accept");
  > -    std::thread([=] {
  > -      serve(client);
  > -      hang_up(client);
  > -      sem_post(&permits);
  > -    }).detach();
  > -  }
  > +  while (true) accept_one(listener);
  >  }
  > END
  $ build page && start ./page; prlimit --as=50000000 --pid $pid; crowd 9; say_hi; disperse; say_hi
  listening on 127\.0\.0\.1:\d+ (re)

The signal that asks a process to end kills this one.

  $ start ./page; kill $pid; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 143

Alice has sent five thousand messages and the beginning of another, and the server, suspended, has
read none. The signal ends it at once, though on a busy machine her thread may answer some before,
and the kernel closes the connection with input unread.

  $ deploy() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  >   suspend; printf '\3\0\0\0bye%.0s' {1..5000} >&5; printf '\5\0\0\0hel' >&5
  >   kill $pid; kill -CONT $pid; exit_status; cat <&5 | wc -c; }
  $ start ./page; deploy
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 143
  cat: -: Connection reset by peer
  ([0-2]?\d)?\d{1,3} (re)

The signal gets a thread.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  milliseconds patience = 60s;  // with a client, for a message or for taking answers
  > +std::atomic<bool> stopping = false;
  >  // …
  > -  const int client = check(accept(listener, nullptr, nullptr), "accept");
  > +  const int client = accept(listener, nullptr, nullptr);
  > +  if (client < 0 && stopping) {
  > +    sem_post(&permits);
  > +    return;
  > +  }
  > +  check(client, "accept");
  >    try {
  >  // …
  > +void stop(int listener) {
  > +  stopping = true;
  > +  shutdown(listener, SHUT_RDWR);  // accept fails, now and later
  > +}
  > +
  >  int main(int argc, char** argv) {
  >  // …
  > -  while (true) accept_one(listener);
  > +  while (!stopping) accept_one(listener);
  > +  for (unsigned i = 0; i < clients_max; ++i) sem_wait(&permits);  // all: no thread serves
  >  }
  > END
  $ given signals
  $ without pthread_sigmask page && start ./without; kill $pid; exit_status
  - pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in this thread, and in those that it starts
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 143
  $ build page && start ./page; kill $pid; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 0

A flag wakes nobody who is asleep, so it takes as long as --drain-timeout.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    limit_calls(client, SO_SNDTIMEO, patience);
  > -  while (true) {
  > +  while (!stopping) {
  >      const Time deadline = patience_ends();
  > END
  $ TIMEFORMAT='%R s'; build page && start ./page; crowd 5; time { kill $pid; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  [5-9]\.\d+ s (re)

Nor does closing their sockets.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  sem_t permits;  // as many as there may be clients
  > +std::mutex mutex;
  > +std::set<int> serving;  // the sockets that stop() has to end, under the mutex
  >  // …
  >  void serve_client(int client) {
  > +  {
  > +    const std::scoped_lock lock(mutex);
  > +    serving.insert(client);
  > +  }
  >    serve(client);
  > +  {
  > +    const std::scoped_lock lock(mutex);
  > +    serving.erase(client);  // before it is closed, and the number is another client's
  > +  }
  >    hang_up(client);
  >  // …
  >  void stop(int listener) {
  > +  const std::scoped_lock lock(mutex);
  >    stopping = true;
  >    shutdown(listener, SHUT_RDWR);  // accept fails, now and later
  > +  for (const int client : serving) close(client);
  >  }
  > END
  $ build page && start ./page; crowd 5; time { kill $pid; sleep 1; ls -m /proc/$pid/fd; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  0, 1, 2, 3
  [5-9]\.\d+ s (re)

The end of the stream wakes them all, but then the flag ends each thread before it has answered what
had arrived.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      serving.insert(client);
  > +    if (stopping) shutdown(client, SHUT_RD);  // stop() came first
  >    }
  >  // …
  >    shutdown(listener, SHUT_RDWR);  // accept fails, now and later
  > -  for (const int client : serving) close(client);
  > +  // From now on recv returns what has arrived, and then 0.
  > +  for (const int client : serving) shutdown(client, SHUT_RD);
  >  }
  > END
  $ build page && start ./page; crowd 5; time { kill $pid; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  [0-2]\.\d+ s (re)
  $ start ./page; deploy
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 0
  ([0-2]?\d)?\d{1,3} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  while (!stopping) {
  > +  while (true) {
  >      const Time deadline = patience_ends();
  > END
  $ build page && start ./page; deploy
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 0
  35000

It shuts down sending too early, which costs a client that speaks once more its answers.

  $ long() { for i in {1..10}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.3; kill $pid; sleep 0.3
  >   head -c $1 /dev/zero >&5; cat <&5 | wc -c; }
  $ start ./page; late 1
  listening on 127\.0\.0\.1:\d+ (re)
  cat: -: Connection reset by peer
  \d{5,6} (re)
  $ given unacknowledged
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +void end_sending(int client) {
  > +  shutdown(client, SHUT_WR);  // yours
  > +}
  > +
  >  void hang_up(int client) {
  >    // First our end of the stream, after the last answer. It fails if the client is gone already.
  > -  if (shutdown(client, SHUT_WR) == 0) {
  > +  if (!stopping && shutdown(client, SHUT_WR) == 0) {
  >  // …
  >      while (receive_until(client, discarded, give_up) > 0) {
  >      }
  >    }
  > +  if (stopping) end_sending(client);
  >    close(client);
  >  }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// Ends sending when all is acknowledged: after that, more input would bring on a reset.
  >  void end_sending(int client) {
  > -  shutdown(client, SHUT_WR);  // yours
  > +  char discarded[4096];
  > +  while (unacknowledged_bytes(client) > 0) {
  > +    const ssize_t n = recv(client, discarded, sizeof discarded, MSG_DONTWAIT);
  > +    if (n <= 0) std::this_thread::sleep_for(5ms);
  > +  }
  > +  shutdown(client, SHUT_WR);
  >  }
  > END
  $ build page && start ./page; late 1
  listening on 127\.0\.0\.1:\d+ (re)
  655400
  $ start ./page; late 6M
  listening on 127\.0\.0\.1:\d+ (re)
  655400

A thousand silent clients, where each thread sleeps (one for a signal, one for a permit, and a
thousand in recv), and one signal that ends them all.

  $ start ./page 0 --read-timeout 0; crowd 1000; sleep 1
  listening on 127\.0\.0\.1:\d+ (re)
  $ ps -L -o wchan:20= -p $pid | sort | uniq -c
   +1 \S+ (re)
   +1 \S+ (re)
   +1000 \S+ (re)
  $ time { kill $pid; wait $pid; }; echo "exit status $?"
  \d\.\d+ s (re)
  exit status 0

  $ stop
