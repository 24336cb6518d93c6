// One exchange, from accept to close, and what it asks of the ring. serve() is fingerd's own, with
// all that it calls; the daemon around it is cut down to a page: one client, no limits, no signals,
// no log. The loop writes the life of each operation to a file, as part6-uring does with --trace.
// Try it: ./09-one-exchange finger/users trace.json   and, in a second terminal,
//         printf 'alice\r\n' | ncat 127.0.0.1 PORT
// Needs Linux 6.1.

#include <err.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "finger/server/conversation.h"
#include "finger/server/roster.h"
#include "uring/loop.h"

namespace {

/// What is left of the daemon.
class OneRoster final : public finger::ConversationOwner {
 public:
  OneRoster(finger::RosterPointer roster, uring::Loop& loop, uring::Scope& scope)
      : roster_(std::move(roster)), loop_(loop), scope_(scope) {}

  finger::RosterPointer current_roster() const override { return roster_; }
  std::uint16_t credentials_of(const finger::Roster&, const finger::Account&) const override {
    return 0;
  }
  void close_file(common::Fd file, std::shared_ptr<finger::Home> /*home*/) override {
    scope_.spawn(close(std::move(file)));
  }
  void conversation_ended() override {}

 private:
  uring::Task<> close(common::Fd file) {
    (void)co_await loop_.close(std::move(file));  // a plan that was read has nothing left to lose
  }

  finger::RosterPointer roster_;
  uring::Loop& loop_;
  uring::Scope& scope_;
};

// [serve_one]
uring::Task<> serve_one(uring::Loop& loop, const common::Fd& listener,
                        const finger::Options& options, finger::RosterPointer roster) {
  uring::Scope scope(loop);
  OneRoster owner(std::move(roster), loop, scope);
  uring::Canceller never;
  finger::WorkerCounters counters;
  std::array<std::byte, 4096> discarded;
  finger::Homes homes(loop);
  const finger::Context context{.options = options,
                                .loop = loop,
                                .counters = counters,
                                .owner = owner,
                                .receiving = never,
                                .lingering = never,
                                .homes = homes,
                                .discarded = discarded};

  auto accepted = co_await loop.accept(listener);
  if (accepted) {
    ring_server::Admitted client{.permit = {}, .accepted = std::move(*accepted)};  // without limits
    scope.spawn(finger::serve(context, std::move(client), {}));
  }
  co_await scope.join();
}
// [/serve_one]

[[noreturn]] void fail(const char* what, std::error_code error) {
  errx(1, "%s: %s", what, error.message().c_str());
}

}  // namespace

// [main]
int main(int argc, char** argv) {
  if (argc != 3) errx(2, "usage: 09-one-exchange USERS TRACE");
  finger::Options options;
  options.users = argv[1];
  options.log = finger::LogDetail::none;
  auto users = finger::open_users(options);
  if (!users) fail(argv[1], users.error());
  const auto roster = finger::load_roster(options, std::move(*users));
  if (!roster) fail(argv[1], roster.error());

  const auto listener =
      common::listen_on(*common::Address::parse("127.0.0.1", 0), common::SocketMode::blocking);
  if (!listener) fail("listen", listener.error());
  std::printf("listening on %s\n", common::Address::of_socket(*listener)->to_string().c_str());
  std::fflush(stdout);

  const auto loop = uring::Loop::create({}, argv[2]);
  if (!loop) fail("io_uring", loop.error());
  (*loop)->run(serve_one(**loop, *listener, options, *roster));
}
// [/main]
