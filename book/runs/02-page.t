  $ . "$ROOT/tools/shell.sh"

The page of chapter 2, as its reader makes it. It begins with a main that accepts and closes.

  $ page 2; build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port 2> /dev/null | xxd

One receive and one send. Of a message in three pieces, only the first comes back.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// Returns when the client has finished sending, or is gone.
  > +void serve(int client) {
  > +  static char message[message_bytes_max];
  > +  const ssize_t n = recv(client, message, sizeof message, 0);
  > +  if (n > 0) send(client, message, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  > +}
  > +
  >  int main(int argc, char** argv) {
  >  // …
  >      const int client = check(accept(listener, nullptr, nullptr), "accept");
  > +    serve(client);
  >      close(client);
  > END
  $ slowly() { for piece in "$@"; do sleep 0.4; printf "$piece"; done; }
  $ pieces() { slowly '\2\0' '\0\0h' i | ncat 127.0.0.1 $port; }
  $ build page && start ./page; pieces 2> /dev/null | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200                                     ..

Until the end of the stream. But half a message is an answer too many.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    static char message[message_bytes_max];
  > -  const ssize_t n = recv(client, message, sizeof message, 0);
  > -  if (n > 0) send(client, message, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  > +  while (true) {
  > +    const ssize_t n = recv(client, message, sizeof message, 0);
  > +    if (n <= 0) return;
  > +    send(client, message, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  > +  }
  >  }
  > END
  $ build page && start ./page; pieces | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ printf '\5\0\0\0hel' | ncat 127.0.0.1 $port | xxd
  00000000: 0500 0000 6865 6c                        ....hel

The length. A receive that asks once takes two bytes for a whole header, and sends a stranger what
another client has left.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +bool receive_all(int client, std::span<char> room) {
  > +  return recv(client, room.data(), room.size(), 0) > 0;
  > +}
  > +
  >  // Returns when the client has finished sending, or is gone.
  >  void serve(int client) {
  >    static char message[message_bytes_max];
  >    while (true) {
  > -    const ssize_t n = recv(client, message, sizeof message, 0);
  > -    if (n <= 0) return;
  > -    send(client, message, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  > +    if (!receive_all(client, {message, 4})) return;
  > +    const std::uint32_t size = length_in({message, 4});
  > +    if (!receive_all(client, {message + 4, size})) return;
  > +    send(client, message, 4 + size, MSG_NOSIGNAL);
  >    }
  > END
  $ build page && start ./page; printf '\5\0\0\0hel' | ncat 127.0.0.1 $port | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0500 0000 6865 6c00 00                   ....hel..
  $ bank() { printf '\51\0\0\0the password of the bank is correct horse' | ncat 127.0.0.1 $port; }
  $ stranger() { printf '\51\0\0\0x' | ncat 127.0.0.1 $port; }
  $ bank | wc -c; stranger | tail -c +5; echo
  45
  xhe password of the bank is correct horse

receive_all, the reader's.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool receive_all(int client, std::span<char> room) {
  > -  return recv(client, room.data(), room.size(), 0) > 0;
  > +  while (!room.empty()) {
  > +    const ssize_t n = recv(client, room.data(), room.size(), 0);
  > +    if (n <= 0) return false;
  > +    room = room.subspan(static_cast<std::size_t>(n));
  > +  }
  > +  return true;
  >  }
  > END
  $ build page && start ./page; bank | wc -c; stranger | wc -c
  listening on 127\.0\.0\.1:\d+ (re)
  45
  0
  $ pieces | xxd; printf '\2\0\0\0hi\3\0\0\0you' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  00000000: 0200 0000 6869 0300 0000 796f 75         ....hi....you
  $ printf '\0\0\0\0' | ncat 127.0.0.1 $port | xxd
  00000000: 0000 0000                                ....

A length is only a promise. With too long a one, the client writes beyond the end of `message`.

  $ too_long() { (printf '\100\0\1\0'; head -c 65600 /dev/zero) | ncat 127.0.0.1 $port 2> /dev/null; }
  $ build page -fsanitize=address && start ./page 2> errors; too_long | wc -c; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  0
  exit status 1
  $ grep -o 'ERROR: .*-overflow' errors
  ERROR: AddressSanitizer: global-buffer-overflow
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -// Returns when the client has finished sending, or is gone.
  > +// Returns when the client has finished sending, announces too much, or is gone.
  >  void serve(int client) {
  >  // …
  >      const std::uint32_t size = length_in({message, 4});
  > +    if (size > sizeof message - 4) return;
  >      if (!receive_all(client, {message + 4, size})) return;
  > END
  $ build page -fsanitize=address && start ./page 2> errors; too_long | wc -c; pieces | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  0
  00000000: 0200 0000 6869                           ....hi
  $ wc -c < errors
  0

A minute for a call. Each byte of a dribbler's ends one receive, and the next has a whole minute, here
two seconds.

  $ given minute
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    static char message[message_bytes_max];
  > +  limit_calls(client, SO_RCVTIMEO, patience);
  > +  limit_calls(client, SO_SNDTIMEO, patience);
  >    while (true) {
  > END
  $ dribble() { for byte in '\5' '\0' '\0' '\0' h e l l o; do printf $byte; sleep 0.5; done; }
  $ dribbled() { exec 5<>/dev/tcp/127.0.0.1/$port; (dribble >&5 &); cat <&5 2> /dev/null | xxd; }
  $ TIMEFORMAT='%R s'; build page && start ./page 0 2; time dribbled
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0500 0000 6865 6c6c 6f                   ....hello
  [6-8]\.\d+ s (re)

A deadline for the message.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -bool receive_all(int client, std::span<char> room) {
  > +// Like recv(2), but fails when the deadline has passed.
  > +ssize_t receive_until(int client, std::span<char> room, Time deadline) {
  > +  return {};  // yours
  > +}
  > +
  > +bool receive_all(int client, std::span<char> room, Time deadline) {
  >    while (!room.empty()) {
  > -    const ssize_t n = recv(client, room.data(), room.size(), 0);
  > +    const ssize_t n = receive_until(client, room, deadline);
  >      if (n <= 0) return false;
  >  // …
  > -// Returns when the client has finished sending, announces too much, or is gone.
  > +// Returns when the client has finished sending, announces too much, is too slow, or is gone.
  >  void serve(int client) {
  >    static char message[message_bytes_max];
  > -  limit_calls(client, SO_RCVTIMEO, patience);
  >    limit_calls(client, SO_SNDTIMEO, patience);
  >    while (true) {
  > -    if (!receive_all(client, {message, 4})) return;
  > +    const Time deadline = patience_ends();
  > +    if (!receive_all(client, {message, 4}, deadline)) return;
  >      const std::uint32_t size = length_in({message, 4});
  >      if (size > sizeof message - 4) return;
  > -    if (!receive_all(client, {message + 4, size})) return;
  > +    if (!receive_all(client, {message + 4, size}, deadline)) return;
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  ssize_t receive_until(int client, std::span<char> room, Time deadline) {
  > -  return {};  // yours
  > +  while (true) {
  > +    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  > +    if (left <= 0ms) return -1;
  > +    limit_calls(client, SO_RCVTIMEO, left);
  > +    const ssize_t n = recv(client, room.data(), room.size(), 0);
  > +    if (n >= 0 || errno != EINTR) return n;  // EINTR: we were suspended, say, and go on
  > +  }
  >  }
  > END
  $ build page && start ./page 0 2; time dribbled
  listening on 127\.0\.0\.1:\d+ (re)
  [2-3]\.\d+ s (re)
  $ fg_again() { sleep 0.2; kill -STOP $pid; sleep 0.2; kill -CONT $pid; sleep 0.2; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\5\0\0\0hel' >&5; fg_again; printf lo >&5; cat <&5 | wc -c
  9

The server is suspended while it waits for room: a send takes some of an answer.

  $ late_reader() { exec 5<>/dev/tcp/127.0.0.1/$port; (for i in {1..200}; do long; done >&5 &)
  >   sleep 1; fg_again; fg_again; timeout --foreground 5 cat <&5 2> /dev/null | wc -c; }
  $ long() { printf '\0\0\1\0'; head -c 65536 /dev/zero; }
  $ start ./page; late_reader
  listening on 127\.0\.0\.1:\d+ (re)
  (?!13108000)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +bool send_all(int client, std::string_view rest) {
  > +  return {};  // yours
  > +}
  > +
  >  // Returns when the client has finished sending, announces too much, is too slow, or is gone.
  >  void serve(int client) {
  >  // …
  > -    send(client, message, 4 + size, MSG_NOSIGNAL);
  > +    if (!send_all(client, {message, 4 + size})) return;
  >    }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool send_all(int client, std::string_view rest) {
  > -  return {};  // yours
  > +  while (!rest.empty()) {
  > +    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
  > +    if (n < 0 && errno != EINTR) return false;
  > +    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  > +  }
  > +  return true;
  >  }
  > END
  $ build page && start ./page; late_reader
  listening on 127\.0\.0\.1:\d+ (re)
  13108000

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part1-blocking/steps/08-a-minute-each.cc | grep '^[<>] [^/]'
  [1]
  $ stop
