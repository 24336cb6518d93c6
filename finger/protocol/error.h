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
  no_such_user = 1,  ///< No user of that name, or one that has not opted in: the same answer.
  relay_denied,      ///< `user@host`: no other host is asked on a client's behalf.
  invalid_query,     ///< Not UTF-8, or with control characters.
  query_too_long,    ///< More than query_bytes_max bytes before the end of the line.
  unexpected_eof,    ///< The peer ended its stream before it sent a byte.
  list_denied,       ///< The empty query, and --no-list.
  query_timeout,     ///< The line did not end in time.
  displaced,         ///< Another connection has its place. Never told to a peer, as what follows.
  stopped,           ///< The worker is to end, and the query is not whole.
  peer_gone,         ///< There is no peer any more.
  no_such_group,     ///< The group of those who opt in does not exist.
  home_timeout,      ///< The deadline has passed while a home did not answer.
  became_shorter,    ///< A plan ends before the size that it had when it was opened.
  empty_plan,        ///< Why there is no plan. The peer is told that there is none.
  not_regular,       ///< The same: .plan is no regular file.
  symbolic_link,     ///< The same: .plan is one.
  home_refused,      ///< The same: the home may not be searched.
  no_owner,          ///< The same: nothing is opened with the rights of root, for example.
};

/// message() is what a log line says: "no such user".
std::error_code make_error_code(Error error);

inline std::unexpected<std::error_code> failure(Error error) {
  return std::unexpected(make_error_code(error));
}

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

template <>
struct std::is_error_code_enum<finger::Error> : std::true_type {};
