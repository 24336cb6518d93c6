#include "server.h"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

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

/// A thread that waits needs a few calls' worth of stack and its receive buffer, not the 8 MiB that
/// are usual.
void use_small_stacks() {
  constexpr std::size_t stack_bytes = 256 * 1024;
  pthread_attr_t usual;
  pthread_attr_t small;
  (void)::pthread_getattr_default_np(&usual);  // these four fail on no Linux
  (void)::pthread_attr_init(&small);
  (void)::pthread_attr_setstacksize(&small, stack_bytes);
  (void)::pthread_setattr_default_np(&small);
  try {
    std::thread([] {}).join();
  } catch (
      const std::system_error&) {  // EINVAL: what is thread_local does not fit, a sanitizer's say
    (void)::pthread_setattr_default_np(&usual);
  }
  (void)::pthread_attr_destroy(&small);
  (void)::pthread_attr_destroy(&usual);
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
  use_small_stacks();
  return options_.workers == 0 ? run_threads() : run_pool();
}

common::Status Server::run_threads() {
  const auto finished = accept_clients(&Server::start_thread);
  if (!finished) stop();  // or it would live on for those who are here, and accept nobody
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return places_taken_ == 0; });
  return finished;
}

common::Status Server::run_pool() {
  std::vector<common::Status> finished(options_.workers);
  {
    std::vector<std::jthread> pool;
    for (common::Status& status : finished) {
      try {
        pool.emplace_back([this, &status] {
          status = accept_clients(&Server::serve_client);
          if (!status) stop();  // the others, too: one less would go unnoticed
        });
      } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
        status = std::unexpected(error.code());
        stop();
        break;
      }
    }
  }  // joins them
  const auto failed = std::ranges::find_if(finished, [](const auto& status) { return !status; });
  return failed == finished.end() ? common::Status() : *failed;
}

common::Status Server::accept_clients(void (Server::*serve_one)(common::Accepted)) {
  while (true) {
    if (!take_place()) return {};
    auto client = common::accept_one(listener_, common::SocketMode::blocking);
    if (client) {
      assert(*client);  // only a non-blocking accept finds nobody
      (this->*serve_one)(std::move(**client));
      continue;
    }
    give_place_back();
    if (common::is_transient_accept_error(client.error())) {
      accept_fault_.report(client.error(), common::Clock::now());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } else if (!stopping_) {
      return std::unexpected(client.error());
    }
  }
}

/// At the limit it waits, and newcomers wait in the backlog. False: we are to stop.
bool Server::take_place() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || places_taken_ < options_.max_connections; });
  const bool taken = !stopping_;
  if (taken) ++places_taken_;
  return taken;
}

void Server::give_place_back() {
  const std::scoped_lock lock(mutex_);
  --places_taken_;
  changed_.notify_all();  // under the lock: after the last one, the server may be gone
}

void Server::start_thread(common::Accepted client) {
  // Shared, because a thread that cannot be started has already swallowed what it was given.
  const auto shared = std::make_shared<common::Accepted>(std::move(client));
  while (!stopping_) {
    try {
      std::thread([this, shared] { serve_client(std::move(*shared)); }).detach();
      return;
    } catch (const std::system_error& error) {  // EAGAIN: as many as the system allows
      thread_fault_.report(error.code(), common::Clock::now());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  serve_client(std::move(*shared));  // at the end there is nobody else to accept
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
  end_serving(client.fd.get());
  peer.close_gracefully(stopping_);
  client.fd = common::Fd();  // only now may its place go to another
  give_place_back();
}

void Server::begin_serving(int connection) {
  const std::scoped_lock lock(mutex_);
  serving_.insert(connection);
  if (stopping_) (void)::shutdown(connection, SHUT_RD);  // stop() came before us
}

void Server::end_serving(int connection) {
  // Before it is closed: the number may be used again at once.
  const std::scoped_lock lock(mutex_);
  serving_.erase(connection);
}

void Server::stop() {
  stopping_ = true;
  // Ends a waiting accept with EINVAL, and a waiting recv with 0, but not before it returned the
  // bytes that had come. Neither call fails in a way that matters: who has gone need not be
  // interrupted.
  (void)::shutdown(listener_.get(), SHUT_RDWR);
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
  for (const int connection : serving_) (void)::shutdown(connection, SHUT_RD);
}

}  // namespace stage
