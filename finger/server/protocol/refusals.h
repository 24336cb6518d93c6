#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace finger {

// What a peer is told in place of a plan. Lines end with CRLF. Source: contract, "finger/fingerd".

/// Where a plan is missing, empty, not readable or not a regular file.
inline constexpr std::string_view no_plan = "No Plan.\r\n";

/// Whether an open that failed says something about the plan: there is none, or none that may be
/// read. Any other failure, of a disk or for want of a descriptor, says nothing about it.
bool says_no_plan(std::error_code error);

/// The contract's words: "No such user". Empty for an internal failure, of which the peer is told
/// nothing: any other category, and what is never told to a peer.
std::string_view text_for_peer(std::error_code error);

/// The line that the peer is sent: `Error: TEXT`; empty if text_for_peer() is.
std::string error_line(std::error_code error);

}  // namespace finger
