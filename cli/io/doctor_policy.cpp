// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/doctor_policy.hpp"

#include "policy/io/tool.hpp"

namespace cli::io {
namespace {

policy::SystemInfo system_of(const doctor::Owner& source) {
  policy::SystemInfo system;
  system.add({.name = source.qube, .type = source.type, .tags = source.tags, .running = true});
  return system;
}

// As the daemon asks about a keyboard of a USB qube. Its history is the daemon's; a new one is
// what the next start must be safe with.
policy::Request request_of(const doctor::PolicyQuestion& question) {
  policy::Request request{.source = question.source.qube,
                          .target = "@adminvm",
                          .service = question.service,
                          .argument = "+"};
  const doctor::InputDevice& device = question.device;
  if (device.port.empty()) return request;
  request.device = policy::DeviceFacts{.backend = question.source.qube,
                                       .port_id = device.port,
                                       .interfaces = {"u030101"},
                                       .vendor_id = device.vendor,
                                       .product_id = device.product,
                                       .name = device.name};
  return request;
}

// A new keyboard, as in request_of(). Without a word of the rule it is so.
bool wants_digits(const doctor::PolicyQuestion& question, const policy::Decision& decision) {
  if (question.service != "qubes.InputKeyboard") return false;
  return decision.input == nullptr || decision.input->pair != policy::InputHandling::Pair::never;
}

}  // namespace

doctor::AskPolicy policy_of(const base::io::Paths& paths) {
  return [paths](const doctor::PolicyQuestion& question) -> base::Result<doctor::PolicyAnswer> {
    const auto decision =
        policy::io::decide(paths, system_of(question.source), request_of(question));
    if (!decision) return base::fail(decision.error().text);
    const bool by_rule = !decision->rule.empty();
    doctor::PolicyAnswer answer{.by = by_rule ? decision->rule : decision->message};
    switch (decision->kind) {
      case policy::Decision::Kind::allow:
        answer.answer =
            wants_digits(question, *decision) ? doctor::Answer::digits : doctor::Answer::allow;
        break;
      case policy::Decision::Kind::ask:
        answer.answer = doctor::Answer::ask;
        break;
      case policy::Decision::Kind::deny:
        answer.answer = doctor::Answer::deny;
        break;
    }
    return answer;
  };
}

}  // namespace cli::io
