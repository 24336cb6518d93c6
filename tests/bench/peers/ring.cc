// A hand-written io_uring loop that echoes bytes, without coroutines, as the measure of comfort on
// the ring. It has multishot accept and recv, buffers that the kernel chooses, and sends without a
// completion on success, so one io_uring_enter takes the answers of a turn and brings its input.
// Bytes that the kernel doesn't take immediately go through a copy. Meanwhile the loop reads and
// keeps input, so its clients must have a bounded number of messages on their way.
//
// With --pair the loop requests one receive at a time, together with the send before. --own-buffers
// does that, too, and gives each connection buffers of its own, even an idle one.

#include <liburing.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peers/peer.h"

namespace {

constexpr unsigned entries = 8192;  // more than a turn asks for, with some thousand connections
constexpr unsigned buffers = 1024;
constexpr int group = 0;
// Not a power of two, or the first bytes of all buffers would compete for the same cache lines.
constexpr std::size_t stride_bytes = peer::buffer_bytes + 64;

struct Connection {
  int fd;
  bool quiet = false;  // a silent send of this turn, from a lent buffer
  bool slow = false;   // a send of `going` that will report
  std::string_view lent{};
  std::string going{};
  std::string waiting{};
  std::vector<char> own{}, sending{};  // with buffers of its own: the next input, the last answer

  bool busy() const { return quiet || slow || !waiting.empty(); }
};

/// The operation of a completion, in the low bits beside a connection's address.
enum Kind : std::uint64_t { accepting, receiving, sending };
static_assert(alignof(Connection) > sending);

class Echo {
 public:
  Echo(int listener, bool in_pairs, bool own_buffers)
      : listener_(listener),
        in_pairs_(in_pairs || own_buffers),
        own_buffers_(own_buffers),
        memory_(buffers * stride_bytes) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    must("io_uring_queue_init", io_uring_queue_init_params(entries, &ring_, &params));
    must("io_uring_register_ring_fd", io_uring_register_ring_fd(&ring_));
    void* pages = nullptr;
    must("posix_memalign", -::posix_memalign(&pages, 4096, buffers * sizeof(io_uring_buf)));
    pool_ = static_cast<io_uring_buf_ring*>(pages);
    io_uring_buf_ring_init(pool_);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(pool_);
    registration.ring_entries = buffers;
    registration.bgid = group;
    must("io_uring_register_buf_ring", io_uring_register_buf_ring(&ring_, &registration, 0));
    for (unsigned id = 0; id < buffers; ++id) used_.push_back(id);
    give_back(used_);
    accept();
  }

  [[noreturn]] void run() {
    while (true) turn();
  }

 private:
  static void must(const char* what, int status) {
    if (status < 0) peer::give_up(what, -status);
  }

  io_uring_sqe* ask(Kind kind, Connection* connection) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) peer::give_up("io_uring_get_sqe", EBUSY);
    sqe->user_data = reinterpret_cast<std::uint64_t>(connection) | kind;
    return sqe;
  }

  void accept() {
    io_uring_prep_multishot_accept(ask(accepting, nullptr), listener_, nullptr, nullptr,
                                   SOCK_CLOEXEC);
  }

  void receive(Connection* connection) {
    io_uring_sqe* sqe = ask(receiving, connection);
    if (!in_pairs_) {
      io_uring_prep_recv_multishot(sqe, connection->fd, nullptr, 0, 0);
    } else if (own_buffers_) {
      std::swap(connection->own, connection->sending);
      connection->own.resize(stride_bytes);
      io_uring_prep_recv(sqe, connection->fd, connection->own.data(), peer::buffer_bytes, 0);
    } else {
      io_uring_prep_recv(sqe, connection->fd, nullptr, 0, 0);
    }
    if (in_pairs_) sqe->ioprio = IORING_RECVSEND_POLL_FIRST;  // a client waits for its answer
    if (own_buffers_) return;
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = group;
  }

  void send_quietly(Connection* connection, std::string_view bytes) {
    io_uring_sqe* sqe = ask(sending, connection);
    // MSG_DONTWAIT: the kernel is done with the buffer when it has taken the request.
    // MSG_WAITALL: a short send is a failure, and has a completion.
    io_uring_prep_send(sqe, connection->fd, bytes.data(), bytes.size(),
                       MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
    connection->lent = bytes;
    connection->quiet = true;
    quiet_.push_back(connection);
  }

  void send_slowly(Connection* connection) {
    if (connection->slow || connection->waiting.empty()) return;
    connection->going = std::exchange(connection->waiting, {});
    io_uring_prep_send(ask(sending, connection), connection->fd, connection->going.data(),
                       connection->going.size(), MSG_WAITALL | MSG_NOSIGNAL);
    connection->slow = true;
  }

  void turn() {
    const int submitted = io_uring_submit_and_wait(&ring_, late_.empty() ? 1 : 0);
    if (submitted != -EINTR) must("io_uring_enter", submitted);
    // The sends of the last turn are over, but we keep their buffers until we know which failed.
    // The kernel reports failures before new input.
    for (Connection* connection : quiet_) connection->quiet = false;
    quiet_.clear();
    std::swap(late_, late_before_);
    std::swap(used_, used_before_);
    unsigned head = 0, seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++seen;
      completed(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
    give_back(used_before_);
    for (Connection* connection : late_before_) send_slowly(connection);
    late_before_.clear();
    for (Connection* connection : starved_) receive(connection);
    starved_.clear();
    std::erase_if(leaving_, [](Connection* connection) {
      if (connection->busy()) return false;
      ::close(connection->fd);
      delete connection;
      return true;
    });
  }

  void completed(const io_uring_cqe& cqe) {
    auto* connection = reinterpret_cast<Connection*>(cqe.user_data & ~std::uint64_t{3});
    switch (static_cast<Kind>(cqe.user_data & 3)) {
      case accepting:
        must("accept", cqe.res);
        receive(new Connection{.fd = cqe.res});  // turn() deletes it
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) accept();
        break;
      case receiving:
        received(connection, cqe);
        break;
      case sending:
        sent(connection, cqe.res);
        break;
    }
  }

  void received(Connection* connection, const io_uring_cqe& cqe) {
    if (cqe.res > 0) {
      const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
      const char* const at =
          own_buffers_ ? connection->own.data() : memory_.data() + id * stride_bytes;
      const std::string_view bytes(at, static_cast<std::size_t>(cqe.res));
      if (!own_buffers_) used_.push_back(id);
      if (connection->busy()) {  // sends of one turn might overtake each other
        connection->waiting += bytes;
        late_.push_back(connection);
      } else {
        send_quietly(connection, bytes);
        if (in_pairs_) return receive(connection);
      }
    }
    if ((cqe.flags & IORING_CQE_F_MORE) != 0) return;
    const bool goes_on = cqe.res > 0 || cqe.res == -ENOBUFS;
    (goes_on ? starved_ : leaving_).push_back(connection);
  }

  /// Only a failed silent send, or a slow one, has a completion.
  void sent(Connection* connection, int result) {
    if (connection->slow) {
      connection->slow = false;
    } else if (result >= 0 || result == -EAGAIN) {
      const auto taken = static_cast<std::size_t>(std::max(result, 0));
      connection->waiting.insert(0, connection->lent.substr(taken));
    }
    send_slowly(connection);  // if the peer is gone, this fails, too, and recv reports it
  }

  void give_back(std::vector<unsigned>& ids) {
    int offset = 0;
    for (const unsigned id : ids) {
      io_uring_buf_ring_add(pool_, memory_.data() + id * stride_bytes, peer::buffer_bytes,
                            static_cast<unsigned short>(id), io_uring_buf_ring_mask(buffers),
                            offset++);
    }
    io_uring_buf_ring_advance(pool_, offset);
    ids.clear();
  }

  int listener_;
  bool in_pairs_;
  bool own_buffers_;
  std::vector<char> memory_;
  io_uring ring_{};
  io_uring_buf_ring* pool_ = nullptr;
  // Work that a turn leaves to the next.
  std::vector<Connection*> quiet_;               // with a silent send
  std::vector<Connection*> late_, late_before_;  // with bytes in `waiting`
  std::vector<unsigned> used_, used_before_;     // buffers
  std::vector<Connection*> starved_;             // to receive from again
  std::vector<Connection*> leaving_;
};

}  // namespace

int main(int argc, char** argv) {
  bool in_pairs = false;
  bool own_buffers = false;
  const auto listener = peer::listen_as_told(
      argc, argv, "peer-ring", "Echoes bytes on io_uring.",
      {common::flag_option("--pair", "a send and the next receive go in together", in_pairs),
       common::flag_option("--own-buffers", "the same, with buffers for each connection",
                           own_buffers)});
  Echo echo(listener.get(), in_pairs, own_buffers);
  peer::announce(listener);
  echo.run();
}
