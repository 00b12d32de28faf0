// SPDX-License-Identifier: GPL-2.0-or-later
// ServiceCalls: what is different with input devices.
#include <utility>

#include "dom0/io/service_call.hpp"

namespace dom0::io {

void ServiceCalls::said(const std::string& qube, const agent::CallStatus& status) {
  const auto found = calls_.find(status.call);
  if (found != calls_.end() && found->second.target == qube && found->second.input) {
    inputs_.said(status.call, status.word);
  }
}

std::vector<ServiceCalls::ForwardedInput> ServiceCalls::forwarded_inputs() const {
  std::vector<ForwardedInput> list;
  for (const auto& [id, call] : calls_) {
    if (!call.input) continue;
    const std::string_view state = call.question != 0    ? "asking"
                                   : inputs_.pairing(id) ? "pairing"
                                                         : "forwarding";
    list.push_back({call.source, call.target, call.service, state, call.since});
  }
  return list;
}

void ServiceCalls::postpone(CallId id, const std::string& reason) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (!found->second.begun) return refuse(id, reason, agent::exit_unasked);
  tell(found->second, agent::exit_unasked, reason);
  cancel(id);
}

void ServiceCalls::end_inputs_where(const std::function<bool(const Call&)>& chosen,
                                    const std::string& reason) {
  std::vector<CallId> ending;
  for (const auto& [id, call] : calls_) {
    if (call.input && chosen(call)) ending.push_back(id);
  }
  for (const CallId id : ending) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) continue;
    if (found->second.begun) {
      cancel(id);
      continue;
    }
    if (found->second.question != 0) questions_.give_back(std::exchange(found->second.question, 0));
    // Asked about anew, with what has happened.
    refuse(id, reason, agent::exit_unasked);
  }
  questions_.forget_answers();
}

void ServiceCalls::end_inputs() {
  inputs_.stop_all();
  end_inputs_where([](const Call&) { return true; }, "everything was detached");
}

}  // namespace dom0::io
