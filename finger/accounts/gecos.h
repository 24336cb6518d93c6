#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace finger {

/// A longer full name is cut, so that the line fits any buffer.
inline constexpr std::size_t full_name_bytes_max = 256;

/// The full name from a GECOS field: the text before the first comma, with the capitalised login
/// for each `&`, and printable. finger(1) reads it like this.
std::string full_name(std::string_view gecos, std::string_view login);

}  // namespace finger
