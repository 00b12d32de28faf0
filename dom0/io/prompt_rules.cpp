// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/prompt_rules.hpp"

#include <unistd.h>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace dom0::io {
namespace {

constexpr std::string_view preface =
    "# SPDX-License-Identifier: GPL-2.0-or-later\n"
    "# Written by sallyportd when somebody says \"always\" at a prompt. Take a line out to be "
    "asked\n"
    "# again.\n";

std::filesystem::path path_of(const Switchboard& board) {
  return board.policy_folder / prompt_rules_file;
}

// With the rule at its end; as it is when it has the rule already.
base::Result<std::string> with_rule(const Switchboard& board, const std::string& rule,
                                    const std::string& note) {
  const std::filesystem::path path = path_of(board);
  std::string text(preface);
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    auto read = base::io::read_file(path, max_prompt_rules_file);
    if (!read) return base::Unexpected{read.error()};
    text = *std::move(read);
  }
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  if (("\n" + text).find("\n" + rule + "\n") != std::string::npos) return text;
  if (!note.empty()) text += "# " + base::wire::escape(note) + "\n";
  text += rule + "\n";
  if (text.size() <= max_prompt_rules_file) return text;
  return base::fail(path.string() + " is full (" + std::to_string(max_prompt_rules_file) +
                    " bytes); take out what is not needed any more");
}

}  // namespace

std::string prompt_rule(const Switchboard& board, const policy::Request& request,
                        const policy::Decision& asked) {
  if (!request.device || asked.targets.size() != 1) return {};
  if (::access(board.policy_folder.c_str(), W_OK) != 0) return {};
  const std::string& target = asked.targets.front();
  const std::string& called =
      asked.effective_target.empty() ? request.target : asked.effective_target;
  const std::string rule = request.service + " " + request.argument + " " + request.source + " " +
                           called + " allow target=" + target +
                           (asked.notify ? " notify=yes" : "") + " device=known" +
                           policy::handling_of(asked);
  const auto text = with_rule(board, rule, "");
  if (!text) return {};
  const auto rules = board.policy.with_file(std::string(prompt_rules_file), *text);
  if (!rules) return {};
  // By the time that the rule counts, it was let in.
  policy::Request later = request;
  later.device->history = policy::DeviceFacts::History::known;
  const policy::Decision then = policy::evaluate(*rules, board.system_info(), later);
  const bool works = then.kind == policy::Decision::Kind::allow && then.target == target &&
                     then.rule.find(prompt_rules_file) != std::string::npos;
  return works ? rule : std::string();
}

std::string prompt_rule_text(const Switchboard& board, const std::string& rule) {
  return rule + "\nThis line of " + path_of(board).string() +
         " lets it in from now on, as long as it stays what it is; to end that, take it out.";
}

base::Status write_prompt_rule(const Switchboard& board, const std::string& rule,
                               const std::string& note) {
  const auto text = with_rule(board, rule, note);
  if (!text) return base::fail(text.error().text);
  if (auto whole = board.policy.with_file(std::string(prompt_rules_file), *text); !whole) {
    return base::fail("the rule is not written: " + whole.error().text);
  }
  return base::io::write_file_atomically(path_of(board), *text, 0664);
}

}  // namespace dom0::io
