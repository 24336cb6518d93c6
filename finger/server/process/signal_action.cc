#include "finger/server/process/signal_action.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "common/server/process.h"

namespace finger {
namespace {

sigset_t set_of(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

}  // namespace

void SignalAction::hold(int signal) {
  const sigset_t blocked = set_of(signal);
  (void)::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);  // valid arguments
}

std::expected<std::unique_ptr<SignalAction>, std::string> SignalAction::create(
    int signal, std::function<void()> act) {
  try {
    return std::unique_ptr<SignalAction>(new SignalAction(signal, std::move(act)));
  } catch (const std::system_error& error) {
    return std::unexpected(common::explain_no_thread(error.code()));
  }
}

SignalAction::SignalAction(int signal, std::function<void()> act)
    : signal_(signal), act_(std::move(act)), thread_([this] { work(); }) {}

SignalAction::~SignalAction() {
  ending_ = true;
  (void)::pthread_kill(thread_.native_handle(), signal_);  // it exists until it is joined
  thread_.join();
}

void SignalAction::work() {
  const sigset_t awaited = set_of(signal_);
  while (true) {
    int number = 0;
    (void)::sigwait(&awaited, &number);  // valid arguments
    if (ending_) return;
    act_();
  }
}

}  // namespace finger
