  $ . "$ROOT/tools/shell.sh"

What is left of the difference between the first serve and the last one, without co_await and co_return.

  $ serve_in() { sed -n '/ serve(Connection/,/^}/p' $ROOT/$1/server.cc; }
  $ without_co() { sed 's/co_await //; s/co_return/return/'; }
  $ diff -U 0 <(serve_in part1-blocking) <(serve_in part6-uring | without_co) | grep '^[-+][ a-z]'
  -common::Status serve(Connection& connection, common::Session& session) {
  -  std::array<std::byte, common::thread_receive_buffer_bytes> receive_buffer;
  -  common::SendBuffer output;
  +uring::Task<common::Status> serve(Connection& connection, common::Session& session) {
  -    const auto received = connection.receive(receive_buffer);
  +    const auto received = connection.receive();
  +    common::SendBuffer output;  // here, so that a silent client has none
  -    output.clear();
