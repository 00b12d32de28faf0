// SPDX-License-Identifier: GPL-2.0-or-later
// One call of the Admin API, seen from the client: the request's bytes and what was answered.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace cli {

inline constexpr std::size_t max_admin_reply = std::size_t{1024} * 1024;

struct AdminCall {
  std::string method;
  std::string argument;
  std::string target;  // the qube that the call is about, or dom0
  std::string payload;
};

struct AdminFailure {
  // unreachable: the text says what to do; empty: the daemon closed without a word; refused: it
  // answered with an error; malformed: it answered something else.
  enum class Kind { unreachable, empty, refused, malformed };
  Kind kind = Kind::malformed;
  std::string type;  // refused: the exception's name
  std::string text;  // printable
};

using AdminAnswer = base::Result<std::string, AdminFailure>;
// How commands make calls; a socket in the programs, a script in tests.
using Admin = std::function<AdminAnswer(const AdminCall&)>;

// "METHOD+ARGUMENT dom0 name TARGET", NUL, payload
std::string encode_call(const AdminCall& call);
AdminAnswer parse_reply(std::string_view untrusted);

}  // namespace cli
