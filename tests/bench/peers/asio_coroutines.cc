// The echo server on standalone Asio with its coroutines. Errors come as values, because an
// exception for each client that leaves would cost more.

#include <array>
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>

#include "peers/peer.h"

namespace {

using asio::ip::tcp;
constexpr auto token = asio::experimental::as_tuple(asio::use_awaitable);

asio::awaitable<void> serve(tcp::socket socket) {
  std::array<char, peer::buffer_bytes> buffer;
  while (true) {
    const auto received = co_await socket.async_read_some(asio::buffer(buffer), token);
    const auto& [failed, size] = received;
    if (failed) co_return;
    const auto written = co_await asio::async_write(socket, asio::buffer(buffer, size), token);
    const auto& [unsent, sent] = written;
    if (unsent) co_return;
  }
}

asio::awaitable<void> welcome(tcp::acceptor& acceptor) {
  while (true) {
    auto accepted = co_await acceptor.async_accept(token);
    auto& [error, socket] = accepted;
    if (error) peer::give_up("async_accept", error.value());
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto listener =
      peer::listen_as_told(argc, argv, "peer-asio-coroutines", "Echoes bytes with Asio.");
  asio::io_context context(1);  // one thread, so Asio leaves out its locks
  tcp::acceptor acceptor(context, tcp::v4(), ::dup(listener.get()));
  asio::co_spawn(context, welcome(acceptor), asio::detached);
  peer::announce(listener);
  context.run();
}
