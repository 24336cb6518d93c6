#include "uring/extra/line_reader.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.h"
#include "uring/extra/race.h"

namespace {

using namespace std::chrono_literals;
using tests::bytes_of;
using tests::FailedWith;
using tests::unix_connection;
using tests::Uring;
using uring::Error;
using uring::LineReader;
using uring::Task;

using Lines = std::vector<std::string>;

Task<Lines> read_all(uring::Loop& loop, const common::Fd& fd, std::size_t bytes_max) {
  LineReader reader(loop, fd, bytes_max);
  Lines lines;
  while (true) {
    const auto line = co_await reader.next();
    if (!line) lines.push_back(line.error().message());
    if (!line || !*line) co_return lines;
    lines.emplace_back(**line);
  }
}

Task<> send_in_pieces(uring::Loop& loop, common::Fd to, std::string_view text, std::size_t size) {
  for (std::size_t i = 0; i < text.size(); i += size) {
    (void)co_await loop.send(to, bytes_of(text.substr(i, size)));
  }
}

TEST_F(Uring, LinesAreTheSameHoweverTheyAreCut) {
  const std::string_view text = "one\r\n\ntwo and a half\n\r\nlast";
  const Lines expected{"one", "", "two and a half", "", "last"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    run([&, this]() -> Task<> {
      auto ends = unix_connection();
      uring::Scope scope(loop);
      scope.spawn(send_in_pieces(loop, std::move(ends.client), text, piece));
      const auto lines = co_await read_all(loop, ends.server, 16);
      EXPECT_EQ(lines, expected) << piece << " bytes at a time";
      co_await scope.join();
    });
  }
}

TEST_F(Uring, ALineThatIsTooLongIsAnErrorAndNoMemory) {
  const Lines expected{"1234567", "Message too long"};
  run([&, this]() -> Task<> {
    const auto ends = unix_connection();
    (void)co_await loop.send(ends.client, bytes_of("1234567\n12345678\n"));
    const auto lines = co_await read_all(loop, ends.server, 8);
    EXPECT_EQ(lines, expected);
  });
}

TEST_F(Uring, ALineThatCameInPartIsThereAfterATimeout) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    LineReader reader(loop, ends.server, 80);
    (void)co_await loop.send(ends.client, bytes_of("half a "));
    const auto late = co_await scoped(loop, reader.next()).within(5ms);
    EXPECT_THAT(late, FailedWith(Error::timed_out));
    (void)co_await loop.send(ends.client, bytes_of("line\n"));
    const auto line = co_await reader.next();
    EXPECT_TRUE(line && *line && **line == "half a line");
  });
}

}  // namespace
