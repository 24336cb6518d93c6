#include "common/answers.h"

namespace common {

void Answers::append(ByteView bytes) {
  own_.insert(own_.end(), lent_.begin(), lent_.end());
  lent_ = {};
  own_.insert(own_.end(), bytes.begin(), bytes.end());
}

}  // namespace common
