// SPDX-License-Identifier: GPL-2.0-or-later
// One word of a rule that stands for qubes: a name, *, @anyvm, @tag:T, @dispvm:NAME and so on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/system_info.hpp"

namespace policy {

inline constexpr std::string_view dispvm_prefix = "@dispvm:";

// Where a token stands decides which kinds are legal there.
enum class Place { source, target, redirect, requested };

class Token {
 public:
  enum class Kind {
    any,              // *
    any_vm,           // @anyvm: all but dom0
    admin_vm,         // @adminvm, dom0
    default_target,   // @default
    type,             // @type:T
    tag,              // @tag:T
    dispvm,           // @dispvm
    dispvm_template,  // @dispvm:NAME, @dispvm:uuid:U
    dispvm_tag,       // @dispvm:@tag:T
    name,             // NAME, uuid:U
  };

  // The error is the text behind "FILE:LINE: ".
  static base::Result<Token> parse(std::string_view text, Place place);

  Kind kind() const { return kind_; }
  // What follows the keyword: the tag, the type, the template's name; or the name itself.
  const std::string& value() const { return value_; }
  // As written in the rule.
  const std::string& text() const { return text_; }

  friend bool operator==(const Token&, const Token&) = default;

 private:
  Token(Kind kind, std::string value, std::string text)
      : kind_(kind), value_(std::move(value)), text_(std::move(text)) {}

  Kind kind_;
  std::string value_;
  std::string text_;
};

// Does `rule` cover this qube when it is named outright? Never true for @default and @dispvm forms.
bool matches_qube(const Token& rule, const SystemInfo& system, const QubeFacts& qube);
// Does `rule`, which stands as the source of a rule, cover the calling qube? `source`: nullptr for
// a caller that dom0 has no facts of, who has only a name.
bool matches_source(const Token& rule, const SystemInfo& system, const QubeFacts* source,
                    const std::string& name);

// A target as asked for, looked up once for all rules. Both facts may be missing.
struct RequestedTarget {
  const Token& token;
  const QubeFacts* qube = nullptr;  // that it names
  const QubeFacts* dvm = nullptr;   // the template of the disposable that is asked for
};
RequestedTarget look_up(const Token& requested, const SystemInfo& system, const QubeFacts* source);
// Does `rule`, which stands as the target, cover what was asked for?
bool matches_target(const Token& rule, const SystemInfo& system, const RequestedTarget& requested);

}  // namespace policy
