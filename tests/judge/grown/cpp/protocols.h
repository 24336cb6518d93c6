// What the bytes of a connection mean: bytes in, answers out, and neither descriptor nor clock.

#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct Session {
  virtual ~Session() = default;
  // Appends the answers; true if a message was completed.
  virtual bool take(std::string_view received, std::string& output) = 0;

  bool finished = false;            // nothing is answered any more
  const char* complaint = nullptr;  // for the log
};

// Removes the beginning, and gives the memory back, which erase would keep.
inline void cut(std::string& text, std::size_t size) {
  if (size > 0) {
    std::string(text, size).swap(text);
  }
}

// Messages, each its own answer.
struct Echo : Session {
  explicit Echo(std::size_t its_largest) : largest(its_largest) {}

  bool take(std::string_view received, std::string& output) override {
    input.append(received);
    std::size_t begin = 0;
    std::uint32_t length = 0;
    while (input.size() - begin >= sizeof length) {
      std::memcpy(&length, &input[begin], sizeof length);
      if (length > largest) {  // before anything is allocated for it
        finished = true;
        complaint = "a message is too long\n";
        cut(input, input.size());
        return begin > 0;
      }
      const std::size_t size = sizeof length + length;
      if (size > input.size() - begin) {
        break;
      }
      output.append(input, begin, size);
      begin += size;
    }
    cut(input, begin);
    return begin > 0;
  }

  std::size_t largest;
  std::string input;  // the beginning of a message
};

// Answers nothing, and takes any byte for a message.
struct Discard : Session {
  bool take(std::string_view, std::string&) override { return true; }
};

// Requests, and bodies that are thrown away.
class Http : public Session {
 public:
  bool take(std::string_view received, std::string& output) override {
    input_.append(received);
    bool completed = false;
    const char* refused = nullptr;
    std::size_t used = 0;
    while (!finished && !refused) {
      rest_ = std::string_view(input_).substr(used);
      const std::size_t step = take_some(refused);
      if (step == npos) {
        break;
      }
      used += step;
      if (reading_ == Reading::answer) {
        answer(output);
        completed = true;
      }
    }
    if (refused) {
      output += std::string("HTTP/1.1 ") + refused;
      output += "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      finished = true;
    }
    cut(input_, finished ? input_.size() : used);
    return completed;
  }

 private:
  enum class Reading : std::uint8_t { head, body, chunk_size, chunk_end, trailer, answer };
  static constexpr std::size_t npos = std::string_view::npos;
  static constexpr std::size_t head_largest = 8192;
  static constexpr const char* malformed = "400 Bad Request";

  // How many bytes belong to what is read now; npos until all of it is there.
  std::size_t take_some(const char*& refused) {
    switch (reading_) {
      case Reading::head:
        return take_head(refused);
      case Reading::body: {
        const auto used = std::min<std::uint64_t>(body_left_, rest_.size());
        body_left_ -= used;
        if (body_left_ > 0) {
          return rest_.empty() ? npos : used;
        }
        reading_ = in_chunks_ ? Reading::chunk_end : Reading::answer;
        return used;
      }
      case Reading::chunk_end:
        if (rest_.size() < 2) {
          return npos;
        }
        refused = rest_.starts_with("\r\n") ? nullptr : malformed;
        reading_ = Reading::chunk_size;
        return 2;
      default:
        return take_line(refused);
    }
  }

  // Where the text ends that this mark ends; npos if it is not there yet.
  std::size_t find(std::string_view mark, std::size_t before, const char*& refused) {
    const auto from = searched_ < mark.size() ? 0 : searched_ - mark.size();
    const auto end = rest_.find(mark, from);
    searched_ = end == npos ? rest_.size() : 0;
    if (before + (end == npos ? rest_.size() : end + mark.size()) > head_largest) {
      refused = "431 Request Header Fields Too Large";
    }
    return end;
  }

  // The size of a chunk, or a line of the trailer.
  std::size_t take_line(const char*& refused) {
    const auto end = find("\r\n", lines_bytes_, refused);
    const auto line = rest_.substr(0, end);
    if (reading_ == Reading::trailer) {
      lines_bytes_ += end == npos ? 0 : end;
      if (end != npos && end > 0 && !is_field(line)) {
        refused = malformed;
      }
      reading_ = line.empty() && end == 0 ? Reading::answer : Reading::trailer;
      return end == npos ? npos : end + 2;
    }
    const auto digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    const auto size = number(line.substr(0, digits), 16);
    const auto after = line.find_first_not_of(" \t", digits);
    const bool ends_well = after == npos || line[after] == ';' || line[after] == '\r';
    if (end == 0 || (!size && !line.empty()) || !ends_well ||
        (end != npos && line.find('\r') != npos)) {
      refused = malformed;
    }
    if (end == npos || refused) {
      return npos;
    }
    lines_bytes_ += end - digits;
    body_left_ = *size;
    lines_bytes_ -= std::min<std::uint64_t>(lines_bytes_, body_left_);
    reading_ = body_left_ > 0 ? Reading::body : Reading::trailer;
    return end + 2;
  }

  std::size_t take_head(const char*& refused) {
    if (rest_.starts_with("\r\n")) {
      return 2;  // RFC 9112, 2.2
    }
    const auto end = find("\r\n\r\n", 0, refused);
    if (end == npos || refused) {
      return npos;
    }
    auto lines = rest_.substr(0, end + 2);
    const auto next_line = [&lines] {
      const auto line = lines.substr(0, lines.find("\r\n"));
      lines.remove_prefix(line.size() + 2);
      return line;
    };
    std::optional<std::uint64_t> length;
    bool close = false;
    bool keep = false;
    in_chunks_ = false;
    if (!read_request_line(next_line())) {
      refused = malformed;
    }
    while (!lines.empty() && !refused) {
      const auto line = next_line();
      const auto colon = std::min(line.find(':'), line.size() - 1);
      const auto name = lower(line.substr(0, colon));
      const auto value = trim(lower(line.substr(colon + 1)));
      if (name == "content-length") {
        const auto here = number(value, 10);
        refused = here && (!length || *length == *here) ? refused : malformed;
        length = here;
      } else if (name == "transfer-encoding") {
        refused = value == "chunked" ? refused : malformed;
        in_chunks_ = true;
      } else if (name == "connection") {
        close = close || has_word(value, "close");
        keep = keep || has_word(value, "keep-alive");
      }
      refused = is_field(line) ? refused : malformed;
    }
    refused = (length || is_old_) && in_chunks_ ? malformed : refused;
    keeps_ = is_old_ ? keep : !close;
    lines_bytes_ = 0;
    body_left_ = length.value_or(0);
    reading_ = in_chunks_ ? Reading::chunk_size : Reading::body;
    return end + 4;
  }

  bool read_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == npos || last <= first + 1) {
      return false;
    }
    const auto target = line.substr(first + 1, last - first - 1);
    method_ = line.substr(0, first);
    const auto version = line.substr(last + 1);
    is_old_ = version == "HTTP/1.0";
    return is_token(method_) && (is_old_ || version == "HTTP/1.1") &&
           std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 127; });
  }

  void answer(std::string& output) {
    const bool allowed = method_ == "GET" || method_ == "HEAD";
    const std::string_view body = allowed ? "hello\n" : "";
    output += allowed ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      : "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n";
    output += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (!keeps_ || is_old_) {
      output += keeps_ ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    }
    output += "\r\n";
    output += method_ == "HEAD" ? "" : body;
    finished = !keeps_;
    reading_ = Reading::head;
    std::string().swap(method_);
  }

  static std::optional<std::uint64_t> number(std::string_view digits, int base) {
    std::int64_t value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value, base);
    if (digits.empty() || digits[0] == '-' || parsed.ec != std::errc() || parsed.ptr != end) {
      return std::nullopt;
    }
    return value;
  }
  static bool is_field(std::string_view line) {
    const auto colon = line.find(':');
    return colon != npos && is_token(line.substr(0, colon)) && is_text(line.substr(colon + 1));
  }
  static bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) || (c && std::strchr("!#$%&'*+.^_`|~-", c));
    });
  }
  static bool is_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 127); });
  }
  static std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(text.begin(), text.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
  }
  static std::string trim(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t");
    return begin == npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  }
  static bool has_word(const std::string& list, std::string_view word) {
    for (std::size_t begin = 0; begin <= list.size();) {
      const auto end = std::min(list.find(',', begin), list.size());
      if (trim(list.substr(begin, end - begin)) == word) {
        return true;
      }
      begin = end + 1;
    }
    return false;
  }

  std::string input_;
  std::string_view rest_;
  std::size_t searched_ = 0;  // no end of the head is before
  Reading reading_ = Reading::head;
  std::uint64_t body_left_ = 0;
  std::size_t lines_bytes_ = 0;  // of lines between chunks, as far as no data outweighs them
  std::string method_;
  bool in_chunks_ = false;
  bool is_old_ = false;
  bool keeps_ = false;
};

inline std::unique_ptr<Session> make_session(std::string_view protocol, std::size_t largest) {
  if (protocol == "http") {
    return std::make_unique<Http>();
  }
  if (protocol == "discard") {
    return std::make_unique<Discard>();
  }
  return std::make_unique<Echo>(largest);
}
