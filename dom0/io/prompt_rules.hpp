// SPDX-License-Identifier: GPL-2.0-or-later
// Rules that people make with "always" at a prompt: lines of one policy file of their own.
#pragma once

#include <string>
#include <string_view>

#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// Before the files that people write (30-...), since of two rules that match the first counts.
inline constexpr std::string_view prompt_rules_file = "10-sallyport-prompts.policy";
inline constexpr std::size_t max_prompt_rules_file = std::size_t{64} * 1024;

// The rule that lets in exactly this call, which is about a device, for as long as the device stays
// what it is, and to the only qube that the asking rule offers, with what that rule says of how it
// is treated. Empty if there is none that would do so: a file that comes first has the last word,
// or the daemon may not write there.
std::string prompt_rule(const Switchboard& board, const policy::Request& request,
                        const policy::Decision& asked);
// What a person is shown before it is written.
std::string prompt_rule_text(const Switchboard& board, const std::string& rule);
// On disk when it returns Ok, and so in force at the next call. `note` stands above it.
base::Status write_prompt_rule(const Switchboard& board, const std::string& rule,
                               const std::string& note);

}  // namespace dom0::io
