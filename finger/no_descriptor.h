#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace finger {

/// A line that says why there is no descriptor, and which limit to raise if that's the reason.
/// `for_what` completes the sentence: "for one client".
std::string explain_no_descriptor(std::error_code error, std::string_view for_what);

}  // namespace finger
