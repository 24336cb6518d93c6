#include "finger/worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "common/result.h"
#include "common/server/log.h"
#include "finger/process/descriptors.h"
#include "finger/rights/call_filter.h"
#include "finger/rights/fence.h"
#include "finger/rights/owners.h"
#include "uring/why_no_ring.h"

namespace finger {
namespace {

/// A home that hangs keeps an io worker, so with more such homes than this, healthy homes wait,
/// too. The kernel has two kinds of io workers, for opens and for reads (io_wq_submit_work() knows
/// a read's file only in the io worker, so a read counts as one from a socket). By default a ring
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
                                                            std::span<const common::Fd> listeners,
                                                            const Control& control) {
  // 1. Forbid writing files and running programs.
  const auto unwritable = forbid_writing();
  if (!unwritable) return std::unexpected(unwritable.error());

  // 2. Choose the account to become.
  const bool is_root = ::geteuid() == 0;
  const auto daemon = is_root ? user_to_become(options.user) : User{};
  if (!daemon) return std::unexpected(daemon.error());

  // 3. Read who has opted in, which needs files all over the system, and perhaps the network.
  auto roster = load_roster(options.source);
  if (!roster) return std::unexpected(roster.error());
  // If accounts come from a service, its library keeps the connection that root made.
  close_all_but(
      {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, control.fd().get(), roster->users.get()},
      listeners);

  // 4. Find where homes are, and permit reading there.
  HomeFence fence;
  const auto permitted = permit_homes(fence, *roster, control);
  if (!permitted) return std::unexpected(permitted.error());

  // 5. Make the ring, disabled. Before the fence, because explaining why there is none needs a file
  // in /proc.
  auto loop = make_loop();
  if (!loop) return std::unexpected(loop.error());

  // 6. From now on read only where homes are.
  fence.put_up();

  // 7. Register the owners' credentials, now with both fences.
  if (is_root) {
    const auto registered = register_owners((*loop)->ring(), roster->accounts, *daemon);
    if (!registered) return std::unexpected(registered.error());
  }

  // 8. Limit the ring's operations.
  const auto restricted = restrict_ring((*loop)->ring());
  if (!restricted) return std::unexpected(uring::why_no_ring(restricted.error()));

  // 9. Give up root.
  if (is_root) {
    const auto became = become(*daemon);
    if (!became) return std::unexpected(became.error());
  }

  // 10. Try once all that a query needs. Then run_worker() puts up the filter of system calls.
  auto server = std::make_unique<Server>(options, std::move(*loop), std::move(*roster));
  const auto tried = server->try_once();
  if (!tried) return std::unexpected(tried.error());
  return server;
}

int run_worker(const Options& options, std::vector<common::Fd>& listeners, const Control& control) {
  // A session of our own has no terminal. With one, an intruder could type into root's shell. The
  // worker takes orders from its parent alone, whose signals are blocked here, too.
  if (::setsid() < 0) {
    common::log(fmt::format("no session of its own: {}: the worker keeps the terminal of whoever "
                            "started it",
                            common::last_error().error().message()),
                common::Severity::warning);
  }
  make_empty(STDOUT_FILENO);
  be_killed_first();
  const auto server = prepare(options, listeners, control);
  if (!server) {
    control.say(Control::failed, server.error());
    return 1;
  }
  filter_calls();
  control.say(Control::ready, describe((*server)->roster().accounts));
  return (*server)->run(listeners, control);
}

}  // namespace finger
