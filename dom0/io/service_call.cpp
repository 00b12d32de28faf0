// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/service_call.hpp"

#include <algorithm>
#include <utility>

namespace dom0::io {
namespace {

policy::io::Question question_of(const policy::Request& request, const policy::Decision& decision) {
  return {.source = request.source,
          .service = request.service,
          .argument = request.argument,
          .targets = decision.targets,
          .default_target = decision.default_target,
          .icons = {},
          .details = {{"rule", decision.rule}}};
}

}  // namespace

void ServiceCalls::requested(const std::string& source, const agent::CallRequest& asked) {
  const auto running = std::ranges::count_if(
      calls_, [&](const auto& entry) { return entry.second.source == source; });
  const CallId id = board_.new_call();
  Call& made = calls_[id];
  made.source = source;
  made.request = asked.request;
  made.service = asked.service;
  if (static_cast<std::size_t>(running) >= max_calls_per_qube) {
    return refuse(id, "too many calls of this qube at once", agent::exit_refused);
  }
  auto request = policy::parse_request(source, asked.target, asked.service);
  if (!request) return refuse(id, request.error().text, agent::exit_refused);
  const policy::Decision decision = board_.decide(*request);
  if (decision.kind != policy::Decision::Kind::ask) return decided(id, *request, decision);
  Call& call = calls_.at(id);
  call.asked_at = std::chrono::steady_clock::now();
  call.question = questions_.ask(
      *request, question_of(*request, decision), decision.timeout.value_or(board_.prompt_limit),
      [this, id, decision, asked_for = *request](const policy::io::Answer& answer) {
        if (answer.outcome != policy::io::Outcome::allowed) {
          return decided(id, asked_for, policy::deny(answer.reason, decision.rule));
        }
        decided(id, asked_for,
                policy::accept_answer(decision, board_.system_info(), answer.target));
      });
}

void ServiceCalls::decided(CallId id, const policy::Request& request,
                           const policy::Decision& decision) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  DecisionFacts facts{.rule = decision.rule, .approver = "policy"};
  if (std::exchange(found->second.question, 0) != 0) {
    facts.approver = "prompt";
    facts.asked_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now() - found->second.asked_at)
                         .count();
  }
  if (decision.kind != policy::Decision::Kind::allow) {
    board_.audit.denied(request, decision.message, facts);
    return refuse(id, decision.message, agent::exit_refused);
  }
  if (decision.target == request.source) {
    return refuse(id, "loopback qrexec connection not supported", agent::exit_refused);
  }
  if (auto recorded = board_.audit.allowed(request, decision.target, facts); !recorded) {
    return refuse(id, recorded.error().text, agent::exit_problem);
  }
  found->second.target = decision.target;
  connect(id);
}

void ServiceCalls::connect(CallId id) {
  Call& call = calls_.at(id);
  QubeLink* source = board_.link(call.source);
  QubeLink* target = board_.link(call.target);
  if (source == nullptr) {
    calls_.erase(id);
    return;
  }
  if (target == nullptr) {
    return refuse(id, "qube " + call.target + " is not running", agent::exit_refused);
  }
  const auto take = [this, id](std::optional<StreamSocket> Call::*side) {
    return [this, id, side](base::Result<StreamSocket> got) { stream(id, side, std::move(got)); };
  };
  const auto caller_token = board_.pending.expect(call.source, take(&Call::caller));
  const auto service_token = board_.pending.expect(call.target, take(&Call::service_stream));
  if (!caller_token || !service_token) {
    return refuse(id, (caller_token ? service_token : caller_token).error().text,
                  agent::exit_problem);
  }
  source->send(agent::CallAccepted{.request = call.request, .token = *caller_token});
  target->send(agent::CallStart{.call = id,
                                .token = *service_token,
                                .service = call.service,
                                .source = call.source,
                                .requested_target = call.target});
}

void ServiceCalls::stream(CallId id, std::optional<StreamSocket> Call::*side,
                          base::Result<StreamSocket> stream) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = found->second;
  base::Status joined = base::Ok{};
  if (!stream) {
    joined = base::fail(stream.error().text);
  } else {
    call.*side = *std::move(stream);
    if (!call.caller || !call.service_stream) return;
    joined = board_.relay.add(id, HalfClose::forward, *std::move(call.caller),
                              *std::move(call.service_stream), {});
    call.caller.reset();
    call.service_stream.reset();
  }
  if (joined) {
    call.joined = true;
    return;
  }
  board_.log.error("call_failed", {{"service", call.service}, {"reason", joined.error().text}});
  tell(call, agent::exit_problem, joined.error().text);
  calls_.erase(found);  // closes the other side's stream, if it is here
}

void ServiceCalls::started(const std::string& qube, const agent::CallStarted& started) {
  const auto found = calls_.find(started.call);
  if (found != calls_.end() && found->second.target == qube) found->second.started = true;
}

void ServiceCalls::exited(const std::string& qube, const agent::CallExited& exited) {
  const auto found = calls_.find(exited.call);
  if (found == calls_.end() || found->second.target != qube) return;
  Call& call = found->second;
  board_.log.info("service_exited", {{"service", call.service},
                                     {"qube", qube},
                                     {"code", std::to_string(exited.exit_code)},
                                     {"reason", exited.reason}});
  tell(call, exited.exit_code, exited.reason);
  if (!call.started) call.over = true;  // there is no stream, and none will come
  forget_if_done(found);
}

void ServiceCalls::link_down(const std::string& qube) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    Call& call = next->second;
    if (call.source == qube) {
      call.told = true;  // nobody is left to tell
      if (call.question != 0) questions_.give_back(call.question);
      if (call.target.empty()) call.over = true;
    } else if (call.target == qube) {
      tell(call, agent::exit_problem, "the connection to " + qube + " was lost");
      if (!call.joined) call.over = true;
    }
    next = forget_if_done(next);
  }
}

void ServiceCalls::ended(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second.over = true;
  forget_if_done(found);
}

void ServiceCalls::relay_lost() {
  for (auto next = calls_.begin(); next != calls_.end();) {
    Call& call = next->second;
    if (call.joined) {
      tell(call, agent::exit_problem, "the relay process died and with it the stream");
      call.over = true;
    }
    next = forget_if_done(next);
  }
}

void ServiceCalls::tell(Call& call, int exit_code, const std::string& reason) {
  if (std::exchange(call.told, true)) return;
  if (QubeLink* source = board_.link(call.source)) {
    source->send(
        agent::CallEnded{.request = call.request, .exit_code = exit_code, .reason = reason});
  }
}

ServiceCalls::Calls::iterator ServiceCalls::forget_if_done(Calls::iterator call) {
  return call->second.over && call->second.told ? calls_.erase(call) : std::next(call);
}

void ServiceCalls::refuse(CallId id, const std::string& reason, int exit_code) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (QubeLink* source = board_.link(found->second.source)) {
    source->send(agent::CallRefused{.request = found->second.request,
                                    .exit_code = static_cast<std::uint8_t>(exit_code),
                                    .reason = reason});
  }
  calls_.erase(found);
}

}  // namespace dom0::io
