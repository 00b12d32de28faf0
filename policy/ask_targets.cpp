// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/ask_targets.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace policy {
namespace {

constexpr std::string_view dispvm = "@dispvm";

std::string disposable_of(const QubeFacts& dvm) { return std::string(dispvm_prefix) + dvm.name; }

const QubeFacts* default_template(const SystemInfo& system, const QubeFacts& caller) {
  return caller.default_dispvm.empty() ? nullptr : system.find(caller.default_dispvm);
}

// What may be chosen, while rules add and take away: a mark for each qube, for a disposable of each
// template, and for the caller's own default disposable.
class Choice {
 public:
  Choice(const SystemInfo& system, const QubeFacts& caller) : system_(system), caller_(caller) {
    qubes_.reserve(system.qubes().size());
    for (const auto& [name, qube] : system.qubes()) {
      qubes_.push_back({.qube = &qube});
      if (qube.template_for_dispvms) templates_.push_back({.qube = &qube});
    }
  }

  // Everything that `token`, standing as a rule's target or as its redirect, covers.
  void mark(const Token& token, bool offered) {
    if (token.kind() == Token::Kind::name) {
      const QubeFacts* qube = system_.find(token.value());
      if (qube != nullptr) entry_of(qubes_, *qube).offered = offered;
      return;
    }
    if (names_qubes(token)) {
      for (Entry& each : qubes_) {
        if (matches_qube(token, system_, *each.qube)) each.offered = offered;
      }
    }
    // The kind of what is asked for counts, not its text.
    static const Token any = *Token::parse("@dispvm:x", Place::requested);
    for (Entry& each : templates_) {
      if (matches_target(token, system_, {.token = any, .qube = nullptr, .dvm = each.qube})) {
        each.offered = offered;
      }
    }
    static const Token own = *Token::parse(dispvm, Place::requested);
    if (matches_target(token, system_, look_up(own, system_, &caller_))) own_ = offered;
  }

  // By name, sorted.
  std::vector<std::string> names() {
    const QubeFacts* dvm = default_template(system_, caller_);
    if (own_ && dvm != nullptr && dvm->template_for_dispvms) {
      entry_of(templates_, *dvm).offered = true;
    }
    std::vector<std::string> names;
    names.reserve(qubes_.size() + templates_.size());
    for (const Entry& each : templates_) {
      if (each.offered && !each.qube->internal) names.push_back(disposable_of(*each.qube));
    }
    const auto disposables = static_cast<std::ptrdiff_t>(names.size());
    for (const Entry& each : qubes_) {
      if (each.offered && !each.qube->internal && each.qube != &caller_) {
        names.push_back(each.qube->name);
      }
    }
    // Each half is sorted, as the qubes are.
    std::inplace_merge(names.begin(), names.begin() + disposables, names.end());
    return names;
  }

 private:
  struct Entry {
    const QubeFacts* qube = nullptr;
    bool offered = false;
  };

  // Those for which matches_qube() is never true need not be compared with every qube.
  static bool names_qubes(const Token& token) {
    switch (token.kind()) {
      case Token::Kind::any:
      case Token::Kind::any_vm:
      case Token::Kind::admin_vm:
      case Token::Kind::type:
      case Token::Kind::tag:
      case Token::Kind::name:
        return true;
      case Token::Kind::default_target:
      case Token::Kind::dispvm:
      case Token::Kind::dispvm_template:
      case Token::Kind::dispvm_tag:
        return false;
    }
    return true;
  }

  static Entry& entry_of(std::vector<Entry>& entries, const QubeFacts& qube) {
    // They stand in the order of their names, and this one is among them.
    return *std::lower_bound(
        entries.begin(), entries.end(), qube.name,
        [](const Entry& entry, const std::string& name) { return entry.qube->name < name; });
  }

  const SystemInfo& system_;
  const QubeFacts& caller_;
  std::vector<Entry> qubes_;
  std::vector<Entry> templates_;  // what disposables can be made of
  bool own_ = false;
};

// What a rule adds to the choice or takes from it.
const Token& meant(const Rule& rule) {
  return rule.action != Action::deny && rule.redirect ? *rule.redirect : rule.target;
}

}  // namespace

base::Result<std::vector<std::string>> collect_targets(const Ruleset& rules,
                                                       const SystemInfo& system,
                                                       const Request& request) {
  const QubeFacts* caller = system.find(request.source);
  if (caller == nullptr) return std::vector<std::string>();
  Choice choice(system, *caller);
  RulesetIndex::Walk walk = rules.index().walk(request, caller);
  for (RulesetIndex::Place place = 0; walk.previous(place);) {
    const Rule& rule = rules.rules()[place];
    if (!rule.matches_call(system, request, caller)) continue;
    const Token& token = meant(rule);
    if (token.kind() == Token::Kind::dispvm_template && system.find(token.value()) == nullptr) {
      return base::fail("the rule at " + rule.where() + " names " + token.text() +
                        ", which does not exist; mend it");
    }
    choice.mark(token, rule.action != Action::deny);
  }
  return choice.names();
}

std::string resolve(const Token& token, const SystemInfo& system, const QubeFacts& caller) {
  const QubeFacts* qube = nullptr;
  switch (token.kind()) {
    case Token::Kind::admin_vm:
      return "dom0";
    case Token::Kind::name:
      qube = system.find(token.value());
      return qube == nullptr ? std::string() : qube->name;
    case Token::Kind::dispvm:
      qube = default_template(system, caller);
      break;
    case Token::Kind::dispvm_template:
      qube = system.find(token.value());
      break;
    case Token::Kind::any:
    case Token::Kind::any_vm:
    case Token::Kind::default_target:
    case Token::Kind::type:
    case Token::Kind::tag:
    case Token::Kind::dispvm_tag:
      return {};
  }
  return qube != nullptr && qube->template_for_dispvms ? disposable_of(*qube) : std::string();
}

bool needs_start(const std::string& target, const SystemInfo& system) {
  const QubeFacts* qube = system.find(target);
  return qube == nullptr || !qube->running;
}

}  // namespace policy
