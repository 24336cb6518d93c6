#include "finger/accounts/passwd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "common/fd.h"
#include "finger/accounts/accounts.h"

namespace {

using finger::Accounts;
using finger::Error;
using finger::GroupEntry;
using finger::is_member;

TEST(IsMember, AsItsPrimaryGroupOrNamedByIt) {
  const GroupEntry group{79, {"alice", "bob"}};
  EXPECT_TRUE(is_member({"alice", "", "/home/alice", 1000, 100}, group));
  EXPECT_TRUE(is_member({"carol", "", "/home/carol", 1001, 79}, group));
  EXPECT_TRUE(is_member({"bob", "", "/home/bob", 1002, 79}, group));
  EXPECT_FALSE(is_member({"dave", "", "/home/dave", 79, 100}, group)) << "that is a user's number";
  EXPECT_FALSE(is_member({"Alice", "", "/home/alice", 1000, 100}, group));
}

/// The system's files as a test wants them.
struct Etc {
  std::string passwd;
  std::string group;
  std::string sources = "files";  ///< Where users are looked for. nsswitch.conf(5)
};

std::string reason(const char* what) {
  return "skipped: " + std::string(what) + ": " + std::strerror(errno);
}

bool leave_mounts() {
  // Root may without a user namespace; and who may not, perhaps with one.
  return ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

std::optional<std::string> put_on_top(const std::string& directory, const std::string& name,
                                      const std::string& content) {
  const auto ours = directory + "/" + name;
  const auto theirs = "/etc/" + name;
  std::ofstream(ours) << content;
  if (::mount(ours.c_str(), theirs.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return reason(theirs.c_str());
  }
  return std::nullopt;
}

std::string act_in_child(const std::string& directory, const Etc& etc,
                         const std::function<std::string()>& act) {
  if (!leave_mounts()) return reason("unshare");
  // What is mounted from here on must not be seen outside.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return reason("mount");
  const auto switches = "passwd: " + etc.sources + "\ngroup: files\n";
  for (const auto& [name, content] :
       {std::pair("passwd", etc.passwd), std::pair("group", etc.group),
        std::pair("nsswitch.conf", switches)}) {
    if (const auto failed = put_on_top(directory, name, content)) return *failed;
  }
  return act();
}

std::string read_all(const common::Fd& pipe) {
  std::string text;
  std::array<char, 4096> piece;
  while (true) {
    const auto size = ::read(pipe.get(), piece.data(), piece.size());
    if (size <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

/// What `act` returns in a child that sees these files in /etc, in a mount namespace of its own;
/// `skipped: REASON` where nobody may have one. mount_namespaces(7)
std::string in_own_etc(const Etc& etc, const std::function<std::string()>& act) {
  char directory[] = "/tmp/finger_etc.XXXXXX";
  int ends[2];
  if (::mkdtemp(directory) == nullptr || ::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  common::Fd reading(ends[0]);
  common::Fd writing(ends[1]);

  const pid_t child = ::fork();
  if (child == 0) {
    const auto result = act_in_child(directory, etc, act);
    const auto written = ::write(writing.get(), result.data(), result.size());
    std::_Exit(written == static_cast<ssize_t>(result.size()) ? 0 : 1);
  }
  writing = common::Fd();
  const auto result = read_all(reading);
  int status = 0;
  (void)::waitpid(child, &status, 0);
  std::filesystem::remove_all(directory);
  return status == 0 ? result : "the child ended with " + std::to_string(status);
}

/// "alice bob" of a group, or the error.
std::string logins_of(const std::string& group) {
  const auto accounts = Accounts::of_group(group);
  if (!accounts) return "error: " + accounts.error().message();
  std::string logins;
  for (const auto& account : accounts->all()) logins += account.login + " ";
  return logins;
}

/// Expects that `act` returns the text, in a child with these files in /etc.
void expect(const std::string& text, const Etc& etc, const std::function<std::string()>& act) {
  const auto result = in_own_etc(etc, act);
  if (result.starts_with("skipped: ")) GTEST_SKIP() << result;
  EXPECT_EQ(result, text);
}

const std::string three_users =
    "root:x:0:0:root:/root:/bin/sh\n"
    "alice:x:1000:100:& Adams,Room 1:/home/alice:/bin/sh\n"
    "bob:x:1001:100::/home/bob:/bin/sh\n"
    "carol:x:1002:79:Carol:/home/carol:/bin/sh\n";

const Etc usual{three_users, "users:x:100:\nfinger:x:79:bob,alice\n"};

TEST(MembersOf, AreThoseThatTheGroupNamesAndThoseWhosePrimaryGroupItIs) {
  expect("alice bob carol ", usual, [] { return logins_of("finger"); });
}

TEST(MembersOf, SkipANameWithoutAnAccount) {
  expect("bob ", {three_users, "finger:x:7979:nosuch,bob,nobody\n"},
         [] { return logins_of("finger"); });
}

TEST(MembersOf, ComeOnceIfTheyAreMembersTwice) {
  expect("bob carol ", {three_users + three_users, "finger:x:79:carol,bob,carol\n"},
         [] { return logins_of("finger"); });
}

TEST(MembersOf, AreAnErrorWhereThereIsNoGroup) {
  expect("error: no such group", usual, [] { return logins_of("nosuch"); });
  expect("error: no such group", usual, [] { return logins_of(""); });
  expect("error: no such group", {three_users, ""}, [] { return logins_of("finger"); });
}

// More than any buffer that is made before one knows: 40 KB for the group's line alone.
TEST(MembersOf, MayBeMany) {
  Etc etc{"", "finger:x:79:"};
  for (int i = 0; i < 5000; ++i) {
    const auto login = "user" + std::to_string(i);
    etc.group += (i == 0 ? "" : ",") + login;
    if (i % 10 == 0) etc.passwd += login + ":x:1:1::/:\n";
  }
  etc.group += "\n";
  expect("500", etc, [] {
    const auto members = finger::members_of("finger");
    return members ? std::to_string(members->entries.size()) : members.error().message();
  });
}

TEST(MembersOf, MayHaveALongEntry) {
  expect("20000", {"alice:x:1000:79:" + std::string(20'000, 'x') + ":/:\n", "finger:x:79:\n"}, [] {
    const auto members = finger::members_of("finger");
    return members && !members->entries.empty()
               ? std::to_string(members->entries.front().gecos.size())
               : "none";
  });
}

void use_up_descriptors() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) std::abort();
}

// A reload keeps the old list then. "Nobody" or "no such group" would be wrong, and end it.
TEST(MembersOf, AreAnErrorWhereTheSystemCannotSay) {
  for (const std::string group : {"finger", "nosuch"}) {
    expect("error: Too many open files", usual, [group] {
      use_up_descriptors();
      return logins_of(group);
    });
    expect("error: Too many open files", usual, [group] {
      (void)logins_of(group);  // everything that is loaded once is loaded
      use_up_descriptors();
      return logins_of(group);
    });
  }
}

// With a source after the files, as on Debian, the end of the list forgets what became of them.
TEST(ListedMembersOf, AreAnErrorWhereTheListCannotBeOpened) {
  for (const std::string sources : {"files", "files systemd"}) {
    expect("Too many open files", {three_users, "finger:x:79:\n", sources}, [] {
      (void)logins_of("finger");
      use_up_descriptors();
      const auto members = finger::listed_members_of({79, {}});
      return members ? std::to_string(members->size()) : members.error().message();
    });
  }
}

// The one that every system has, without a namespace.
TEST(MembersOf, AreThoseOfTheRealSystem) {
  const auto accounts = Accounts::of_group("root");
  ASSERT_TRUE(accounts.has_value()) << accounts.error().message();
  ASSERT_NE(accounts->find("root"), nullptr);
  EXPECT_EQ(accounts->find("root")->uid, 0U);
  EXPECT_EQ(Accounts::of_group("no such group, of all").error(), Error::no_such_group);
}

}  // namespace
