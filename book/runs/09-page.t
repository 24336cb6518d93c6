Skipped where strace is not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"

The page of chapter 9, as its reader makes it of chapter 8's. `GET ` is a length of 542 million.

  $ page 9
  $ build page && start ./page; curl -sS --http1.1 http://127.0.0.1:$port/
  listening on 127\.0\.0\.1:\d+ (re)
  curl: \(\d+\) (Empty reply from server|Recv failure: Connection reset by peer) (re)
  [52]

It speaks HTTP, in four lines.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool take(std::string& in, std::string& held) {
  > -  std::size_t taken = 0;
  > -// …
  > -  return message_bytes <= message_bytes_max;
  > +  if (!in.ends_with("\r\n\r\n")) return in.size() < message_bytes_max;
  > +  held += "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
  > +  in.clear();
  > +  return true;
  >  }
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ curl -sS --http1.1 -i http://127.0.0.1:$port/
  HTTP/1.1 200 OK\r (esc)
  Content-Length: 6\r (esc)
  \r (esc)
  hello

But a message of ours is answered no more, and of two requests in a segment only one.

  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  $ two() { printf 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n'; sleep 0.3; }
  $ two | ncat 127.0.0.1 $port | grep -c hello
  1

What is the protocol's becomes an object, which knows nothing of sockets.

  $ given session
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -// The length in the first four bytes, lowest byte first.
  > -// …
  > -}
  > -
  >  constexpr std::size_t receive_bytes = 4 + 65536;
  > -std::size_t message_bytes_max = receive_bytes;  // the header, too
  >  // …
  >  struct Client {
  >  // …
  > -  std::string in = "";              // the beginning of a message
  > +  std::unique_ptr<common::Session> session = common::make_session(protocol, max_message);
  >    std::string held = "";            // the end of our answers, which the kernel had no room for
  >  // …
  > -// Answers every complete message. Returns false if the next one is too long.
  > -// …
  > -}
  > -
  >  // The first of the three moves. False if the client is gone.
  >  // …
  >  bool receive(Client& client) {
  >  // …
  > -  client.in.append(bytes, static_cast<std::size_t>(got));
  > -  if (!take(client.in, client.held)) client.state = State::ending;
  > +  common::SendBuffer answers;
  > +  const auto received = std::as_bytes(std::span(bytes)).first(static_cast<std::size_t>(got));
  > +  const auto completed = client.session->take(received, answers);
  > +  client.held.append(reinterpret_cast<const char*>(answers.view().data()), answers.size());
  > +  if (!completed || client.session->finished()) {
  > +    client.state = State::ending;
  > +  } else if (*completed > 0) {
  > +    client.deadline = patience_ends();  // not for bytes, or one now and then would hold it open
  > +  }
  >    return client.held.empty() || send_held(client);
  >  // …
  >  int main(int argc, char** argv) {
  >  // …
  > -  message_bytes_max = 4 + option(words, "--max-message", 65'536);
  > END
  $ build page && start ./page; printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ printf '\2\0\0\0hi\377\377\377\377' | timeout 2 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ start ./page 0 --protocol http; curl -sS --http1.1 http://127.0.0.1:$port/
  listening on 127\.0\.0\.1:\d+ (re)
  hello
  $ two | ncat 127.0.0.1 $port | grep -c hello
  2

A message without an answer is a message, too: with discard, three bytes in three seconds.

  $ start ./page 0 --protocol discard --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..6}; do sleep 0.5; printf x >&5; done
  $ timeout --foreground 0.2 cat <&5 && echo closed || echo open
  open

Two lengths in one head: no guess is made.

  $ printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\nContent-Length: 0\r\n\r\n' > smuggled
  $ printf 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n' >> smuggled
  $ start ./page 0 --protocol http; ncat 127.0.0.1 $port < smuggled
  listening on 127\.0\.0\.1:\d+ (re)
  HTTP/1.1 400 Bad Request\r (esc)
  Content-Length: 0\r (esc)
  Connection: close\r (esc)
  \r (esc)

Two loops. Each has an epoll and a list of its own, but for the clients, which they share.

  $ given loops
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -int epoll = -1;
  > -int wake = -1;  // an eventfd
  > +thread_local int epoll = -1;
  > +thread_local int wake = -1;  // an eventfd
  >  // …
  > -std::set<std::pair<Time, Token>> deadlines;  // the earliest first
  > +thread_local std::set<std::pair<Time, Token>> deadlines;  // the earliest first
  >  // …
  > -Time parked_until;  // when the listener is worth asking about
  > +thread_local Time parked_until;  // when the listener is worth asking about
  >  // …
  > -bool parked = false;
  > +thread_local bool parked = false;
  >  // …
  >  void accept_one(int listener) {
  > -  static Token last_token = listener_token;
  > +  thread_local Token last_token = listener_token;
  >  // …
  >  int main(int argc, char** argv) {
  >  // …
  > +  std::vector<std::jthread> others;  // joined at the end
  > +  for (std::size_t i = 1; i < workers.size(); ++i) others.emplace_back(run_loop, workers[i]);
  >    run_loop(workers[0]);
  >  }
  > END
  $ each() { crowd ${1:-64}; for c in "${clients[@]}"; do printf '\2\0\0\0hi' >&$c; done; sleep 1
  >   for c in "${clients[@]}"; do timeout --foreground 0.3 head -c 6 <&$c; done; }
  $ build page && start ./page 0 --workers 2 2> errors; each 2> /dev/null | wc -c
  listening on 127\.0\.0\.1:\d+ (re)
  (?!384)\d{1,3} (re)
  $ kill -KILL $pid 2>> errors || true
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -std::map<Token, Client> clients;  // a token never comes back
  > +thread_local std::map<Token, Client> clients;  // a token never comes back
  > END
  $ build page && start ./page 0 --workers 2; each | wc -c
  listening on 127\.0\.0\.1:\d+ (re)
  384

Without SO_REUSEPORT, a port has one owner.

  $ without 'if (shared) check(' page && ./without 0 --workers 2
  - if (shared) check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "SO_REUSEPORT");
  without: listen: Address already in use
  [1]

Each loop counts for itself, and with two of them twice as many are let in.

  $ open_files() { ls /proc/$pid/fd | wc -l; }
  $ start ./page 0 --workers 2 --max-connections 64; crowd 128; open_files
  listening on 127\.0\.0\.1:\d+ (re)
  1\d\d (re)
  $ given permits
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  void settle(Token token, bool stays) {
  >  // …
  >      clients.erase(token);
  > +    give_back_permit();
  >      return;
  >  // …
  >  void accept_one(int listener) {
  >    thread_local Token last_token = listener_token;
  > +  if (!take_permit()) {
  > +    parked_until = Time::max();  // the next one that comes back wakes this loop
  > +    return;
  > +  }
  >  // …
  >      parked_until = retry_time(Clock::now());
  > +    give_back_permit();
  >    } else if (add(fd, ++last_token) < 0) {
  >      close(fd);  // no wait would ever mention it
  > +    give_back_permit();
  >    } else {
  >  // …
  >  int how_long(Time now) {
  > -  auto next = now < parked_until ? parked_until : now + 1h;
  > +  auto next = std::min(now + 1h, now < parked_until ? parked_until : Time::max());
  >  // …
  >  void run_loop(const Worker& worker) {
  >  // …
  > -      if (token == listener_token) {
  > +      if (token == wake_token) {  // a stop, or a permit
  > +        eventfd_t times;
  > +        eventfd_read(wake, &times);
  > +        parked_until = {};
  > +      } else if (token == listener_token) {
  >  // …
  > -    const bool park = clients.size() >= clients_max || Clock::now() < parked_until;
  > +    const bool park = Clock::now() < parked_until;
  > END
  $ build page && start ./page 0 --workers 2 --max-connections 64; crowd 128; open_files
  listening on 127\.0\.0\.1:\d+ (re)
  [67]\d (re)
  $ two_seconds() { processor_time; sleep 2; processor_time; }
  $ two_seconds
  \d?0 ms (re)
  \d?0 ms (re)
  $ for c in "${clients[@]}"; do printf '\2\0\0\0hi' >&$c; done; disperse; sleep 0.5; crowd 64; say_hi; open_files
  [67]\d (re)

Nine clients, one after the other, in eight places.

  $ start ./page 0 --workers 2 --max-connections 8
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..9}; do printf '\2\0\0\0hi' | timeout 2 ncat 127.0.0.1 $port; done | wc -c
  54

No descriptor is left for a while, and accept fails.

  $ start ./page 0 --max-connections 8 2> errors; prlimit --nofile=8:64 --pid $pid; crowd 8; sleep 1.5
  listening on 127\.0\.0\.1:\d+ (re)
  $ disperse; prlimit --nofile=64:64 --pid $pid; sleep 0.5; each 8 | wc -c
  48

A stop ends both.

  $ start ./page 0 --workers 2; each | wc -c; kill $pid; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  384
  exit status 0

`100 Continue` is an answer that completes no message.

  $ expects() { exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1.6
  >   printf 'GET / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n' >&5
  >   time timeout 5 cat <&5; }
  $ TIMEFORMAT='%R s'; start ./page 0 --protocol http --read-timeout 2s; expects
  listening on 127\.0\.0\.1:\d+ (re)
  HTTP/1.1 100 Continue\r (esc)
  \r (esc)
  [12]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool receive(Client& client) {
  >  // …
  > -  return client.held.empty() || send_held(client);
  > +  const Time due = client.deadline;
  > +  if (!client.held.empty() && !send_held(client)) return false;
  > +  if (client.held.empty()) client.deadline = due;  // `100 Continue` completes no message
  > +  return true;
  > END
  $ build page && start ./page 0 --protocol http --read-timeout 2s; expects
  listening on 127\.0\.0\.1:\d+ (re)
  HTTP/1.1 100 Continue\r (esc)
  \r (esc)
  0\.\d+ s (re)

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part5-epoll/steps/20-page-with-loops.cc | grep '^[<>] [^/]'
  [1]
  $ stop
