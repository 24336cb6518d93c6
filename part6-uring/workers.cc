#include "workers.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <utility>

#include "common/net/listen.h"
#include "uring/ring.h"

namespace stage {

std::size_t listeners_max(const Options& options) { return options.workers; }

common::Result<std::vector<common::Fd>> open_listeners(const Options& options) {
  return common::listen_group(options.address(), listeners_max(options));
}

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const Options& options, std::vector<common::Fd> listeners, ring_server::Metrics& metrics) {
  const auto address = common::Address::of_socket(listeners.front());
  if (!address) return std::unexpected(address.error().message());
  // A server that was taken over from may have had fewer workers.
  auto spread = common::one_for_each(std::move(listeners), listeners_max(options));
  if (!spread) return std::unexpected(spread.error().message());
  const std::size_t servers = spread->size();
  std::unique_ptr<Workers> workers(
      new Workers(options, address->to_string(), std::move(*spread), metrics));
  std::string complaint = workers->worker_group_.start(
      servers, std::bind_front(&Workers::create_server, workers.get()));
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return workers;
}

std::expected<std::unique_ptr<ring_server::LoopServer>, std::string> Workers::create_server(
    std::size_t i, const common::Fd& wake) {
  std::string trace_file = options_.trace_file;
  if (i > 0 && !trace_file.empty()) {
    trace_file += "." + std::to_string(i);
    if (!std::ofstream(trace_file)) return std::unexpected("cannot write " + trace_file);
  }
  auto server = Server::create(options_, shared_, i, trace_file, std::move(listeners_[i]), wake);
  if (!server) return std::unexpected(uring::explain(server.error()));
  return std::move(*server);
}

}  // namespace stage
