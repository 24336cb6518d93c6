// Part 1: one client at a time, with calls that wait. How far a conversation has got is the line of
// serve() in which the thread waits.
// Try it: ./serve part1   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/net/unacknowledged.h"
#include "common/server/constants.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_thread.h"
#include "common/session.h"

using namespace std::chrono_literals;
using common::Clock, common::Fd, common::Result, common::Status;
using std::chrono::milliseconds;
using Time = Clock::time_point;

common::Options options;
std::atomic<bool> stopping = false;  // from now on only what has arrived is answered

// When a client's time is up, for a message or for taking answers, if it begins now.
Time patience_ends() { return Clock::now() + common::loop_read_timeout(options.read_timeout); }

struct Client {
  Fd fd = {};
  common::Address peer = {};
  Time deadline = {};  // for its next message
  int late_receives = 0;
  milliseconds receive_limit = 0ms;  // of the last call
};

// A receive or a send that sleeps for longer than this fails with EAGAIN.
void limit_calls(const Client& client, int option, milliseconds limit) {
  const timeval value{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  (void)setsockopt(client.fd.get(), SOL_SOCKET, option, &value, sizeof value);  // cannot fail here
}

// EAGAIN: it slept for as long as it may, or was not to sleep. EINTR: we were suspended, say.
bool must_try_again() { return errno == EAGAIN || errno == EINTR; }

// Waits for bytes. Returns the part of `room` that has them, which is empty at the end of the
// client's stream. Fails when the deadline has passed.
Result<common::ByteView> receive(Client& client, std::span<std::byte> room) {
  while (true) {
    // In whole milliseconds, so that the limit is usually the last one, and costs no call.
    const auto left = std::chrono::ceil<milliseconds>(client.deadline - Clock::now());
    // We may be late ourselves (SIGSTOP, then SIGCONT). A message that came in time is still in the
    // kernel then, in pieces, so we receive what is there, but not for ever.
    const bool late = left <= 0ms;
    if (late && ++client.late_receives > common::late_receives_max) break;
    if (!late && left != std::exchange(client.receive_limit, left)) {
      limit_calls(client, SO_RCVTIMEO, left);
    }
    const ssize_t n = recv(client.fd.get(), room.data(), room.size(), late ? MSG_DONTWAIT : 0);
    if (n >= 0) return room.first(static_cast<std::size_t>(n));
    if (!must_try_again()) return common::last_error();
    if (late) break;
  }
  return common::failure(common::Error::timed_out);
}

// Fails when the client has taken nothing for as long as it may.
Status send_all(const Client& client, common::ByteView rest) {
  Time deadline = patience_ends();
  std::size_t unacknowledged = 0;  // when we last looked
  while (!rest.empty()) {
    const ssize_t n = send(client.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && !must_try_again()) return common::last_error();
    if (n > 0) rest = rest.subspan(static_cast<std::size_t>(n));
    if (rest.empty()) break;
    // The kernel holds the answers in pieces. A slow reader takes a piece in many parts, and before
    // it has taken the last of them, no send finds room. So we also count what is acknowledged.
    const std::size_t before =
        std::exchange(unacknowledged, common::unacknowledged_bytes(client.fd));
    if (n > 0 || unacknowledged < before) deadline = patience_ends();
    if (Clock::now() >= deadline) return common::failure(common::Error::timed_out);
  }
  return {};
}

void restart_timeout(Client& client) {
  client.deadline = patience_ends();
  client.late_receives = 0;
}

// Returns when the client has finished sending, announces too much, is too slow, or is gone.
Status serve(Client& client, common::Session& session) {
  std::byte bytes[common::thread_receive_buffer_bytes];
  while (!session.finished()) {  // an echo session never is; HTTP's may be
    const auto received = receive(client, bytes);
    if (!received) return std::unexpected(received.error());
    if (received->empty()) return session.end_of_stream();

    common::SendBuffer answers;
    const auto completed = session.take(*received, answers);
    // We send even after an error, because the messages before it get their answers.
    if (const auto sent = send_all(client, answers.view()); !sent) return sent;
    if (!completed) return std::unexpected(completed.error());
    if (*completed > 0) restart_timeout(client);
  }
  return {};
}

// Ends sending when all is acknowledged. If both directions are shut before that, the kernel
// answers more input with a reset, and discards the rest of the answers.
void end_sending(const Client& client) {
  std::byte discarded[4096];
  while (common::unacknowledged_bytes(client.fd) > 0) {
    const ssize_t n = recv(client.fd.get(), discarded, sizeof discarded, MSG_DONTWAIT);
    if (n <= 0) std::this_thread::sleep_for(common::drain_poll_interval);
  }
  (void)shutdown(client.fd.get(), SHUT_WR);
}

void hang_up(const Client& client) {
  // First our end of the stream, after the last answer. It fails if the client is gone already.
  if (!stopping && shutdown(client.fd.get(), SHUT_WR) == 0) {
    // Then discard the client's input, until it ends its side, or for two seconds.
    const Time give_up = Clock::now() + common::linger_timeout;
    std::byte discarded[4096];
    limit_calls(client, SO_RCVTIMEO, 100ms);  // so that it looks for a stop
    // Try again after a failure: silence isn't the end, and after a reset the next recv returns 0.
    ssize_t n = -1;
    while (n != 0 && !stopping && Clock::now() < give_up) {
      n = recv(client.fd.get(), discarded, sizeof discarded, 0);
    }
  }
  if (stopping) end_sending(client);
}

std::mutex mutex;
int serving = -1;  // the socket that stop() has to end, under the mutex

void serve_client(Client client) {
  const common::ConnectionLog log(options.verbose);
  log.opened(client.peer);
  {
    const std::scoped_lock lock(mutex);
    serving = client.fd.get();
    if (stopping) (void)shutdown(client.fd.get(), SHUT_RD);  // stop() came first
  }
  restart_timeout(client);
  limit_calls(client, SO_SNDTIMEO, 100ms);  // so that send_all looks at what is acknowledged
  common::EchoSession session(options.max_message);
  const auto end = serve(client, session);
  // Our stop may have cut a message short.
  const bool goodbye = end || (stopping && end.error() == common::Error::cut_short);
  log.closed(client.peer, goodbye ? std::error_code() : end.error(), session.inside_message());
  {
    const std::scoped_lock lock(mutex);
    serving = -1;  // before it is closed, and the number is another client's
  }
  hang_up(client);
}

// Returns when stop() has ended the listener, or after an error that a retry can't cure.
Status accept_clients(const Fd& listener) {
  static common::RepeatedFault fault("cannot accept");
  while (!stopping) {
    Client client;
    socklen_t size = common::Address::capacity();
    client.fd = Fd(accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd) {
      serve_client(std::move(client));
      continue;
    }
    // ECONNABORTED: this client left while it was queued; the next may be fine.
    if (stopping || errno == EINTR || errno == ECONNABORTED) continue;
    const auto error = common::last_error();
    if (!common::is_transient_accept_error(error.error())) return error;
    fault.report(error.error(), Clock::now());  // EMFILE, for example
    std::this_thread::sleep_for(common::shortage_pause);
  }
  return {};
}

void stop(const Fd& listener) {
  const std::scoped_lock lock(mutex);
  stopping = true;
  (void)shutdown(listener.get(), SHUT_RDWR);  // accept fails, now and later
  // From now on recv returns what has arrived, and then 0.
  if (serving >= 0) (void)shutdown(serving, SHUT_RD);
}

int main(int argc, char** argv) {
  common::Program program{.name = "part1-blocking",
                          .summary = "Echoes messages, one client at a time.",
                          .options = common::stage_options(options)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(1, 1, {.descriptors_each = 0});  // it has no option to ask for less

  const auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return common::report_failure(options, listener.error());
  const auto signals =
      common::SignalThread::create(options.drain_timeout, [&listener] { stop(*listener); });
  if (!signals) return common::complain(common::explain_no_thread(signals.error()));
  common::announce(common::Address::of_socket(*listener)->to_string());
  const auto end = accept_clients(*listener);
  return end ? 0 : common::report_failure(options, end.error());
}
