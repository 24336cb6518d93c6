#include "finger/process/worker.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

#include "finger/process/descriptors.h"
#include "finger/rights/call_filter.h"
#include "finger/rights/fence.h"
#include "finger/rights/look.h"
#include "finger/rights/owners.h"
#include "uring/why_no_ring.h"

namespace finger {
namespace {

/// So many homes may hang before those that do not are waited for as well: each keeps a thread of
/// the kernel's. It has two kinds of them, for opens and for reads (io_wq_submit_work() knows a
/// read's file only in the thread, so it counts as one of a socket). Without a word from us, a ring
/// has four of the first kind for each processor, and of the second all that the system allows,
/// which an intruder in the loop would take.
constexpr unsigned homes_hanging_max = 1024;

std::expected<std::unique_ptr<uring::Loop>, std::string> make_loop() {
  auto loop = uring::Loop::create({.disabled = true});
  if (!loop) return std::unexpected(uring::why_no_ring(loop.error()));
  const auto limited = (*loop)->register_iowq_max_workers(homes_hanging_max, homes_hanging_max);
  if (!limited) return std::unexpected(uring::why_no_ring(limited.error()));
  return std::move(*loop);
}

}  // namespace

std::expected<std::unique_ptr<Server>, std::string> prepare(const Options& options,
                                                            const Control& control) {
  const bool is_root = ::geteuid() == 0;
  const auto daemon = is_root ? user_to_become(options.user) : User{};
  if (!daemon) return std::unexpected(daemon.error());

  // From now on nothing is written, and no program is run. Then it is read who has opted in, which
  // takes files of the whole system and perhaps the network.
  const auto unwritable = forbid_writing();
  if (!unwritable) return std::unexpected(unwritable.error());
  auto roster = load_roster(options.source);
  if (!roster) return std::unexpected(roster.error());

  // And from now on only what lies beside homes is read. The owners' credentials are registered
  // after that, so that they bear both fences; and the ring is made before it, since it takes a
  // file of /proc to say why there is none.
  HomeFence fence;
  const auto permitted = permit_homes(fence, *roster, control);
  if (!permitted) return std::unexpected(permitted.error());
  auto loop = make_loop();
  if (!loop) return std::unexpected(loop.error());
  fence.put_up();
  std::vector<std::uint16_t> owners;
  if (is_root) {
    auto registered = register_owners((*loop)->ring(), roster->accounts, *daemon);
    if (!registered) return std::unexpected(registered.error());
    owners = std::move(*registered);
  }
  const auto restricted = restrict_ring((*loop)->ring());
  if (!restricted) return std::unexpected(uring::why_no_ring(restricted.error()));
  if (is_root) {
    const auto became = become(*daemon);
    if (!became) return std::unexpected(became.error());
  }

  auto server =
      std::make_unique<Server>(options, std::move(*loop), std::move(*roster), std::move(owners));
  const auto tried = server->try_once();
  if (!tried) return std::unexpected(tried.error());
  return server;
}

int live(const Options& options, std::vector<common::Fd>& listeners, const Control& control) {
  // A session of its own, so without the terminal: what has it can type into root's shell, and what
  // ^C sends to its group would reach this process, too. It takes orders from its parent alone.
  (void)::setsid();
  make_empty(STDOUT_FILENO);
  for (const int each : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1}) {
    (void)std::signal(each, SIG_IGN);
  }
  const auto server = prepare(options, control);
  if (!server) {
    control.say(Control::failed, server.error());
    return 1;
  }
  filter_calls();
  control.say(Control::ready, describe((*server)->roster().accounts));
  return (*server)->run(listeners, control);
}

}  // namespace finger
