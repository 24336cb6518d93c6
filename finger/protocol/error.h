#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "common/result.h"

namespace finger {

using common::Result;
using common::Status;

/// Why a query gets no plan. Source: contract, "finger/fingerd".
enum class Error {
  no_such_user = 1,  ///< No user of that name, or one that has not opted in, with the same answer.
  relay_denied,      ///< `user@host`: we ask no other host on a client's behalf.
  invalid_query,     ///< Not UTF-8, or with control characters.
  query_too_long,    ///< More than query_bytes_max bytes before the end of the line.
  unexpected_eof,    ///< The peer ended the stream before sending a byte.
  list_denied,       ///< The empty query, and --no-list.
  query_timeout,     ///< The line did not end in time.
  displaced,         ///< Another connection took its place. Peers never get this, or any below.
  stopped,           ///< The worker ends before the query is complete.
  peer_gone,         ///< The peer is gone.
  no_such_group,     ///< The group of those who opt in does not exist.
  home_timeout,      ///< The deadline passed while a home did not answer.
  became_shorter,    ///< A plan ends before the size it had when opened.
  empty_plan,        ///< The plan is empty. The peer gets `No Plan.`
  not_regular,       ///< .plan isn't a regular file. The peer gets `No Plan.`
  symbolic_link,     ///< .plan is a symbolic link. The peer gets `No Plan.`
  home_refused,      ///< We may not search the home. The peer gets `No Plan.`
  no_owner,          ///< No credentials open it, e.g. if it is root's. The peer gets `No Plan.`
};

/// message() is for the log: "no such user".
std::error_code make_error_code(Error error);

inline std::unexpected<std::error_code> failure(Error error) {
  return std::unexpected(make_error_code(error));
}

// Texts for a peer in place of a plan. Lines end with CRLF. Source: contract, "finger/fingerd".

/// Sent if a plan is missing, empty, not readable or not a regular file.
inline constexpr std::string_view no_plan = "No Plan.\r\n";

/// Whether a failed open means that there is no plan, or none that we may read. Any other failure,
/// such as a disk's or a lack of descriptors, isn't about the plan.
bool says_no_plan(std::error_code error);

/// The contract's text: "No such user". Empty for an internal failure, which the peer isn't told:
/// an error of any other category, or one that is never told to a peer.
std::string_view text_for_peer(std::error_code error);

/// The line for the peer: `Error: TEXT`; empty if text_for_peer() is.
std::string error_line(std::error_code error);

}  // namespace finger

template <>
struct std::is_error_code_enum<finger::Error> : std::true_type {};
