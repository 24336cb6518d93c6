  $ . "$ROOT/tools/shell.sh"

What is left of the difference between the first serve and the last one, without co_await and co_return.

  $ serve_in() { sed -n '/ serve(C/,/^}/p' $ROOT/$1/server.cc; }
  $ without_co() { sed 's/co_await //; s/co_return/return/'; }
  $ diff -U 0 <(serve_in part1-blocking) <(serve_in part6-uring | without_co) | grep '^[-+][^-+]'
  -Status serve(Client& client, common::Session& session) {
  -  std::byte bytes[common::thread_receive_buffer_bytes];
  +uring::Task<common::Status> serve(Client& client, common::Session& session) {
  -    const auto received = receive(client, bytes);
  +    const auto received = receive(client);
