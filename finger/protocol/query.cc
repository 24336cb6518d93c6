#include "finger/protocol/query.h"

#include <cassert>

#include "finger/protocol/utf8.h"

namespace finger {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view without_blanks_around(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool begins_with_switch(std::string_view text) {
  if (text.size() < 2 || text[0] != '/' || (text[1] != 'W' && text[1] != 'w')) return false;
  return text.size() == 2 || blanks.find(text[2]) != std::string_view::npos;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character || is_control(character->value)) return false;
    text.remove_prefix(character->size_bytes);
  }
  return true;
}

}  // namespace

Result<Query> parse_query(std::string_view line) {
  if (line.size() > query_bytes_max) return failure(Error::query_too_long);

  Query query{.user = without_blanks_around(line)};
  if (begins_with_switch(query.user)) {
    query = {.user = without_blanks_around(query.user.substr(2)), .verbose = true};
  }
  if (!is_text(query.user)) return failure(Error::invalid_query);
  const auto at = query.user.find('@');
  if (at == std::string_view::npos) return query;
  query.host = without_blanks_around(query.user.substr(at + 1));
  query.user = without_blanks_around(query.user.substr(0, at));
  if (query.host->contains('@')) return failure(Error::relay_denied);
  return query;
}

std::span<std::byte> QueryReader::space() {
  return std::as_writable_bytes(std::span(bytes_)).subspan(size_);
}

void QueryReader::commit(std::size_t size_bytes) {
  assert(size_bytes <= bytes_.size() - size_);
  size_ += size_bytes;
}

Result<std::optional<std::string_view>> QueryReader::line() const {
  const auto line = begun();
  if (line.size() > query_bytes_max) return failure(Error::query_too_long);
  if (line.size() == size_) return std::nullopt;  // no end yet
  return line;
}

std::string_view QueryReader::begun() const {
  return received().substr(0, received().find_first_of("\r\n"));
}

Result<std::string_view> QueryReader::finish() const {
  if (size_ == 0) return failure(Error::unexpected_eof);
  const auto found = line();
  if (!found) return std::unexpected(found.error());
  return begun();
}

}  // namespace finger
