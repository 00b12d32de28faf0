// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of policy.Ask: a question to a prompt agent, and its one-line answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/io/question.hpp"

namespace policy::io {

inline constexpr std::size_t max_question = std::size_t{256} * 1024;
inline constexpr std::size_t max_reply = 256;
// What an agent says, before its answer, of a question that has a time of its own, each at most
// once: that others come first; that it can be seen now, and that its time runs from here.
inline constexpr std::string_view waits_line = "waits\n";
inline constexpr std::string_view shown_line = "shown\n";

// "policy.Ask dom0 name dom0\0" and JSON {source, service, argument, targets, default_target,
// icons, sallyport: {details}}.
std::string encode_question(const Question& question);
// What a prompt agent received, up to end of file. Keys it does not know are ignored; a
// default_target that is not among the targets is dropped; everything else must be as above.
base::Result<Question> parse_question(std::string_view untrusted);

// "deny", and since a medium is to be scanned first.
inline constexpr std::string_view deny_reply = "deny";
inline constexpr std::string_view scan_first_reply = "deny scan-first";
// "allow:TARGET" with TARGET among `targets`, or "deny"; one final newline is allowed.
// "allow:TARGET", "allow:TARGET while-plugged", "allow:TARGET always", "deny", "deny scan-first".
Answer parse_reply(std::string_view untrusted, const std::vector<std::string>& targets,
                   const std::vector<Scope>& scopes = {});
std::string encode_reply(std::string_view target, Scope scope);

// Qubes' policy.Notify: "policy.Notify dom0 name dom0", NUL, JSON.
std::string encode_notice(const Notice& notice);
bool is_notice(std::string_view untrusted);
base::Result<Notice> parse_notice(std::string_view untrusted);

}  // namespace policy::io
