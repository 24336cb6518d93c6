#include "server.h"

#include <sys/socket.h>

#include <array>
#include <cassert>
#include <chrono>
#include <thread>

#include "connection.h"

namespace stage {
namespace {

/// Serves one client until it leaves, breaks the protocol or is slower than the limits allow.
/// Returns why it ended: no error is a goodbye on a message boundary.
common::Status serve(Connection& peer, common::Session& session) {
  std::array<std::byte, common::receive_bytes_max> receive_buffer;
  common::SendBuffer answers;
  while (!session.finished()) {
    const auto received = peer.receive(receive_buffer);
    if (!received) return std::unexpected(received.error());
    if (*received == 0) return session.end_of_stream();

    const auto completed = session.take(common::ByteView(receive_buffer).first(*received), answers);
    if (const auto sent = peer.send_all(answers.view()); !sent) return sent;
    answers.clear();
    if (!completed) return std::unexpected(completed.error());
    if (*completed > 0) peer.message_completed();
  }
  return {};
}

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const common::Options& options,
                                                       common::MakeSession make_session) {
  auto listener = common::listen_on(options, common::SocketMode::blocking);
  if (!listener) return std::unexpected(listener.error());
  return std::unique_ptr<Server>(new Server(options, make_session, std::move(*listener)));
}

Server::Server(const common::Options& options, common::MakeSession make_session,
               common::Fd listener)
    : options_(options),
      make_session_(make_session),
      listener_(std::move(listener)),
      log_(options.verbose) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (true) {
    if (stopping_) return {};
    auto client = common::accept_one(listener_, common::SocketMode::blocking);
    if (client) {
      assert(*client);  // only a non-blocking accept finds nobody
      serve_client(std::move(**client));
      continue;
    }
    if (common::is_transient_accept_error(client.error())) {
      accept_fault_.report(client.error(), common::Clock::now());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } else if (!stopping_) {
      return std::unexpected(client.error());
    }
  }
}

void Server::serve_client(common::Accepted client) {
  log_.opened(client.peer);
  begin_serving(client.fd.get());
  Connection peer(client.fd, options_.read_timeout);
  const auto session = make_session_(options_);

  const auto ended = serve(peer, *session);
  // Our stop may have cut a message short.
  const bool goodbye = ended || (stopping_ && ended.error() == common::Error::cut_short);
  log_.closed(client.peer, goodbye ? std::error_code() : ended.error(), !session->end_of_stream());
  end_serving();
  peer.close_gracefully(stopping_);
}

void Server::begin_serving(int connection) {
  const std::scoped_lock lock(mutex_);
  serving_ = connection;
  if (stopping_) (void)::shutdown(connection, SHUT_RD);  // stop() came before us
}

void Server::end_serving() {
  // Before it is closed: the number may be used again at once.
  const std::scoped_lock lock(mutex_);
  serving_ = -1;
}

void Server::stop() {
  stopping_ = true;
  // Ends a waiting accept with EINVAL, and a waiting recv with 0, but not before it returned the
  // bytes that had come. Neither call fails in a way that matters: who has gone need not be
  // interrupted.
  (void)::shutdown(listener_.get(), SHUT_RDWR);
  const std::scoped_lock lock(mutex_);
  if (serving_ >= 0) (void)::shutdown(serving_, SHUT_RD);
}

}  // namespace stage
