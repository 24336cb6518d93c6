// A client of the echo servers, on the ring: each line of its input is a message.
// Try it: ./serve part6-uring   then, in another terminal: build/default/part6-uring/echo-client
//         seq 3 | build/default/part6-uring/echo-client
// On a terminal it prompts, and shows all but printable ASCII as escapes, so that no server can
// steer it. A file or a pipe gets the bytes as they came.

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "common/frame_reader.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "echo_client_console.h"

namespace stage {
namespace {

using uring::Task;

/// A value, or the line for stderr that says why there is none.
template <typename T>
using Outcome = std::expected<T, std::string>;
using Failure = std::unexpected<std::string>;

struct Settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5882;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< 0: none.
};

/// A conversation: a line, its answer, the next line.
class Client {
 public:
  Client(uring::Loop& loop, const Settings& settings) : loop_(loop), settings_(settings) {}

  /// Sends lines until the input ends.
  Task<Outcome<void>> run();

 private:
  Task<Outcome<void>> connect();
  Task<> watch_server();
  Task<Outcome<void>> converse();
  Task<Outcome<std::string>> echo(std::string_view line);
  Task<common::Status> send_all(common::ByteView bytes);
  Task<common::Status> receive_all(std::span<std::byte> bytes);

  void start_clock();
  Failure no_line(std::error_code error) const;
  Failure no_answer(std::error_code error, std::size_t line_bytes) const;

  /// The longest answer that we accept to a shorter line.
  static constexpr std::size_t unasked_bytes_max = 64 * 1024;

  uring::Loop& loop_;
  Settings settings_;
  Console console_{loop_};
  common::Fd server_;
  uring::Canceller server_gone_;
  uring::Deadline deadline_{loop_};
};

/// If the kernel can't start an io worker, it cancels operations that need one, such as reads of
/// some files.
std::string explain(std::error_code error) {
  if (error != uring::Error::cancelled) return error.message();
  return common::explain_no_thread(make_error_code(std::errc::resource_unavailable_try_again));
}

/// Whether a socket is its own peer. The kernel chooses our port, and it may choose the one that we
/// connect to if nobody listens on it. TCP lets two ends meet that both connect.
bool talks_to_itself(const common::Fd& socket) {
  const auto own = common::Address::of_socket(socket);
  common::Address peer;
  socklen_t size = common::Address::capacity();
  return own && ::getpeername(socket.get(), peer.data(), &size) == 0 &&
         own->to_string() == peer.to_string();
}

// [client]
Task<Outcome<void>> Client::run() {
  if (auto connected = co_await connect(); !connected) co_return connected;
  uring::Scope watching(loop_);
  if (console_.interactive()) watching.spawn(watch_server());
  auto outcome = co_await converse();
  watching.cancel();
  co_await watching.join();
  co_return outcome;
}

/// Tells the user at a prompt immediately that the server is gone. For a file or a pipe we find out
/// with the next line, so a server may do anything after the last one.
Task<> Client::watch_server() {
  const auto closed = co_await loop_.poll(server_, POLLRDHUP);
  if (closed) server_gone_.cancel();
}

Task<Outcome<void>> Client::converse() {
  while (true) {
    start_clock();
    const auto line = co_await console_.ask("Input: ", deadline_, server_gone_);
    if (!line) co_return no_line(line.error());
    if (!*line) co_return Outcome<void>();

    const auto answer = co_await echo(**line);
    if (!answer) co_return Failure(answer.error());
    const auto report = fmt::format("Received: {}\n", console_.presentable(*answer));
    const auto printed = co_await console_.print(report);
    if (!printed) {
      co_return Failure("cannot write to standard output: " + explain(printed.error()));
    }
  }
}
// [/client]

Task<Outcome<std::string>> Client::echo(std::string_view line) {
  start_clock();
  common::Bytes message;
  common::append_frame(std::as_bytes(std::span(line)), message);
  const auto sent = co_await send_all(message);
  if (!sent) co_return no_answer(sent.error(), line.size());

  std::array<std::byte, common::header_bytes> header;
  const auto begun = co_await receive_all(header);
  if (!begun) co_return no_answer(begun.error(), line.size());
  const std::uint32_t answer_bytes = common::payload_bytes_of(header);
  if (answer_bytes > std::max(line.size(), unasked_bytes_max)) {
    co_return Failure(fmt::format("the server announced an answer of {} bytes", answer_bytes));
  }
  std::string answer(answer_bytes, '\0');
  const auto completed = co_await receive_all(std::as_writable_bytes(std::span(answer)));
  if (!completed) co_return no_answer(completed.error(), line.size());
  co_return answer;
}

Task<common::Status> Client::send_all(common::ByteView bytes) {
  while (!bytes.empty()) {  // if a transfer is cut short, the next one says why
    const auto sent = co_await loop_.send(server_, bytes, MSG_WAITALL).until(deadline_);
    if (!sent) co_return std::unexpected(sent.error());
    bytes = bytes.subspan(*sent);
  }
  co_return common::Status();
}

Task<common::Status> Client::receive_all(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const auto received = co_await loop_.recv(server_, bytes, MSG_WAITALL).until(deadline_);
    if (!received) co_return std::unexpected(received.error());
    if (*received == 0) co_return common::failure(common::Error::cut_short);
    bytes = bytes.subspan(*received);
  }
  co_return common::Status();
}

Task<Outcome<void>> Client::connect() {
  const auto address = *common::Address::parse(settings_.host, settings_.port);
  const auto failed = [&address](std::error_code error) {
    const bool refused = error == std::errc::connection_refused;
    return Failure(fmt::format("cannot connect to {}: {}{}", address.to_string(), error.message(),
                               refused ? ": start a server with ./serve" : ""));
  };
  start_clock();
  auto made = co_await loop_.socket(address.family(), SOCK_STREAM, 0);
  if (!made) co_return failed(made.error());
  server_ = std::move(*made);
  // A long message goes out in several segments, and the last must not wait for acknowledgements.
  const int on = 1;
  (void)::setsockopt(server_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // slower without
  const auto connected = co_await loop_.connect(server_, address).until(deadline_);
  if (!connected) co_return failed(connected.error());
  if (talks_to_itself(server_)) co_return failed(make_error_code(std::errc::connection_refused));
  co_return Outcome<void>();
}

/// Starts the timeout again.
void Client::start_clock() {
  const bool limited = settings_.timeout.count() > 0;
  deadline_.renew(limited ? uring::Clock::now() + settings_.timeout : uring::Deadline::never);
}

Failure Client::no_line(std::error_code error) const {
  if (server_gone_.reason() != uring::Error{}) return Failure("the server closed the connection");
  if (error == uring::Error::timed_out) {
    return Failure(fmt::format("no line for {}", common::to_string(settings_.timeout)));
  }
  if (error == common::Error::too_long) return Failure("a line is too long");
  return Failure("cannot read standard input: " + explain(error));
}

Failure Client::no_answer(std::error_code error, std::size_t line_bytes) const {
  if (error == uring::Error::timed_out) {
    return Failure(fmt::format("no answer for {}", common::to_string(settings_.timeout)));
  }
  const bool closed = error == common::Error::cut_short || error == std::errc::broken_pipe ||
                      error == std::errc::connection_reset;
  if (!closed) return Failure("the connection is broken: " + error.message());
  const bool may_be_too_long = line_bytes > common::Options().max_message;
  return Failure("the server closed the connection before it had answered" +
                 (may_be_too_long
                      ? fmt::format(": {} bytes may be more than its --max-message", line_bytes)
                      : ""));
}

common::OptionTable option_lines(Settings& settings) {
  const auto set_port = [&settings](std::string_view text) {
    const auto number = common::parse_number(text, 1, 65'535);
    if (number) settings.port = static_cast<std::uint16_t>(*number);
    return number.has_value();
  };
  const auto set_timeout = [&settings](std::string_view text) {
    const auto duration = common::parse_duration(text);
    if (duration) settings.timeout = *duration;
    return duration.has_value();
  };
  return {common::address_option("--host", "address of the server", settings.host),
          {.name = "--port",
           .value_name = "N",
           .fallback = fmt::format("{}", settings.port),
           .meaning = "port of the server",
           .takes = "a number from 1 to 65535",
           .set = set_port},
          {.name = "--timeout",
           .value_name = "DURATION",
           .fallback = common::to_string(settings.timeout),
           .meaning = "how long to wait for a line, and for its answer; 0: for ever",
           .takes = "a duration such as 250ms, 10s, 2m or 0",
           .set = set_timeout}};
}

int report_failure(std::string_view why) {
  return common::complain(fmt::format("echo-client: {}", why));
}

}  // namespace
}  // namespace stage

int main(int argc, char** argv) {
  stage::Settings settings;
  const common::Program program{.name = "echo-client",
                                .summary = "Sends each line of its input to an echo server.",
                                .options = stage::option_lines(settings)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(1, 1, {.descriptors_each = 0});

  const auto loop = uring::Loop::create({});
  if (!loop) return stage::report_failure(uring::why_no_ring(loop.error()));
  stage::Client client(**loop, settings);
  const auto outcome = (*loop)->run(client.run());
  return outcome ? 0 : stage::report_failure(outcome.error());
}
