  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

The page of chapter 2 with a thread for each client: all of them receive into one static message.
Alice stalls within hers while Bob is served. The program is left nowhere.

  $ trap 'rm -f shared shared.cc' EXIT

  $ sed '/close(client)/d; s/serve(client);/std::thread(serve, client).detach();/' \
  >   $ROOT/part1-blocking/steps/07-whole-server.cc > shared.cc
  $ g++ -std=c++23 -include thread shared.cc -o shared
  $ start ./shared
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\5\0\0\0al' >&5; sleep 0.2
  $ say_hi
  $ printf 'ice' >&5; head -c 9 <&5 | xxd
  00000000: 0200 0000 6869 6963 65                   ....hiice
  $ stop
