#include "finger/server/open_file.h"

namespace finger {
namespace {

/// A thread of the kernel's closes the file: where it comes over the network, the other side has a
/// say in how long that takes, and one that was removed meanwhile has its blocks freed now. A
/// close, too, is an operation in the home.
uring::Task<> close_in(Home& home, Context& context, common::Fd file) {
  const OrphanFile orphan(context);
  uring::Deadline never(*context.loop);
  const auto lock = co_await home.lock(never);
  // What was only read has nothing left to lose.
  (void)co_await context.loop->close(std::move(file)).async();
}

}  // namespace

uring::Task<Status> OpenFile::begin(Conversation& conversation) {
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(beginning_bytes);
  const std::span buffer(buffer_.get(), beginning_bytes);
  const auto piece = co_await read(conversation, 0, buffer);
  if (!piece) co_return std::unexpected(piece.error());
  beginning_ = buffer.first(piece->bytes);
  if (piece->is_last) close();  // submitted together with what is sent
  co_return Status();
}

/// async(), since inline a read waits for a virus scanner, which may be asked before each.
uring::Task<Result<OpenFile::Piece>> OpenFile::read(Conversation& conversation,
                                                    std::uint64_t offset, std::span<std::byte> to) {
  const Conversation::EndAtDeadline guard(conversation, 1);
  const auto got =
      co_await conversation.loop().read(file_, to, offset).async().until(conversation.deadline());
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0 && offset < size_) co_return failure(Error::became_shorter);
  // A short read ends at the end of the file: another read would only confirm it.
  const bool is_last = *got == 0 || (*got < to.size() && offset + *got >= size_);
  co_return Piece{.bytes = *got, .is_last = is_last};
}

void OpenFile::close() {
  if (file_) context_.conversations.spawn(close_in(home_, context_, std::move(file_)));
}

}  // namespace finger
