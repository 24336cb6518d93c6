// Part 2: a thread for each client, or a pool of threads, and the calls of part 1 that wait. A stop
// wakes every thread, and costs no client an answer.
// Try it: ./serve part2   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <semaphore.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

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

struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
  std::size_t workers = 0;  // 0: a thread for each client
} options;
std::atomic<bool> stopping = false;  // from now on only what has arrived is answered

// When a client's time is up, for a message or for taking answers, if it begins now.
Time patience_ends() { return Clock::now() + common::loop_read_timeout(options.read_timeout); }

sem_t permits;  // as many as there may be clients

// One of them, which its destructor gives back.
struct GiveBack {
  void operator()(sem_t* semaphore) const { (void)sem_post(semaphore); }
};
using Permit = std::unique_ptr<sem_t, GiveBack>;

Permit take_permit() {
  while (sem_wait(&permits) < 0) {  // EINTR
  }
  return Permit(&permits);
}

struct Client {
  Permit permit = {};  // given back after fd, so that a free permit means a free descriptor
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
std::set<int> serving;  // the sockets that stop() has to end, under the mutex

void serve_client(Client client) {
  const common::ConnectionLog log(options.verbose);
  log.opened(client.peer);
  {
    const std::scoped_lock lock(mutex);
    serving.insert(client.fd.get());
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
    serving.erase(client.fd.get());  // before it is closed, and the number is another client's
  }
  hang_up(client);
}

void start_thread(Client client) {
  static common::RepeatedFault fault("cannot start a thread");
  // Shared, because std::thread has already moved from its arguments when it throws.
  const auto shared = std::make_shared<Client>(std::move(client));
  while (!stopping) {
    try {
      std::thread([shared] { serve_client(std::move(*shared)); }).detach();
      return;
    } catch (const std::system_error& error) {  // EAGAIN: the system allows no more threads
      fault.report(error.code(), Clock::now());
      std::this_thread::sleep_for(common::shortage_pause);
    }
  }
  serve_client(std::move(*shared));  // on this thread, which has no more to accept
}

std::atomic<bool> failed = false;

// Stops the other threads, too, because nobody would notice that one is missing.
void give_up(std::string_view why) {
  if (failed.exchange(true)) return;
  (void)common::complain(why);
  common::SignalThread::stop_after_failure();
}

// Returns when stop() has ended the listener, or after an error that a retry can't cure.
void accept_clients(const Fd& listener, void (*begin)(Client)) {
  static common::RepeatedFault fault("cannot accept");
  while (!stopping) {
    Client client{.permit = take_permit()};
    socklen_t size = common::Address::capacity();
    client.fd = Fd(accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd) {
      begin(std::move(client));
      continue;
    }
    // ECONNABORTED: this client left while it was queued; the next may be fine.
    if (stopping || errno == EINTR || errno == ECONNABORTED) continue;
    const auto error = common::last_error();
    if (!common::is_transient_accept_error(error.error())) {
      return give_up(common::explain_failure(options, error.error()));
    }
    fault.report(error.error(), Clock::now());  // EMFILE, for example
    std::this_thread::sleep_for(common::shortage_pause);
  }
}

void run_threads(const Fd& listener) {
  common::announce(common::Address::of_socket(listener)->to_string());
  accept_clients(listener, start_thread);
  // A thread gives its permit back at its end, so when we have all of them, no thread serves.
  for (std::size_t i = 0; i < options.max_connections; ++i) (void)take_permit().release();
}

void run_pool(const Fd& listener) {
  std::vector<std::jthread> pool;  // joined at the end
  try {
    while (pool.size() < options.workers) {
      pool.emplace_back([&listener] { accept_clients(listener, serve_client); });
    }
  } catch (const std::system_error& error) {
    return give_up(common::explain_no_thread(error.code()));
  }
  // Only now, because a thread that can't be started ends the server.
  common::announce(common::Address::of_socket(listener)->to_string());
}

void stop(const Fd& listener) {
  const std::scoped_lock lock(mutex);
  stopping = true;
  (void)shutdown(listener.get(), SHUT_RDWR);  // accept fails, now and later
  // From now on recv returns what has arrived, and then 0.
  for (const int client : serving) (void)shutdown(client, SHUT_RD);
}

int main(int argc, char** argv) {
  common::Program program{.name = "part2-threads",
                          .summary = "Echoes messages, a thread for every client.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(common::workers_option(
      "a fixed pool of N threads instead of one for each client", options.workers));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections);
  common::use_small_stacks();
  (void)sem_init(&permits, 0, static_cast<unsigned>(options.max_connections));  // cannot fail here

  const auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return common::report_failure(options, listener.error());
  const auto signals =
      common::SignalThread::create(options.drain_timeout, [&listener] { stop(*listener); });
  if (!signals) return common::complain(common::explain_no_thread(signals.error()));
  if (options.workers == 0) {
    run_threads(*listener);
  } else {
    run_pool(*listener);
  }
  return failed ? 1 : 0;
}
