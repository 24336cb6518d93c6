#include "client.h"

#include <sys/socket.h>

#include <functional>
#include <utility>

#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"

namespace stage {
namespace {

/// The client's time is up, but the server itself may be late, if it was stopped and continued, or
/// got no CPU time or no buffer. A message that arrived in time may then still be in the kernel, in
/// pieces. Or a drain has begun, which answers all that has arrived. True if bytes are there, and
/// the deadline then leaves time to receive them.
bool may_receive_late(Client& client) {
  const bool too_often = client.late_receives >= common::late_receives_max;
  if (too_often && !client.context.draining) return false;
  if (!common::has_input(client.fd)) return false;
  ++client.late_receives;
  client.deadline.renew(client.context.loop.now());  // input that is there is received first
  return true;
}

/// Sends a copy if `rest` is in the buffer of the last receive, because all clients share those,
/// and a slow one must not keep one. Each send has a timeout, but not all of them together.
uring::Task<common::Status> send_rest(Client& client, common::ByteView rest) {
  const Context& context = client.context;
  common::Bytes copied;
  const auto lent = client.input.bytes();
  constexpr std::less<> before;
  if (!before(rest.data(), lent.data()) && before(rest.data(), lent.data() + lent.size())) {
    copied.assign(rest.begin(), rest.end());
    rest = copied;
  }
  client.input.give_back();
  while (!rest.empty()) {
    const std::size_t unacknowledged = common::unacknowledged_bytes(client.fd);
    const auto sent = co_await context.loop.send(client.fd, rest).within(context.read_timeout);
    if (sent) {
      rest = rest.subspan(*sent);
    } else if (sent.error() != uring::Error::timed_out) {
      co_return std::unexpected(sent.error());
    } else if (common::unacknowledged_bytes(client.fd) >= unacknowledged) {
      co_return common::failure(common::Error::timed_out);
    }  // else the client may be reading, only too slowly for a send to find room
  }
  co_return {};
}

}  // namespace

Client::Client(Context& its_context, common::Fd its_fd)
    : context(its_context), fd(std::move(its_fd)), deadline(context.loop) {
  context.clients.push_back(*this);
  restart_timeout(*this);
}

uring::Task<common::Result<common::ByteView>> receive(Client& client) {
  client.input.give_back();
  auto when = uring::ReceiveWhen::readable;  // takes no buffer before there are bytes
  while (true) {
    auto received = co_await client.context.loop.recv(client.fd, client.context.buffers, when)
                        .until(client.deadline);
    if (received) {
      client.input = std::move(*received);
      client.has_ended = client.input.empty();
      // The client is late until its message is complete, so the next receive counts, too.
      if (client.late_receives > 0) client.deadline.cancel(uring::Error::timed_out);
      co_return client.input.bytes();
    }
    const std::error_code error = received.error();
    if (error == uring::Error::timed_out) {
      if (!may_receive_late(client)) {
        if (client.context.draining) {
          co_return common::ByteView();  // all that had arrived is answered
        }
        co_return common::failure(common::Error::timed_out);
      }
    } else if (error == std::errc::no_buffer_space) {
      if (const auto waited = co_await client.context.buffers.returned(); !waited) {
        co_return std::unexpected(waited.error());
      }
    } else if (error != std::errc::resource_unavailable_try_again ||
               when == uring::ReceiveWhen::now) {
      co_return std::unexpected(error);
    }  // else the kernel had no memory for polling first
    when = uring::ReceiveWhen::now;
  }
}

/// Tries without waiting, because the kernel usually takes everything. send_rest() sends the rest.
uring::Task<common::Status> send_all(Client& client, common::ByteView answers) {
  if (answers.empty()) co_return {};
  const auto sent = co_await client.context.loop.send(client.fd, answers, MSG_DONTWAIT);
  if (!sent && sent.error() != std::errc::resource_unavailable_try_again) {
    co_return std::unexpected(sent.error());
  }
  const auto rest = answers.subspan(sent.value_or(0));
  if (rest.empty()) co_return {};
  co_return co_await send_rest(client, rest);
}

void restart_timeout(Client& client) {
  if (client.context.draining) return;  // no message is waited for
  client.deadline.renew(common::Clock::now() + client.context.read_timeout);
  client.late_receives = 0;
}

uring::Task<> hang_up(Client& client) {
  Context& context = client.context;
  client.input.give_back();
  // A client that has ended its stream sends nothing that a close could answer with a reset.
  if (client.has_ended && !context.draining) co_return;
  if (::shutdown(client.fd.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it is gone

  client.deadline.renew(common::Clock::now() + common::linger_timeout);
  while (!context.draining) {
    // MSG_TRUNC makes the kernel discard the bytes instead of copying them. tcp(7)
    const auto bytes =
        co_await context.loop.recv(client.fd, context.discarded, MSG_TRUNC).until(client.deadline);
    if ((!bytes || *bytes == 0) && !context.draining) co_return;
  }
  // No event reports an acknowledgement, so we look again and again.
  while (common::unacknowledged_bytes(client.fd) > 0) {
    (void)::recv(client.fd.get(), context.discarded.data(), context.discarded.size(),
                 MSG_DONTWAIT | MSG_TRUNC);
    (void)co_await context.loop.sleep(common::drain_poll_interval);
  }
}

void end_input(Client& client) { client.deadline.cancel(uring::Error::timed_out); }

}  // namespace stage
