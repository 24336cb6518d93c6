#pragma once

#include <memory>
#include <string>

#include "finger/accounts.h"
#include "finger/options.h"

namespace finger {

/// Who is served, and what is answered to who asks for that: all that a reload replaces, never
/// changed in itself.
struct Served {
  Accounts accounts;
  std::string list;  ///< Made once: it is as long as there are users.
};

using ServedPointer = std::shared_ptr<const Served>;

/// Reads it anew, from --users or from the system's accounts. Outside the event loop, and in one
/// thread at a time. Errors: of Accounts::of_group() and Accounts::of_directory().
Result<ServedPointer> load_served(const Options& options);

}  // namespace finger
