// SPDX-License-Identifier: GPL-2.0-or-later
// One call of the Admin API, seen from the client: the request's bytes and what was answered.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace cli {

// Ten thousand assignments of one qube are 3 MiB.
inline constexpr std::size_t max_admin_reply = std::size_t{16} * 1024 * 1024;

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
using AdminCalls = std::vector<AdminCall>;
// Takes the answer of the call with this number.
using TakeAnswer = std::function<void(std::size_t number, AdminAnswer answer)>;

// How commands make calls; a socket in the programs, a script in tests.
class Admin {
 public:
  using One = std::function<AdminAnswer(const AdminCall&)>;
  using Many = std::function<void(const AdminCalls&, const TakeAnswer&)>;

  // Without `many`, several calls are made one after the other.
  template <class Function>
  requires std::invocable<Function, const AdminCall&> Admin(
      Function one, Many many = {})  // NOLINT(google-explicit-constructor): stands for a function
      : one_(std::move(one)), many_(std::move(many)) {}

  AdminAnswer operator()(const AdminCall& call) const { return one_(call); }
  // Calls that do not wait for each other; each is answered once, in whatever order.
  void all(const AdminCalls& calls, const TakeAnswer& take) const;

 private:
  One one_;
  Many many_;
};

// "METHOD+ARGUMENT dom0 name TARGET", NUL, payload
std::string encode_call(const AdminCall& call);
AdminAnswer parse_reply(std::string_view untrusted);

}  // namespace cli
