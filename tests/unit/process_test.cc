// How a process is prepared. tests/protocol also checks the limit of descriptors.
#include "common/server/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "captured.h"

namespace {

using testing::ExitedWithCode;

void limit_descriptors(rlim_t soft, rlim_t hard) {
  const rlimit limit{.rlim_cur = soft, .rlim_max = hard};
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) std::_Exit(99);
}

/// Sends all further output on stdout to a full disk.
void print_to_a_full_disk() {
  const int full = ::open("/dev/full", O_WRONLY);
  if (::dup2(full, STDOUT_FILENO) < 0) std::_Exit(99);
}

// Each test runs in a child, because its changes can't be undone.

/// Enters a bare container, which has no /dev/null. The process may lack the right to do that.
void try_to_enter_an_empty_directory() {
  std::string empty = "/tmp/no-dev.XXXXXX";
  if (::mkdtemp(empty.data()) == nullptr) std::_Exit(99);
  if (::geteuid() == 0 || ::unshare(CLONE_NEWUSER) == 0) (void)!::chroot(empty.c_str());
}

// If a client's connection got number 2, the client would receive our log. And writing to a
// standard number that was closed must be an error, because the text is lost.
TEST(PrepareProcessDeathTest, TakesTheStandardNumbersThatAreClosed) {
  const auto act = [](std::initializer_list<int> closed) {
    try_to_enter_an_empty_directory();
    for (const int number : closed) (void)::close(number);
    common::prepare_process(1);
    char byte = 0;
    bool right = ::dup(0) > 2;
    for (const int number : closed) {
      right &= ::read(number, &byte, 1) < 0 && errno == EBADF;
      right &= ::write(number, &byte, 1) < 0 && errno == EBADF;
    }
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(act({0, 1, 2}), ExitedWithCode(0), "");
  EXPECT_EXIT(act({1}), ExitedWithCode(0), "");
  EXPECT_EXIT(act({1, 2}), ExitedWithCode(0), "");
  EXPECT_EXIT(act({0, 2}), ExitedWithCode(0), "");
}

// If a log has reached the limit of file sizes, write(2) should fail, and not end the process.
TEST(PrepareProcessDeathTest, NoFileThatIsTooLargeEndsTheProcess) {
  const auto act = [] {
    (void)std::signal(SIGXFSZ, SIG_DFL);
    common::prepare_process(1);
    (void)std::raise(SIGXFSZ);
    std::_Exit(0);
  };
  EXPECT_EXIT(act(), ExitedWithCode(0), "");
}

TEST(PrepareProcessDeathTest, CountsTheDescriptorsOfTheWorkers) {
  const auto act = [] {
    limit_descriptors(200, 200);
    common::prepare_process(100, 60);
    std::_Exit(0);
  };
  EXPECT_EXIT(act(), ExitedWithCode(0), "^[^\n]*200[^\n]*--max-connections 100[^\n]*\n$");
}

// A program that waits for the ready line would wait forever.
TEST(AnnounceDeathTest, EndsTheProcessIfTheReadyLineCannotBeWritten) {
  const auto act = [] {
    print_to_a_full_disk();
    common::announce("127.0.0.1:1");
    std::_Exit(0);
  };
  EXPECT_EXIT(act(), ExitedWithCode(1), "^cannot write the ready line[^\n]*No space left[^\n]*\n$");
}

TEST(AnnounceDeathTest, GoesOnIfStdoutIsClosed) {
  const auto act = [] {
    (void)::close(STDOUT_FILENO);
    common::prepare_process(1);
    common::announce("127.0.0.1:1");
    std::_Exit(0);
  };
  EXPECT_EXIT(act(), ExitedWithCode(0), "^$");
}

TEST(ParseOptionsDeathTest, SaysThatHelpCannotBeWritten) {
  const auto act = [] {
    print_to_a_full_disk();
    const char* const words[] = {"a-program", "--help"};
    std::_Exit(common::parse_options(2, words, {.name = "a-program", .summary = "", .options = {}})
                   .value_or(0));
  };
  EXPECT_EXIT(act(), ExitedWithCode(1), "^a-program: cannot write [^\n]*No space left[^\n]*\n$");
}

TEST(Fail, SaysInOneLineWhatToDo) {
  common::Options options;
  options.host = "192.0.2.1";
  options.port = 80;
  const auto said = [&](std::errc error) {
    return tests::stderr_of(
        [&] { EXPECT_EQ(common::report_failure(options, make_error_code(error)), 1); });
  };
  const auto one_line_about = [](const char* what) {
    return testing::MatchesRegex(std::string("cannot serve 192\\.0\\.2\\.1 port 80: [^\n]*") +
                                 what + "[^\n]*\n");
  };
  EXPECT_THAT(said(std::errc::address_in_use), one_line_about("in use.*stop the server"));
  EXPECT_THAT(said(std::errc::address_not_available), one_line_about("--host"));
  EXPECT_THAT(said(std::errc::permission_denied), one_line_about("--port"));
  EXPECT_THAT(said(std::errc::bad_file_descriptor), one_line_about("Bad file descriptor"));
  EXPECT_THAT(said(std::errc::invalid_argument), one_line_about("Invalid argument"));
  EXPECT_THAT(said(std::errc::resource_unavailable_try_again), one_line_about("ulimit -i"));
  options.port = 0;  // the kernel has none left to choose
  EXPECT_THAT(said(std::errc::address_in_use), testing::HasSubstr("ip_local_port_range"));
}

// The hint is for bind(2); from other calls the same error means something else.
TEST(Fail, ExplainsAnInvalidArgumentWhereItIsTheAddress) {
  common::Options options;
  const auto said = [&](const char* host) {
    options.host = host;
    return tests::stderr_of(
        [&] { common::report_failure(options, make_error_code(std::errc::invalid_argument)); });
  };
  EXPECT_THAT(said("fe80::1"), testing::HasSubstr("link-local"));
  EXPECT_THAT(said("::1"), testing::Not(testing::HasSubstr("--host")));
}

}  // namespace
