// One exchange, from accept to close, and what it asks of the ring. serve() is fingerd's own, with
// all that it calls; the daemon around it is cut down to a page: one client, no limits, no signals,
// no log. The loop writes the life of each operation to a file, as part6-uring does with --trace.
// Try it: ./09-one-exchange finger/users trace.json   and, in a second terminal,
//         printf 'alice\r\n' | ncat 127.0.0.1 PORT
// Needs Linux 6.1.

#include <err.h>

#include <array>
#include <cstdio>
#include <utility>

#include "finger/server/roster.h"
#include "finger/server/serve.h"
#include "uring/loop.h"

namespace {

uring::Task<> close(uring::Loop& loop, common::Fd file) {
  (void)co_await loop.close(std::move(file));  // a plan that was read has nothing left to lose
}

// [serve_one]
uring::Task<> serve_one(uring::Loop& loop, const common::Fd& listener,
                        const finger::Options& options, finger::RosterPointer roster) {
  uring::Scope scope(loop);
  uring::Canceller never;
  uring::WorkerCounters counters;
  std::array<std::byte, 4096> discarded;
  finger::Homes homes(loop);
  const finger::Context context{
      .options = options,
      .loop = loop,
      .counters = counters,
      .receiving = never,
      .lingering = never,
      .homes = homes,
      .discarded = discarded,
      .current_roster = [roster] { return roster; },
      .credentials_of = [](const finger::Roster&, const finger::Account&) { return 0; },
      .close_file = [&](common::Fd file) { scope.spawn(close(loop, std::move(file))); },
      .connection_closed = [](const common::Address&) {},
      .conversation_ended = [] {}};

  auto accepted = co_await loop.accept(listener);
  if (accepted) scope.spawn(finger::serve(context, std::move(*accepted)));
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
  options.quiet = true;
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
