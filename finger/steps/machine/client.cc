#include "finger/steps/machine/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

#include "common/net/unacknowledged.h"
#include "common/server/log.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"

namespace machine {
namespace {

// The kernel reads them some time after they were prepared: they live as long as the program.
constexpr __u64 nothing_but_beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;
open_how how_to_open_home{
    .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = nothing_but_beneath};
open_how how_to_open_plan{.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                          .mode = 0,
                          .resolve = nothing_but_beneath};

__kernel_timespec drain_tick{.tv_sec = 0, .tv_nsec = 5'000'000};

/// A signal was handled while the operation waited: it is to be tried again.
bool interrupted(int result) { return result == -EINTR; }

/// Whether a failed open says something about the plan, and not about this process.
bool says_no_plan(int result) { return finger::says_no_plan({-result, std::system_category()}); }

bool is_regular(const common::Fd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

/// The ring owns the descriptor from now on: a close may wait, and there it can.
void prepare_close(Ring& ring, common::Fd& file) {
  if (file) io_uring_prep_close(ring.next_entry(ignored), file.release());
}

}  // namespace

Client::Client(common::Accepted accepted, const Shared& shared, common::Clock::time_point now)
    : socket_(std::move(accepted.fd)), peer_(accepted.peer), shared_(shared), began_(now) {}

Event Client::decode(int result) {
  const bool given_up = std::exchange(given_up_, false);
  // An operation may complete before its cancel. Then its result, perhaps a descriptor, must not be
  // lost.
  const Event event = given_up && result < 0 ? Event::overdue : decode_in_state(result);
  if (!given_up) return event;
  if (state_ == State::linger) return Event::overdue;
  outcome_ = "timed out";
  if (event != Event::ended) reset_on_close();
  return Event::overdue;
}

/// An answer that ends in the middle must not look complete: the close is going to be a reset.
void Client::reset_on_close() {
  if (sent_bytes_ == 0) return;
  constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
  // ENOTSOCK and the like: never.
  (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Event Client::decode_in_state(int result) {
  switch (state_) {
    case State::read_query:
      return decode_query(result);
    case State::open_home:
      return decode_home(result);
    case State::open_plan:
      return decode_plan(result);
    case State::read_plan:
      return decode_read(result);
    case State::write_response:
    case State::write_error:
      return decode_sent(result);
    case State::linger:
      return decode_discarded(result);
    case State::closed:
      break;
  }
  assert(false);  // nothing is in flight
  return Event::gone;
}

Event Client::decode_query(int result) {
  if (interrupted(result)) return Event::more;
  if (result < 0) return fail(Event::gone, result);
  query_.commit(static_cast<std::size_t>(result));
  const auto line = query_.line();
  if (!line) return refuse(line.error());
  if (*line) return answer(**line);
  if (result > 0) return Event::more;
  if (!shared_.draining) return refuse(finger::Error::unexpected_eof);
  outcome_ = "stopped";  // begin_drain() has ended its stream
  return Event::overdue;
}

Event Client::answer(std::string_view line) {
  const auto query = finger::parse_query(line);
  if (!query) return refuse(query.error());
  if (query->user.empty()) {
    unsent_ = std::as_bytes(std::span(shared_.list));
    return Event::list;
  }
  account_ = shared_.accounts.find(query->user);
  verbose_ = query->verbose;
  return account_ != nullptr ? Event::user : refuse(finger::Error::no_such_user);
}

Event Client::refuse(std::error_code error) {
  outcome_ = error.message();
  prepare_text(finger::error_line(error));
  return Event::refused;
}

Event Client::decode_home(int result) {
  if (interrupted(result)) return Event::more;
  if (result < 0) return says_no_plan(result) ? answer_no_plan() : fail(Event::failed, result);
  home_ = common::Fd(result);
  return Event::opened;
}

Event Client::decode_plan(int result) {
  if (interrupted(result)) return Event::more;
  if (result < 0) return says_no_plan(result) ? answer_no_plan() : fail(Event::failed, result);
  plan_ = common::Fd(result);
  if (!is_regular(plan_)) return answer_no_plan();
  // O_NONBLOCK was for the open. With it, where a file system cannot tell beforehand whether a read
  // would wait, the ring refuses to read instead of waiting in a thread of its own.
  (void)::fcntl(plan_.get(), F_SETFL, 0);  // if it fails, the read will tell
  plan_goes_on_ = true;
  if (!verbose_) return Event::opened;
  prepare_text(finger::name_line(*account_));
  return Event::named;
}

Event Client::decode_read(int result) {
  if (interrupted(result)) return Event::more;
  if (result < 0) return fail(Event::failed, result);
  if (result == 0) return end_of_plan();
  const auto read_bytes = static_cast<std::size_t>(result);
  offset_ += read_bytes;
  // Read into the spare part of the buffer and converted into all of it: in one pass, with room
  // enough for a plan of line feeds alone.
  unsent_ = std::span(buffer_).first(converter_.convert(spare_part().first(read_bytes), buffer_));
  return Event::filled;
}

Event Client::end_of_plan() {
  plan_goes_on_ = false;
  if (converter_.empty()) {
    verbose_ = false;  // the name has been sent
    return answer_no_plan();
  }
  unsent_ = std::span(buffer_).first(converter_.finish(buffer_));
  return unsent_.empty() ? Event::ended : Event::filled;
}

Event Client::answer_no_plan() {
  prepare_text((verbose_ ? finger::name_line(*account_) : std::string()) +
               std::string(finger::no_plan));
  return Event::no_plan;
}

Event Client::decode_sent(int result) {
  if (interrupted(result)) return Event::more;
  if (result < 0) return fail(Event::gone, result);
  sent_bytes_ += static_cast<std::uint64_t>(result);
  unsent_ = unsent_.subspan(static_cast<std::size_t>(result));
  if (!unsent_.empty()) return Event::more;
  return plan_goes_on_ ? Event::emptied : Event::ended;
}

Event Client::decode_discarded(int result) {
  if (!shared_.draining) {
    if (interrupted(result) || result > 0) return Event::more;
    return result == 0 ? Event::ended : Event::gone;
  }
  (void)::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
  return common::unacknowledged_bytes(socket_) > 0 ? Event::more : Event::ended;
}

Event Client::fail(Event event, int result) {
  const std::error_code error(-result, std::system_category());
  outcome_ = event == Event::gone ? "gone" : "failed: " + error.message();
  return event;
}

void Client::prepare_text(std::string text) {
  text_ = std::move(text);
  unsent_ = std::as_bytes(std::span(text_));
}

void Client::advance(const Transition& transition, Ring& ring, common::Token token) {
  state_ = transition.next;
  if (state_ != State::open_plan) prepare_close(ring, home_);
  if (state_ == State::linger || state_ == State::closed) prepare_close(ring, plan_);
  if (transition.action == Action::close) return prepare_close(ring, socket_);
  prepare(transition.action, ring.next_entry(token));
}

void Client::prepare(Action action, io_uring_sqe* entry) {
  switch (action) {
    case Action::receive: {
      const auto space = query_.space();
      return io_uring_prep_recv(entry, socket_.get(), space.data(), space.size(), 0);
    }
    case Action::open_home:
      return io_uring_prep_openat2(entry, shared_.directory.get(), account_->login.c_str(),
                                   &how_to_open_home);
    case Action::open_plan:
      return io_uring_prep_openat2(entry, home_.get(), ".plan", &how_to_open_plan);
    case Action::read: {
      const auto space = spare_part();
      const auto bytes_max = static_cast<unsigned>(space.size());
      return io_uring_prep_read(entry, plan_.get(), space.data(), bytes_max, offset_);
    }
    case Action::send:
      // MSG_MORE: the last bytes and the end of the stream leave in one packet.
      return io_uring_prep_send(entry, socket_.get(), unsent_.data(), unsent_.size(),
                                MSG_NOSIGNAL | (plan_goes_on_ ? MSG_MORE : 0));
    case Action::end_stream:
      // In a drain only when everything is acknowledged: with both directions shut down the kernel
      // answers more input with a reset.
      if (!shared_.draining) (void)::shutdown(socket_.get(), SHUT_WR);  // ENOTCONN: recv will tell
      return prepare_discard(entry);
    case Action::discard:
      return prepare_discard(entry);
    case Action::close:
      assert(false);  // advance() does that
  }
}

void Client::prepare_discard(io_uring_sqe* entry) {
  // No completion reports an acknowledgement: look every few milliseconds.
  if (shared_.draining) return io_uring_prep_timeout(entry, &drain_tick, 0, 0);
  io_uring_prep_recv(entry, socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
}

void Client::give_up(Ring& ring, common::Token token) {
  given_up_ = true;
  deadline.unlink();
  io_uring_prep_cancel64(ring.next_entry(ignored), token.value(), 0);
}

void Client::begin_drain(Ring& ring, common::Token token) {
  if (state_ == State::linger) {
    io_uring_prep_cancel64(ring.next_entry(ignored), token.value(), 0);
  } else if (state_ == State::read_query) {
    // Ends the stream on our side only: the receive brings what the kernel has, and then 0.
    (void)::shutdown(socket_.get(), SHUT_RD);  // ENOTCONN: the receive will tell
  }
}

std::string Client::log_line(common::Clock::time_point now) const {
  std::string query;
  for (const char letter : query_.begun()) {
    query += letter == '"' ? "\\x22" : common::escape(std::as_bytes(std::span(&letter, 1)));
  }
  const std::chrono::duration<double, std::milli> time = now - began_;
  return fmt::format("{} \"{}\" {} {} bytes {:.1f} ms", peer_.to_string(), query, outcome_,
                     sent_bytes_, time.count());
}

}  // namespace machine
