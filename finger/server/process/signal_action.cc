#include "finger/server/process/signal_action.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "common/server/process.h"

namespace finger {

sigset_t set_of(Signals signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : signals) sigaddset(&set, each);
  return set;
}

void SignalAction::hold(Signals signals) {
  const sigset_t blocked = set_of(signals);
  (void)::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);  // valid arguments
}

std::expected<std::unique_ptr<SignalAction>, std::string> SignalAction::create(
    Signals signals, std::function<void(int signal)> act) {
  try {
    return std::unique_ptr<SignalAction>(new SignalAction(signals, std::move(act)));
  } catch (const std::system_error& error) {
    return std::unexpected(common::explain_no_thread(error.code()));
  }
}

SignalAction::SignalAction(Signals signals, std::function<void(int signal)> act)
    : any_signal_(*signals.begin()),
      signals_(set_of(signals)),
      act_(std::move(act)),
      thread_([this] { work(); }) {}

SignalAction::~SignalAction() {
  ending_ = true;
  (void)::pthread_kill(thread_.native_handle(), any_signal_);  // it exists until it is joined
  thread_.join();
}

void SignalAction::work() {
  while (true) {
    int number = 0;
    (void)::sigwait(&signals_, &number);  // valid arguments
    if (ending_) return;
    act_(number);
  }
}

}  // namespace finger
