// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/token.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "policy/quote.hpp"

namespace policy {
namespace {

constexpr std::string_view dispvm_tag_prefix = "@dispvm:@tag:";
constexpr std::string_view admin_by_uuid = "uuid:00000000-0000-0000-0000-000000000000";

const char* describe(Place place) {
  switch (place) {
    case Place::source:
      return "source";
    case Place::target:
      return "target";
    case Place::redirect:
      return "redirect";
    case Place::requested:
      return "intendedtarget";
  }
  return "unknown";
}

bool legal(Token::Kind kind, Place place) {
  const bool in_rule = place == Place::source || place == Place::target;
  switch (kind) {
    case Token::Kind::any:
    case Token::Kind::any_vm:
    case Token::Kind::type:
    case Token::Kind::tag:
    case Token::Kind::dispvm_tag:
      return in_rule;
    case Token::Kind::default_target:
      return place == Place::target || place == Place::requested;
    case Token::Kind::dispvm:
      return place != Place::source;
    case Token::Kind::admin_vm:
    case Token::Kind::dispvm_template:
    case Token::Kind::name:
      return true;
  }
  return false;
}

struct Word {
  std::string_view text;
  Token::Kind kind;
};
constexpr std::array words = {
    Word{"*", Token::Kind::any},
    Word{"@anyvm", Token::Kind::any_vm},
    Word{"@adminvm", Token::Kind::admin_vm},
    Word{"dom0", Token::Kind::admin_vm},
    Word{admin_by_uuid, Token::Kind::admin_vm},
    Word{"@default", Token::Kind::default_target},
    Word{"@dispvm", Token::Kind::dispvm},
};
// Longest first, since one is the start of another.
constexpr std::array prefixes = {
    Word{dispvm_tag_prefix, Token::Kind::dispvm_tag},
    Word{dispvm_prefix, Token::Kind::dispvm_template},
    Word{"@type:", Token::Kind::type},
    Word{"@tag:", Token::Kind::tag},
};

bool has_tag(const QubeFacts& qube, const std::string& tag) {
  return std::find(qube.tags.begin(), qube.tags.end(), tag) != qube.tags.end();
}

// The template of a requested @dispvm or @dispvm:NAME; nullptr where there is none.
const QubeFacts* requested_template(const SystemInfo& system, const Token& requested,
                                    const QubeFacts* source) {
  if (requested.kind() == Token::Kind::dispvm_template) return system.find(requested.value());
  if (requested.kind() != Token::Kind::dispvm) return nullptr;
  if (source == nullptr || source->default_dispvm.empty()) return nullptr;
  return system.find(source->default_dispvm);
}

}  // namespace

base::Result<Token> Token::parse(std::string_view text, Place place) {
  if (place == Place::requested && text.empty()) text = "@default";
  std::optional<Token> token;
  for (const Word& word : words) {
    if (text == word.text) token = Token(word.kind, {}, std::string(text));
  }
  for (const Word& prefix : prefixes) {
    if (token || !text.starts_with(prefix.text)) continue;
    const std::string_view value = text.substr(prefix.text.size());
    if (value.empty()) {
      return base::fail("invalid empty " + std::string(prefix.text) + " token: " + quote(text));
    }
    // "@dispvm:@foo" names neither a template nor a tag.
    if (prefix.kind == Kind::dispvm_template && value.front() == '@') break;
    token = Token(prefix.kind, std::string(value), std::string(text));
  }
  if (!token && !text.empty() && text.front() != '@') {
    token = Token(Kind::name, std::string(text), std::string(text));
  }
  if (!token || !legal(token->kind(), place)) {
    return base::fail("invalid " + std::string(describe(place)) + " token: " + quote(text));
  }
  return *std::move(token);
}

bool matches_qube(const Token& rule, const SystemInfo& system, const QubeFacts& qube) {
  switch (rule.kind()) {
    case Token::Kind::any:
      return true;
    case Token::Kind::any_vm:
      return qube.name != "dom0";
    case Token::Kind::admin_vm:
      return qube.name == "dom0";
    case Token::Kind::type:
      return qube.type == rule.value();
    case Token::Kind::tag:
      return has_tag(qube, rule.value());
    case Token::Kind::name:
      return rule.value() == qube.name ||
             (rule.value().starts_with("uuid:") && system.find(rule.value()) == &qube);
    case Token::Kind::default_target:
    case Token::Kind::dispvm:
    case Token::Kind::dispvm_template:
    case Token::Kind::dispvm_tag:
      return false;
  }
  return false;
}

RequestedTarget look_up(const Token& requested, const SystemInfo& system, const QubeFacts* source) {
  RequestedTarget target{.token = requested};
  if (requested.kind() == Token::Kind::admin_vm) target.qube = system.find("dom0");
  if (requested.kind() == Token::Kind::name) target.qube = system.find(requested.value());
  target.dvm = requested_template(system, requested, source);
  return target;
}

bool matches_source(const Token& rule, const SystemInfo& system, const QubeFacts* source,
                    const std::string& name) {
  if (source != nullptr) return matches_qube(rule, system, *source);
  return rule.kind() == Token::Kind::any || rule.kind() == Token::Kind::any_vm ||
         (rule.kind() == Token::Kind::name && rule.value() == name);
}

bool matches_target(const Token& rule, const SystemInfo& system, const RequestedTarget& requested) {
  if (requested.qube != nullptr) return matches_qube(rule, system, *requested.qube);
  const QubeFacts* dvm = requested.dvm;
  switch (rule.kind()) {
    case Token::Kind::any:
    case Token::Kind::any_vm:
      return true;
    case Token::Kind::default_target:
    case Token::Kind::dispvm:
      return requested.token.kind() == rule.kind();
    case Token::Kind::dispvm_template:
      return dvm != nullptr && system.find(rule.value()) == dvm;
    case Token::Kind::dispvm_tag:
      return dvm != nullptr && dvm->template_for_dispvms && has_tag(*dvm, rule.value());
    case Token::Kind::admin_vm:
    case Token::Kind::type:
    case Token::Kind::tag:
    case Token::Kind::name:
      return false;
  }
  return false;
}

}  // namespace policy
