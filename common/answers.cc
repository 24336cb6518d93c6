#include "common/answers.h"

namespace common {

void Answers::append(ByteView bytes) {
  own_.insert(own_.end(), lent_.begin(), lent_.end());
  lent_ = {};
  own_.insert(own_.end(), bytes.begin(), bytes.end());
}

void Answers::pass_on_more(ByteView bytes) {
  if (own_.empty() && lent_.data() + lent_.size() == bytes.data()) {
    lent_ = {lent_.data(), lent_.size() + bytes.size()};  // the message behind the last one
  } else {
    append(bytes);
  }
}

void Answers::clear_own() {
  own_.clear();
  if (own_.capacity() > kept_bytes_max) own_ = Bytes();
}

}  // namespace common
