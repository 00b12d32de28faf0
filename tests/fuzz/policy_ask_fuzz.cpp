// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what a prompt agent receives and what it answers.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/io/ask_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const auto question = policy::io::parse_question(bytes);
  if (question) {
    // What was understood survives being sent again.
    const auto again = policy::io::parse_question(policy::io::encode_question(*question));
    if (!again || again->targets != question->targets || again->details != question->details ||
        again->source != question->source || again->default_target != question->default_target) {
      std::abort();
    }
  }
  if (const auto notice = policy::io::parse_notice(bytes)) {
    if (!policy::io::parse_notice(policy::io::encode_notice(*notice))) std::abort();
  }
  const auto answer =
      policy::io::parse_reply(bytes, {"sys-usb", "work"}, {policy::io::Scope::while_plugged});
  if (answer.scope == policy::io::Scope::always) std::abort();
  const bool allowed = answer.outcome == policy::io::Outcome::allowed;
  if (allowed != (answer.target == "sys-usb" || answer.target == "work")) std::abort();
  if (!allowed && answer.reason.empty()) std::abort();
  return 0;
}
