#include "common/http/http_session.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace common {
namespace {

constexpr std::string_view hello_head =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 6\r\n";
constexpr std::string_view hello_body = "hello\n";
constexpr std::string_view method_not_allowed =
    "HTTP/1.1 405 Method Not Allowed\r\n"
    "Allow: GET, HEAD\r\n"
    "Content-Length: 0\r\n";
constexpr std::string_view go_on =
    "HTTP/1.1 100 Continue\r\n"
    "\r\n";
constexpr std::string_view bad_request =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Length: 0\r\n";
constexpr std::string_view head_too_large =
    "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    "Content-Length: 0\r\n";
constexpr std::string_view connection_close = "Connection: close\r\n";
constexpr std::string_view connection_keep_alive = "Connection: keep-alive\r\n";
constexpr std::string_view line_end = "\r\n";

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Makes the answer to a request that we understand.
std::string make_answer(HttpHead::Method method, std::string_view connection) {
  std::string answer(method == HttpHead::Method::other ? method_not_allowed : hello_head);
  answer.append(connection).append(line_end);
  if (method == HttpHead::Method::get) answer.append(hello_body);
  return answer;
}

/// The same answer without a copy. There are so few that we make all of them in advance.
std::string_view answer_to(const HttpHead& request) {
  using enum HttpHead::Method;
  static const auto ready = [] {
    std::array<std::array<std::string, 3>, 3> made;
    for (const auto method : {get, head, other}) {
      made[static_cast<std::size_t>(method)] = {make_answer(method, ""),
                                                make_answer(method, connection_keep_alive),
                                                make_answer(method, connection_close)};
    }
    return made;
  }();
  const std::size_t connection = !request.keep_alive ? 2 : request.http_1_0 ? 1 : 0;
  return ready[static_cast<std::size_t>(request.method)][connection];
}

/// Returns the index after the first empty line of `text`, which does not begin with one; npos if
/// there is none yet, and then `searched` says where to go on when there is more. A lone LF ends a
/// line here, too, so that the parser sees and refuses such a request instead of keeping the client
/// waiting.
std::size_t find_end_of_head(std::string_view text, std::size_t& searched) {
  while (true) {
    searched = std::min(text.find('\n', searched), text.size());
    const auto next = text.substr(std::min(searched + 1, text.size()), line_end.size());
    if (next.starts_with('\n')) return searched + 2;
    if (next == line_end) return searched + 3;
    if (next.empty() || next == "\r") return std::string_view::npos;
    ++searched;
  }
}

}  // namespace

Result<std::size_t> HttpSession::take(ByteView received, SendBuffer& output) {
  std::string_view left(reinterpret_cast<const char*>(received.data()), received.size());
  std::size_t completed = 0;
  while (!left.empty() && !finished()) {
    const auto used = take_some(left);
    if (!used) {
      refuse(used.error(), output);
      return failure(Error::malformed);
    }
    left.remove_prefix(*used);
    const bool expects_continue = std::exchange(request_.expects_continue, false);
    if (reading_ == Reading::end_of_request) {
      answer(output);
      ++completed;
    } else if (expects_continue && left.empty()) {
      output.append_view(bytes_of(go_on));
    }
  }
  return completed;
}

Status HttpSession::end_of_stream() const {
  const bool between_requests = reading_ == Reading::head && held_.empty();
  return between_requests || finished() ? Status() : failure(Error::cut_short);
}

/// Takes the bytes of the current part of the request, and returns how many.
Result<std::size_t> HttpSession::take_some(std::string_view received) {
  if (reading_ == Reading::head) return take_head(received);

  if (reading_ == Reading::chunked_body) {
    const auto used = chunked_body_.take(received);
    if (chunked_body_.done()) reading_ = Reading::end_of_request;
    return used;
  }
  const auto used = std::min<std::uint64_t>(request_.content_length, received.size());
  request_.content_length -= used;
  if (request_.content_length == 0) reading_ = Reading::end_of_request;
  return static_cast<std::size_t>(used);
}

Result<std::size_t> HttpSession::take_head(std::string_view received) {
  const std::size_t held = held_.size();
  std::string_view text = received.substr(0, HttpHead::bytes_max - held);
  const bool more_came = text.size() < received.size();
  if (held > 0) {
    held_.append(bytes_of(text));
    text = {reinterpret_cast<const char*>(held_.data()), held_.size()};
  }

  if (text.starts_with(line_end)) {
    empty_bytes_ += line_end.size();
    if (empty_bytes_ > HttpHead::bytes_max) return failure(Error::too_long);
    forget_head();
    return line_end.size() - held;
  }

  const std::size_t searched_before = searched_;
  const auto end = find_end_of_head(text, searched_);
  if (end != std::string_view::npos) {
    if (const auto begun = begin_request(text.substr(0, end)); !begun) {
      return std::unexpected(begun.error());
    }
    forget_head();
    empty_bytes_ = 0;
    return end - held;
  }
  // We check before the head is complete, so that a client that doesn't speak HTTP needn't wait for
  // our timeout.
  if (!check_request_line(text, searched_before)) return failure(Error::malformed);
  if (more_came) return failure(Error::too_long);
  if (held == 0) held_.append(bytes_of(text));
  return text.size() - held;
}

/// Checks the request line when it is complete, and only once. It doesn't end before `searched`.
bool HttpSession::check_request_line(std::string_view text, std::size_t searched) {
  if (request_line_checked_) return true;
  const auto line_feed = text.find('\n', searched);
  if (line_feed == std::string_view::npos) return true;
  request_line_checked_ = true;
  return is_http_request_line(text.substr(0, line_feed + 1));
}

Status HttpSession::begin_request(std::string_view head) {
  const auto parsed = parse_http_head(head);
  if (!parsed) return std::unexpected(parsed.error());
  request_ = *parsed;
  if (request_.chunked) {
    chunked_body_ = ChunkedBody();
    reading_ = Reading::chunked_body;
  } else {
    reading_ = request_.content_length > 0 ? Reading::body : Reading::end_of_request;
  }
  return {};
}

/// Frees the memory, too.
void HttpSession::forget_head() {
  held_ = Buffer();
  searched_ = 0;
  request_line_checked_ = false;
}

void HttpSession::answer(SendBuffer& output) {
  output.append_view(bytes_of(answer_to(request_)));
  reading_ = Reading::head;
  finished_ = !request_.keep_alive;
}

void HttpSession::refuse(std::error_code reason, SendBuffer& output) {
  output.append_view(bytes_of(reason == Error::too_long ? head_too_large : bad_request));
  output.append_view(bytes_of(connection_close));
  output.append_view(bytes_of(line_end));
  forget_head();
  finished_ = true;
}

}  // namespace common
