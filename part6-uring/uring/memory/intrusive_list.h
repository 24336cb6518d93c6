#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace uring {

/// What an object has in it to be in one list, which it leaves when it ends. So no list ever holds
/// an object that is gone, and being in one costs no memory but this.
class Node {
 public:
  Node() = default;
  Node(Node&& other) noexcept { assert_alone(other); }
  Node& operator=(Node&&) = delete;
  ~Node() { unlink(); }

  bool linked() const { return next_ != this; }

  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T>
  friend class IntrusiveList;

  static void assert_alone([[maybe_unused]] const Node& other) {
    assert(!other.linked());  // its neighbours would point to where it was
  }

  Node* previous_ = this;
  Node* next_ = this;
};

/// Objects that have a Node as their base, in the order in which they came. Owns none of them.
template <typename T>
class IntrusiveList {
 public:
  bool empty() const { return !head_.linked(); }

  /// The first, or nullptr.
  T* front() const { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  /// Takes the first out, or returns nullptr.
  T* take_front() {
    if (empty()) return nullptr;
    Node* const first = head_.next_;
    first->unlink();
    return static_cast<T*>(first);
  }

  /// Puts `object` at the end, from whatever list it was in.
  void push_back(T& object) {
    Node& node = object;
    node.unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  /// Leaves nothing here.
  void move_all_to(IntrusiveList& other) {
    while (T* object = front()) other.push_back(*object);
  }

 private:
  Node head_;
};

/// Objects that leave in the order in which they came, and seldom before: one that ends in it has
/// to be looked for, with forget(). An array of pointers costs half of what a list costs.
template <typename T>
class PointerQueue {
 public:
  bool empty() const { return size_ == 0; }
  void push_back(T& object) {
    if (size_ == room_) return grow_and_push_back(object);
    queue_[size_++] = &object;
  }
  void forget(T& object) {
    std::replace(queue_.get(), queue_.get() + size_, &object, static_cast<T*>(nullptr));
  }

  /// Calls visit(object) for each of those that are in it now. What comes meanwhile stays.
  template <typename Visit>
  void take_all(Visit visit) {
    const std::size_t taken = size_;
    for (std::size_t i = 0; i < taken; ++i) {
      if (T* const object = queue_[i]) visit(*object);
    }
    std::copy(queue_.get() + taken, queue_.get() + size_, queue_.get());
    size_ -= taken;
  }

 private:
  [[gnu::noinline]] void grow_and_push_back(T& object) {
    room_ = 2 * room_ + 16;
    auto longer = std::make_unique<T*[]>(room_);
    std::copy_n(queue_.get(), size_, longer.get());
    queue_ = std::move(longer);
    push_back(object);
  }

  std::unique_ptr<T*[]> queue_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace uring
