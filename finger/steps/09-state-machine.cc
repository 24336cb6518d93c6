// The daemon once more, as a state machine by hand on liburing: no coroutine remembers how far a
// client has got, so its state does. A client has one operation in flight at any time. Its
// completion is an event, and a row of the table says which state follows, and with it which
// operation. A state that lacks a row does not compile. Needs Linux 5.15.
// Try it: ./09-state-machine 7979 finger/users   and, in a second terminal,
//         printf 'alice\r\n' | ncat 127.0.0.1 7979

#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"
#include "common/net/accept.h"
#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/net/number.h"
#include "common/server/duration.h"
#include "common/server/process.h"
#include "finger/accounts/roster.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"

namespace {

using common::Fd;
using namespace std::chrono_literals;

/// The purpose of a client's operation. In `closed` there is none.
enum class State : std::uint8_t { read_query, open_plan, read_plan, write, write_error, closed };

/// The meaning of the operation's completion.
enum class Event : std::uint8_t {
  more,     ///< A part is done, or a signal interrupted it. Do the same again.
  user,     ///< The line names a user.
  refused,  ///< An error is sent.
  opened,   ///< The plan is open.
  filled,   ///< There are bytes to send: of the plan, or the list.
  emptied,  ///< All are sent, and the plan goes on.
  ended,    ///< The last byte is sent.
  failed,   ///< The client has left, or something has failed here.
  overdue,  ///< The client's time is up.
};

struct Transition {
  State state;
  Event event;
  State next;
};

// [table]
constexpr auto transitions = std::to_array<Transition>({
    {State::read_query, Event::more, State::read_query},
    {State::read_query, Event::user, State::open_plan},
    {State::read_query, Event::filled, State::write},
    {State::read_query, Event::refused, State::write_error},
    {State::read_query, Event::failed, State::closed},
    {State::read_query, Event::overdue, State::closed},

    {State::open_plan, Event::more, State::open_plan},
    {State::open_plan, Event::opened, State::read_plan},
    {State::open_plan, Event::filled, State::write},
    {State::open_plan, Event::failed, State::closed},
    {State::open_plan, Event::overdue, State::closed},

    {State::read_plan, Event::more, State::read_plan},
    {State::read_plan, Event::filled, State::write},
    {State::read_plan, Event::ended, State::closed},
    {State::read_plan, Event::failed, State::closed},
    {State::read_plan, Event::overdue, State::closed},

    {State::write, Event::more, State::write},
    {State::write, Event::emptied, State::read_plan},
    {State::write, Event::ended, State::closed},
    {State::write, Event::failed, State::closed},
    {State::write, Event::overdue, State::closed},

    {State::write_error, Event::more, State::write_error},
    {State::write_error, Event::ended, State::closed},
    {State::write_error, Event::failed, State::closed},
    {State::write_error, Event::overdue, State::closed},
});
// [/table]

constexpr const Transition* find(State state, Event event) {
  for (const Transition& row : transitions) {
    if (row.state == state && row.event == event) return &row;
  }
  return nullptr;
}

/// Whether each state but the last has a way on, a way out when something fails, and a deadline.
constexpr bool no_state_is_left_out() {
  for (int i = 0; i < static_cast<int>(State::closed); ++i) {
    for (const Event event : {Event::more, Event::failed, Event::overdue}) {
      if (find(static_cast<State>(i), event) == nullptr) return false;
    }
  }
  return true;
}
static_assert(no_state_is_left_out(), "a state lacks a row");

constexpr unsigned read_bytes_max = 8 * 1024;
const std::string asked = "127.0.0.1";  // our address, where asking for a user isn't relaying

// The kernel reads these some time after they were prepared.
__kernel_timespec linger_time{.tv_sec = 2, .tv_nsec = 0};
__kernel_timespec shortage_pause{.tv_sec = 0, .tv_nsec = 100'000'000};
open_how how_to_open{
    .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    .mode = 0,
    .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV};

/// State that a coroutine would keep in local variables. The code must know which is valid when,
/// and the kernel works with the memory until the client's last operation has completed.
struct Client {
  State state = State::read_query;
  Fd socket;
  common::Clock::time_point deadline;
  __kernel_timespec time_left;
  finger::QueryReader query;
  std::string path;
  Fd plan;  ///< Open until its end was read.
  finger::CrlfConverter converter;
  std::string text;                   ///< An answer other than a plan.
  std::span<const std::byte> unsent;  ///< Of the text, or of converted bytes.
  bool has_sent = false;              ///< A part of the answer.
  std::array<std::byte, read_bytes_max> read_bytes;
  std::array<std::byte, finger::CrlfConverter::growth_max * read_bytes_max> converted;
};

io_uring ring;
Fd listener;
finger::Roster roster;
std::optional<std::chrono::milliseconds> timeout;
std::list<Client> clients;

int check(int result, const char* what) {
  if (result < 0) errx(1, "%s: %s", what, std::strerror(-result));
  return result;
}

/// The first of several entries submitted together. With a null pointer the result is ignored.
io_uring_sqe* next_entry(void* user_data, unsigned entries = 1) {
  while (io_uring_sq_space_left(&ring) < entries) (void)io_uring_submit(&ring);
  io_uring_sqe* const entry = io_uring_get_sqe(&ring);
  io_uring_sqe_set_data(entry, user_data);  // preparing the entry leaves that alone
  return entry;
}

Event send_text(Client& client, std::string_view text, Event event = Event::filled) {
  client.text += text;
  client.unsent = std::as_bytes(std::span(client.text));
  return event;
}

Event refuse(Client& client, std::error_code error) {
  return send_text(client, finger::error_line(error), Event::refused);
}

Event answer(Client& client, std::string_view line) {
  const auto query = finger::parse_query(line);
  if (!query) return refuse(client, query.error());
  if (query->host && *query->host != asked && *query->host != "[" + asked + "]") {
    return refuse(client, finger::Error::relay_denied);
  }
  if (query->user.empty()) return send_text(client, roster.list);
  const auto* const account = roster.accounts.find(query->user);
  if (account == nullptr) return refuse(client, finger::Error::no_such_user);
  client.path = account->login + "/.plan";
  if (query->verbose) client.text = finger::name_line(*account);  // sent before the plan
  return Event::user;
}

Event received(Client& client, std::size_t size) {
  client.query.commit(size);
  const auto line = client.query.line();
  if (!line) return refuse(client, line.error());
  if (*line) return answer(client, **line);
  if (size > 0) return Event::more;
  const auto last = client.query.finish();
  return last ? answer(client, *last) : refuse(client, last.error());
}

Event opened(Client& client, int result) {
  if (result < 0) {
    const bool is_missing = finger::says_no_plan({-result, std::system_category()});
    return is_missing ? send_text(client, finger::no_plan) : Event::failed;
  }
  Fd plan(result);
  struct stat status {};
  const bool is_regular = ::fstat(result, &status) == 0 && S_ISREG(status.st_mode);
  if (!is_regular) return send_text(client, finger::no_plan);
  // O_NONBLOCK was for the open, which must not wait for a FIFO's other end. A read may wait.
  (void)::fcntl(result, F_SETFL, 0);  // if it fails, the read will tell
  client.plan = std::move(plan);
  return client.text.empty() ? Event::opened : send_text(client, "");
}

Event read_from_plan(Client& client, std::size_t size) {
  if (size == 0) client.plan = Fd();
  if (size == 0 && client.converter.empty()) {
    client.text.clear();  // the name has been sent
    return send_text(client, finger::no_plan);
  }
  const auto read = std::span(client.read_bytes).first(size);
  size = size > 0 ? client.converter.convert(read, client.converted)
                  : client.converter.finish(client.converted);
  client.unsent = std::span(client.converted).first(size);
  return client.unsent.empty() ? Event::ended : Event::filled;
}

Event sent(Client& client, std::size_t size) {
  client.has_sent = true;
  client.unsent = client.unsent.subspan(size);
  if (!client.unsent.empty()) return Event::more;
  return client.plan ? Event::emptied : Event::ended;
}

/// The meaning of the result of the client's operation in its state.
Event decode(Client& client, int result) {
  if (result == -ECANCELED) return Event::overdue;
  if (result == -EINTR) return Event::more;
  if (client.state == State::open_plan) return opened(client, result);
  if (result < 0) return Event::failed;
  const auto size = static_cast<std::size_t>(result);
  if (client.state == State::read_query) return received(client, size);
  if (client.state == State::read_plan) return read_from_plan(client, size);
  return sent(client, size);
}

/// Prepares the operation that the client's state is for. A second entry cancels it at the client's
/// deadline, whichever state that is.
void prepare(Client& client) {
  io_uring_sqe* const entry = next_entry(&client, 2);
  if (client.state == State::read_query) {
    const auto space = client.query.space();
    io_uring_prep_recv(entry, client.socket.get(), space.data(), space.size(), 0);
  } else if (client.state == State::open_plan) {
    io_uring_prep_openat2(entry, roster.users.get(), client.path.c_str(), &how_to_open);
  } else if (client.state == State::read_plan) {
    constexpr __u64 on = ~__u64{0};  // from the end of the last read
    io_uring_prep_read(entry, client.plan.get(), client.read_bytes.data(), read_bytes_max, on);
  } else {
    io_uring_prep_send(entry, client.socket.get(), client.unsent.data(), client.unsent.size(),
                       MSG_NOSIGNAL);
  }
  entry->flags |= IOSQE_IO_LINK;
  const std::chrono::nanoseconds left =
      std::max(client.deadline - common::Clock::now(), common::Clock::duration());
  client.time_left = {.tv_sec = left / 1s, .tv_nsec = left % 1s / 1ns};
  io_uring_prep_link_timeout(next_entry(nullptr), &client.time_left, 0);
}

/// Sends our end of stream, and discards what the client still sends, for two seconds at most: a
/// close with bytes unread would be a reset. The hard links close the socket in any case.
void close_gracefully(Fd socket) {
  (void)::shutdown(socket.get(), SHUT_WR);  // ENOTCONN: the receive will tell
  const int number = socket.release();
  io_uring_sqe* const receive = next_entry(nullptr, 3);
  io_uring_prep_recv(receive, number, nullptr, 1 << 30, MSG_TRUNC | MSG_WAITALL);
  receive->flags |= IOSQE_IO_HARDLINK;
  io_uring_sqe* const limit = next_entry(nullptr);
  io_uring_prep_link_timeout(limit, &linger_time, 0);
  limit->flags |= IOSQE_IO_HARDLINK;
  io_uring_prep_close(next_entry(nullptr), number);
}

void complete(Client& client, int result) {
  const Event event = decode(client, result);
  const Transition* const row = find(client.state, event);
  assert(row != nullptr);  // decode() makes no such event in that state
  client.state = row->next;
  if (client.state != State::closed) return prepare(client);

  if (event == Event::ended || !client.has_sent) {
    close_gracefully(std::move(client.socket));
  } else {  // an answer that breaks off must not look complete
    constexpr linger reset{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(client.socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  std::erase_if(clients, [&client](const Client& each) { return &each == &client; });
}

void accept_next() {
  io_uring_prep_accept(next_entry(&listener), listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
}

void accepted(int result) {
  if (common::is_transient_accept_error({-result, std::system_category()})) {
    return io_uring_prep_timeout(next_entry(&listener), &shortage_pause, 0, 0);
  }
  accept_next();
  if (result == -ETIME || result == -EINTR || result == -ECONNABORTED) return;
  Client& client = clients.emplace_back();
  client.socket = Fd(check(result, "accept"));
  client.deadline = common::Clock::now() + *timeout;
  prepare(client);
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = common::parse_number(argc > 2 ? argv[1] : "", 0, 65535);
  timeout = common::parse_duration(argc > 3 ? argv[3] : "10s");
  if (!port || !timeout) errx(2, "usage: 09-state-machine PORT DIR [DURATION]");
  auto loaded = finger::load_roster({.group = "", .users = argv[2], .list_text = ""});
  if (!loaded) errx(1, "%s", loaded.error().c_str());
  roster = std::move(*loaded);
  const auto address = *common::Address::parse(asked, static_cast<std::uint16_t>(*port));
  auto listening = common::listen_on(address, common::SocketMode::blocking);
  if (!listening) check(-listening.error().value(), "cannot listen");
  listener = std::move(*listening);
  check(io_uring_queue_init(256, &ring, 0), "io_uring_queue_init");
  common::announce(common::Address::of_socket(listener)->to_string());
  accept_next();
  while (true) {
    const int waited = io_uring_submit_and_wait(&ring, 1);
    if (waited != -EINTR) check(waited, "io_uring_submit_and_wait");
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      void* const user_data = io_uring_cqe_get_data(cqe);
      if (user_data == &listener) {
        accepted(cqe->res);
      } else if (user_data != nullptr) {
        complete(*static_cast<Client*>(user_data), cqe->res);
      }
      io_uring_cqe_seen(&ring, cqe);
    }
  }
}
