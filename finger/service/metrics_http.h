#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace finger {

/// A request may be that long. More is nothing that a scraper sends.
inline constexpr std::size_t scrape_bytes_max = 4096;

/// Whether a request has arrived: its head ends with an empty line, and none has a body.
bool is_whole_request(std::string_view received);

/// The answer to a request, with what `body` returns if it asks for /metrics: HTTP/1.0, after which
/// the connection is closed.
std::string answer_scrape(std::string_view request, const std::function<std::string()>& body);

}  // namespace finger
