#include "workers.h"

#include <fstream>
#include <functional>
#include <utility>

#include "common/net/address.h"
#include "uring/why_no_ring.h"

namespace stage {

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const Options& options, std::vector<common::Fd> listeners) {
  const auto address = common::Address::of_socket(listeners.front());
  if (!address) return std::unexpected(address.error().message());
  const std::size_t servers = listeners.size();
  std::unique_ptr<Workers> workers(
      new Workers(options, address->to_string(), std::move(listeners)));
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
  auto server = Server::create(options_, shared_, trace_file, std::move(listeners_[i]), wake);
  if (!server) return std::unexpected(uring::why_no_ring(server.error()));
  return std::move(*server);
}

}  // namespace stage
