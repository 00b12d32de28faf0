// SPDX-License-Identifier: GPL-2.0-or-later
// The client's half of the Admin API's bytes; see the header.
#include "cli/admin_call.hpp"

#include "base/wire/escape.hpp"

namespace cli {
namespace {

constexpr std::size_t max_shown_text = 4096;

// Takes one NUL-terminated field off the front.
bool take_field(std::string_view& rest, std::string& field) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return false;
  field = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

base::Unexpected<AdminFailure> failure(AdminFailure::Kind kind, std::string type,
                                       std::string text) {
  return base::Unexpected<AdminFailure>{
      AdminFailure{.kind = kind, .type = std::move(type), .text = std::move(text)}};
}

}  // namespace

void Admin::all(const AdminCalls& calls, const TakeAnswer& take) const {
  if (many_) return many_(calls, take);
  for (std::size_t i = 0; i < calls.size(); ++i) take(i, one_(calls[i]));
}

std::string encode_call(const AdminCall& call) {
  std::string out = call.method + "+" + call.argument + " dom0 name " + call.target;
  out += '\0';
  return out + call.payload;
}

AdminAnswer parse_reply(std::string_view untrusted) {
  if (untrusted.empty()) {
    return failure(AdminFailure::Kind::empty, {},
                   "Got empty response from qubesd. See journalctl in dom0 for details.");
  }
  std::string_view rest = untrusted;
  std::string status;
  if (take_field(rest, status) && status == "0") return std::string(rest);

  std::string type;
  std::string traceback;
  std::string text;
  if (status == "2" && take_field(rest, type) && take_field(rest, traceback) &&
      take_field(rest, text)) {
    return failure(AdminFailure::Kind::refused, base::wire::escape(type),
                   base::wire::escape(text, max_shown_text));
  }
  return failure(AdminFailure::Kind::malformed, {},
                 "the daemon's answer is no Admin API reply; are daemon and tools of one version?");
}

}  // namespace cli
