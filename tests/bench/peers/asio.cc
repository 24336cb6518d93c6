// An echo server on standalone Asio with callbacks, in the shape of the library's own example.

#include <array>
#include <asio.hpp>
#include <memory>

#include "peers/peer.h"

namespace {

using asio::ip::tcp;

/// A client's session, which lives as long as one of its callbacks waits.
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void receive() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](std::error_code error, std::size_t size) {
                              if (!error) self->send(size);
                            });
  }

 private:
  void send(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size),
                      [self = shared_from_this()](std::error_code error, std::size_t) {
                        if (!error) self->receive();
                      });
  }

  tcp::socket socket_;
  std::array<char, peer::buffer_bytes> buffer_;
};

void welcome(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
    if (error) peer::give_up("async_accept", error.value());
    std::make_shared<Session>(std::move(socket))->receive();
    welcome(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto listener = peer::listen_as_told(argc, argv, "peer-asio", "Echoes bytes with Asio.");
  asio::io_context context(1);  // one thread, so Asio leaves out its locks
  tcp::acceptor acceptor(context, tcp::v4(), ::dup(listener.get()));
  welcome(acceptor);
  peer::announce(listener);
  context.run();
}
