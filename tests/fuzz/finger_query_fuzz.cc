// Promise: any slicing of any bytes gives the same query. A query is text within its limits, and
// parsing that text again gives the same query.

#include <algorithm>
#include <cstring>

#include "finger/protocol/query.h"
#include "finger/protocol/utf8.h"
#include "slices.h"
#include "target.h"

namespace {

using finger::QueryReader;
using tests::require;

struct Outcome {
  std::string line;
  std::error_code error;  ///< Of line() or parse_query().
  std::error_code end;
  std::string user;
  std::string host;
  bool verbose = false;

  bool operator==(const Outcome&) const = default;
};

/// False if the reader needs no more.
bool receive(QueryReader& reader, std::string_view slice) {
  while (!slice.empty()) {
    const auto line = reader.line();
    if (!line || *line) return false;
    const auto space = reader.space();
    require(!space.empty());
    const std::size_t size = std::min(space.size(), slice.size());
    std::memcpy(space.data(), slice.data(), size);
    reader.commit(size);
    slice.remove_prefix(size);
  }
  return true;
}

void check(const finger::Query& query) {
  std::string written = query.verbose ? "/W " : "";
  for (const auto part : {query.user, query.host.value_or("")}) {
    require(part.size() <= finger::query_bytes_max);
    require(part.find('@') == std::string_view::npos);
    require(!part.starts_with(' ') && !part.ends_with(' '));
    require(finger::printable(part) == part);
  }
  written += query.user;
  if (query.host) written.append("@").append(*query.host);
  const auto again = finger::parse_query(written);
  require(again && *again == query);
}

Outcome read_slices(const tests::Slices& slices) {
  QueryReader reader;
  for (const auto slice : slices) {
    if (!receive(reader, slice)) break;
  }
  Outcome outcome;
  const auto line = reader.line();
  if (!line) outcome.error = line.error();
  const auto finished = reader.finish();
  if (!finished) outcome.end = finished.error();
  require(line || !finished);
  if (!finished) return outcome;

  outcome.line = *finished;  // a copy, so that the sanitizer notices a view that goes too far
  require(outcome.line == reader.begun());
  require(!*line || **line == outcome.line);
  const auto query = finger::parse_query(outcome.line);
  if (!query) {
    outcome.error = query.error();
    return outcome;
  }
  check(*query);
  outcome.user = query->user;
  outcome.host = query->host.value_or("");
  outcome.verbose = query->verbose;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  const auto expected = read_slices(tests::whole(input.stream));
  tests::expect_same_in_slices(read_slices, input, expected);
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  const std::string longest(1024, 'x');
  return {"\0alice\r\n"s,
          "\1\r\n"s,
          "\2/W \t alice \n"s,
          "\3/w\r\n"s,
          "\4/Wilma\nmore"s,
          "\5alice@example.org\r\n"s,
          "\5/W alice @ [2001:db8::1] \r\r\n"s,
          "\5a@b@c\r\0more"s,
          "\6jos\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x99\x82\r\n"s,
          "\7\xC2\x9B\xED\xA0\x80\r\n"s,
          "\x8" + longest + "\r\n",
          "\x9" + longest + "\rx\n",
          "\xa/W cut short\r"s,
          "\xb../../etc/passwd\0\r\r\n"s};
}
