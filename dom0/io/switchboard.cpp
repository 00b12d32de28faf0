// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/switchboard.hpp"

#include <ctime>

namespace dom0::io {

std::int64_t wall_clock() { return static_cast<std::int64_t>(std::time(nullptr)); }

policy::SystemInfo Switchboard::system_info() const {
  policy::SystemInfo info;
  for (const auto& [name, config] : qubes) {
    info.add({.name = name,
              .type = config.type,
              .tags = config.tags,
              .running = links.contains(name),
              .internal = config.internal,
              .template_for_dispvms = config.template_for_dispvms,
              .default_dispvm = config.default_dispvm,
              .icon = "appvm-" + config.label,
              .uuid = config.uuid});
  }
  return info;
}

void Switchboard::notify(const policy::Request& request, const policy::Decision& decision) {
  if (!decision.notify) return;
  const bool allowed = decision.kind == policy::Decision::Kind::allow;
  notifier.tell({.resolution = allowed ? policy::io::Notice::Resolution::allow
                                       : policy::io::Notice::Resolution::deny,
                 .service = request.service,
                 .argument = request.argument,
                 .source = request.source,
                 .target = allowed ? decision.target : request.target});
}

void Switchboard::tell_of_policy() {
  const auto& problem = policy.problem();
  const std::string now = problem ? problem->text : std::string();
  if (now == told_policy_problem) return;
  told_policy_problem = now;
  if (!problem) return log.notice("policy_mended", {{"in_force", "the policy on disk"}});
  log.error("policy_broken",
            {{"reason", problem->text},
             {"in_force",
              policy.in_force_since() ? "the last good policy" : "none, so everything is denied"},
             {"remedy", "sallyport policy check"}});
}

policy::Decision Switchboard::decide(const policy::Request& request) {
  tell_of_policy();
  const auto& rules = policy.current();
  if (!rules) {
    return policy::deny("the policy cannot be used, so everything is denied: " +
                        rules.error().text);
  }
  const policy::SystemInfo system = system_info();
  // The language itself lets a rule of all qubes match a name that nobody knows.
  if (system.find(request.source) == nullptr) {
    return policy::deny("the caller is not a qube of this system");
  }
  policy::Decision decision = policy::evaluate(*rules, system, request);
  for (const std::string& warning : decision.warnings) {
    log.warning("policy", {{"warning", warning}});
  }
  return decision;
}

}  // namespace dom0::io
