#include "finger/service/takeover.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "common/net/listen.h"
#include "common/server/duration.h"
#include "common/server/limits_and_timeouts.h"
#include "common/server/log.h"

namespace finger {
namespace {

using common::Fd;

/// Of what follows, and the first that the old server says. Another version of this program may say
/// something else; the new server then leaves the old one alone.
constexpr char protocol_version = '1';

// What is said, a byte each: with the sockets, whether there are more of them, and which is beside;
constexpr char beside = '/';
constexpr char more = '+';
constexpr char last = '.';
// by the new server;
constexpr char serves = 's';
// and by the old one.
constexpr char agreed = 'y';
constexpr char superseded = 'n';

/// So many descriptors fit one message. unix(7), SCM_RIGHTS
constexpr std::size_t descriptors_each_max = 253;

/// How long the other side may take for an answer that needs no thought, and for all of its
/// parcels.
constexpr timeval patience{.tv_sec = 5, .tv_usec = 0};

std::string reason() { return common::last_error().error().message(); }

ucred peer_of(const Fd& connection) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  (void)::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);  // cannot fail
  return peer;
}

/// An option of SOL_SOCKET; -1: it is not to be had.
int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

bool say(const Fd& connection, char what) {
  return ::send(connection.get(), &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/// A duplicate. False: there is none; errno says why.
bool keep(const Fd& socket, std::vector<Fd>& with) {
  return static_cast<bool>(with.emplace_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0)));
}

/// A message with descriptors in it.
struct Parcel {
  char what = last;
  iovec text{.iov_base = &what, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_each_max)> control{};
  msghdr header{.msg_name = nullptr,
                .msg_namelen = 0,
                .msg_iov = &text,
                .msg_iovlen = 1,
                .msg_control = control.data(),
                .msg_controllen = control.size(),
                .msg_flags = 0};
};

bool send_some(const Fd& connection, std::span<const int> descriptors, char what) {
  Parcel parcel;
  parcel.what = what;
  parcel.header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* const rights = CMSG_FIRSTHDR(&parcel.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  return ::sendmsg(connection.get(), &parcel.header, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

bool send_all(const Fd& connection, std::span<const int> descriptors, std::span<const Fd> side) {
  if (!say(connection, protocol_version)) return false;
  for (const Fd& each : side) {
    const int number = each.get();
    if (!send_some(connection, {&number, 1}, beside)) return false;
  }
  while (descriptors.size() > descriptors_each_max) {
    if (!send_some(connection, descriptors.first(descriptors_each_max), more)) return false;
    descriptors = descriptors.subspan(descriptors_each_max);
  }
  return send_some(connection, descriptors, last);
}

/// What was received, and closed again if something is wrong with it. What is beside goes to
/// `side`.
std::vector<Fd> receive_all(const Fd& connection, std::vector<Fd>& side) {
  std::vector<Fd> received;
  const auto end = common::Clock::now() + std::chrono::seconds(patience.tv_sec);
  while (common::Clock::now() < end) {
    Parcel parcel;
    if (::recvmsg(connection.get(), &parcel.header, MSG_CMSG_CLOEXEC) != 1) return {};
    const cmsghdr* const rights = CMSG_FIRSTHDR(&parcel.header);
    if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return {};
    auto& to = parcel.what == beside ? side : received;
    const std::size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(rights) + i * sizeof number, sizeof number);
      to.emplace_back(number);
    }
    if ((parcel.header.msg_flags & MSG_CTRUNC) != 0) return {};  // no more descriptors: EMFILE
    if (parcel.what == last) return received;
    if (parcel.what != more && parcel.what != beside) return {};
  }
  return {};  // it may go on so for ever
}

}  // namespace

sockaddr_un unix_address(std::string_view path) {
  assert(path.size() <= Takeover::path_bytes_max);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(path, address.sun_path);
  return address;
}

bool listens_for_tcp(const Fd& socket) {
  const int family = option_of(socket.get(), SO_DOMAIN);
  return common::listens(socket.get()) && option_of(socket.get(), SO_TYPE) == SOCK_STREAM &&
         (family == AF_INET || family == AF_INET6);
}

void restore(const Fd& listener) {
  constexpr linger off{};
  constexpr timeval shortest{.tv_sec = 0, .tv_usec = 1};
  // None fails for a socket that is open.
  (void)::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_LINGER, &off, sizeof off);
  // A worker that was taken over can make it wait again, but not for longer than this: no filter
  // lets it set that. Clients' sockets inherit it, and are asked by the ring, or with MSG_DONTWAIT.
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &shortest, sizeof shortest);
}

std::expected<std::unique_ptr<Takeover>, std::string> Takeover::begin(std::string path) {
  std::unique_ptr<Takeover> takeover(new Takeover(std::move(path)));
  if (takeover->path_.empty()) return takeover;
  std::string complaint = takeover->ask_predecessor();
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return takeover;
}

std::string Takeover::ask_predecessor() {
  Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(path_);
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    (void)::setsockopt(connection.get(), SOL_SOCKET, option, &patience, sizeof patience);
  }
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) <
      0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return "";  // no server is there
    return fmt::format("cannot ask the server at {} to be replaced: {}", path_, reason());
  }
  if (const uid_t uid = peer_of(connection).uid; uid != owner_ && uid != 0) {
    return fmt::format("the server at {} is another user's, of uid {}", path_, uid);
  }
  char version = 0;
  if (::recv(connection.get(), &version, 1, 0) == 1 && version != protocol_version) {
    return fmt::format(
        "the server at {} is of a version that hands its sockets over in another way (it says "
        "'{}', and we know '{}'): stop it first, or start its own version",
        path_, common::escape(std::as_bytes(std::span(&version, 1))), protocol_version);
  }
  auto received = receive_all(connection, side_);
  const bool sound = received.size() > 1 && common::listens(received.front().get()) &&
                     option_of(received.front().get(), SO_DOMAIN) == AF_UNIX &&
                     std::all_of(received.begin() + 1, received.end(), listens_for_tcp) &&
                     std::ranges::all_of(side_, listens_for_tcp);
  if (!sound) return fmt::format("the server at {} does not hand its sockets over", path_);
  predecessor_ = std::move(connection);
  meeting_point_ = std::move(received.front());
  received.erase(received.begin());
  sockets_ = std::move(received);
  std::ranges::for_each(sockets_, restore);
  std::ranges::for_each(side_, restore);
  return "";
}

Fd Takeover::side_listener(const common::Address& address) {
  for (Fd& each : std::exchange(side_, {})) {
    const auto bound = common::Address::of_socket(each);
    if (bound && bound->to_string() == address.to_string()) return std::move(each);
  }
  return {};
}

std::string Takeover::offer(std::span<const Fd> sockets, const Fd& side) {
  side_.clear();  // what we had no use for
  if (path_.empty()) return "";
  bool kept = std::ranges::all_of(sockets, [this](const Fd& each) { return keep(each, sockets_); });
  if (side && listens_for_tcp(side)) kept = kept && keep(side, side_);
  if (!kept) return fmt::format("cannot offer a socket at {}: {}", path_, reason());
  return meeting_point_ ? "" : meet();
}

/// Listens at the path. A socket file that is still there is of a server that has ended: it
/// did not answer.
std::string Takeover::meet() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(path_);
  struct stat stale {};
  if (::lstat(path_.c_str(), &stale) == 0 && S_ISSOCK(stale.st_mode)) {
    (void)::unlink(path_.c_str());  // bind tells if it is still there
  }
  const mode_t before = ::umask(0177);  // born with 0600: no other user can ever connect
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  (void)::umask(before);
  if (bound < 0 || ::listen(socket.get(), SOMAXCONN) < 0) {
    return fmt::format("cannot listen at {}: {}", path_, reason());
  }
  meeting_point_ = std::move(socket);
  return "";
}

std::string Takeover::confirm() {
  if (!predecessor_) return "";
  const Fd predecessor = std::move(predecessor_);
  (void)say(predecessor, serves);  // fails if it has gone: then all the more we serve
  char answer = agreed;
  (void)::recv(predecessor.get(), &answer, 1, 0);
  if (answer != superseded) return "";
  return fmt::format("another server has asked the one at {} later, and replaces it", path_);
}

std::array<pollfd, 2> Takeover::watched() const {
  return {{{.fd = meeting_point_.get(), .events = POLLIN, .revents = 0},
           {.fd = candidate_.get(), .events = POLLIN, .revents = 0}}};
}

bool Takeover::advance() {
  if (candidate_serves()) return true;
  receive_candidate();
  return false;
}

bool Takeover::candidate_serves() {
  if (!candidate_) return false;
  char said = 0;
  const ssize_t size = ::recv(candidate_.get(), &said, 1, MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return false;
  const Fd candidate = std::move(candidate_);
  if (size != 1 || said != serves) return false;  // it has ended, or is none of ours
  successor_ = peer_of(candidate).pid;
  (void)say(candidate, agreed);
  withdraw();
  return true;
}

/// The latest is the one: a candidate that hangs keeps no other from trying.
void Takeover::receive_candidate() {
  Fd next(::accept4(meeting_point_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!next) {
    // Out of descriptors, say, and it would be reported again immediately.
    if (errno != EAGAIN && meeting_point_) std::this_thread::sleep_for(common::shortage_pause);
    return;
  }
  const ucred peer = peer_of(next);
  if (peer.uid != owner_ && peer.uid != 0) {
    return common::log(fmt::format("uid {} is not to take over (process {})", peer.uid, peer.pid),
                       common::Severity::warning);
  }
  if (candidate_) (void)say(candidate_, superseded);
  std::vector<int> numbers{meeting_point_.get()};
  for (const Fd& socket : sockets_) numbers.push_back(socket.get());
  candidate_ = send_all(next, numbers, side_) ? std::move(next) : Fd();
}

void Takeover::withdraw() {
  predecessor_ = Fd();
  candidate_ = Fd();
  meeting_point_ = Fd();
  sockets_.clear();
  side_.clear();
}

SuccessorThread::SuccessorThread(Takeover& takeover)
    : takeover_(takeover), stop_(takeover.is_offered() ? ::eventfd(0, EFD_CLOEXEC) : -1) {}

SuccessorThread::~SuccessorThread() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void SuccessorThread::start(std::chrono::milliseconds drain_timeout,
                            std::function<void(pid_t)> retire) {
  if (!stop_) return takeover_.withdraw();
  try {
    thread_ = std::thread(&SuccessorThread::work, this, drain_timeout, std::move(retire));
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    common::log("no successor can take over: " + error.code().message(), common::Severity::warning);
    takeover_.withdraw();
  }
}

void SuccessorThread::stop() {
  if (stop_) (void)::eventfd_write(stop_.get(), 1);  // cannot fail: one is written, or two
}

void SuccessorThread::work(std::chrono::milliseconds drain_timeout,
                           const std::function<void(pid_t)>& retire) {
  if (!wait_for_successor()) return takeover_.withdraw();
  retire(takeover_.successor());
  const auto deadline = common::Clock::now() + drain_timeout;
  pollfd stopped{.fd = stop_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&stopped, 1, common::timeout_ms(deadline));
  } while (ready < 0);  // EINTR: a signal has come, perhaps that to stop
  if (ready == 0) (void)::kill(::getpid(), SIGTERM);
}

/// False: the server was asked to stop.
bool SuccessorThread::wait_for_successor() {
  while (true) {
    const auto watched = takeover_.watched();
    std::array<pollfd, 3> all{
        watched[0], watched[1], {.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(all.data(), all.size(), -1) <= 0) continue;  // EINTR
    if (all[2].revents != 0) return false;
    if (takeover_.advance()) return true;
  }
}

}  // namespace finger
