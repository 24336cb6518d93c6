#include "finger/service/replaceable.h"

#include <algorithm>
#include <utility>

#include "common/server/signal_wakeup.h"
#include "finger/service/metrics.h"
#include "finger/service/successor_thread.h"

namespace finger {

std::expected<Sockets, int> open_sockets(const ServiceOptions& options,
                                         const common::ServerProfile& profile,
                                         const Takeover::Bind& bind) {
  auto takeover = Takeover::begin(options.takeover);
  if (!takeover) return std::unexpected(common::complain(takeover.error()));
  auto clients = (*takeover)->listeners(bind);
  if (!clients) return std::unexpected(common::report_failure(options, clients.error(), profile));
  auto scrapers = listen_for_scrapers(options.metrics, **takeover);
  if (!scrapers) return std::unexpected(report_metrics_failure(options.metrics, scrapers.error()));
  std::ranges::for_each(*clients, restore);
  if (*scrapers) restore(*scrapers);
  const auto not_offered = (*takeover)->offer(*clients, *scrapers);
  if (!not_offered.empty()) return std::unexpected(common::complain(not_offered));
  return Sockets{std::move(*takeover), std::move(*clients), std::move(*scrapers)};
}

int run_replaceable(const ServiceOptions& options, const common::ServerProfile& profile,
                    Takeover& takeover, std::string_view address, const Replaceable& server) {
  SuccessorThread successor(takeover);
  const auto signals = common::SignalWakeup::create(options.drain_timeout, [&] {
    successor.stop();
    server.stop();
  });
  if (!signals) return common::report_failure(options, signals.error(), profile);
  const auto refused = takeover.confirm();
  if (!refused.empty()) return common::complain(refused);
  successor.start(options.drain_timeout, server.retire);
  // The port is bound and each listener has its backlog: a client that reads this line can connect.
  common::announce(address);
  return server.run();
}

}  // namespace finger
