#include "finger/service/metrics_http.h"

#include <fmt/format.h>

namespace finger {
namespace {

std::string http(std::string_view status, std::string_view body, std::string_view fields = "") {
  return fmt::format(
      "HTTP/1.0 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
      "Content-Length: {}\r\n{}Connection: close\r\n\r\n{}",
      status, body.size(), fields, body);
}

/// What is asked for with GET. HEAD gets the same without the body.
std::string answer_to(std::string_view target, const std::function<std::string()>& body) {
  const auto path = target.substr(0, target.find_first_of(" ?"));
  return path == "/metrics" ? http("200 OK", body()) : http("404 Not Found", "");
}

}  // namespace

bool is_whole_request(std::string_view received) {
  return received.ends_with("\r\n\r\n") || received.ends_with("\n\n");
}

std::string answer_scrape(std::string_view request, const std::function<std::string()>& body) {
  const auto line = request.substr(0, request.find_first_of("\r\n"));
  const auto method_end = line.find(' ');
  if (!is_whole_request(request) || method_end == line.npos) return http("400 Bad Request", "");
  const auto method = line.substr(0, method_end);
  if (method != "GET" && method != "HEAD") {
    return http("405 Method Not Allowed", "", "Allow: GET, HEAD\r\n");
  }
  std::string answer = answer_to(line.substr(method_end + 1), body);
  if (method == "HEAD") answer.resize(answer.find("\r\n\r\n") + 4);
  return answer;
}

}  // namespace finger
