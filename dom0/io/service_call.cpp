// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/service_call.hpp"

#include <algorithm>
#include <utility>

#include "dom0/input_argument.hpp"
#include "dom0/io/device_question.hpp"
#include "dom0/io/prompt_rules.hpp"

namespace dom0::io {
namespace {

policy::io::Question question_of(const Switchboard& board, const policy::Request& request,
                                 const policy::Decision& decision) {
  return {.source = request.source,
          .service = request.service,
          .argument = request.argument,
          .targets = decision.targets,
          .default_target = decision.default_target,
          .icons = icons_of(board),
          .details = {{"rule", decision.rule}, {"asked by", "a program in " + request.source}}};
}

std::string argument_of(const std::string& service) {
  const std::size_t plus = service.find('+');
  return plus == std::string::npos ? "+" : service.substr(plus);
}

// Whatever autostart= says: that is Qubes' way.
std::string not_running(const std::string& qube) {
  return "qube " + qube +
         " is not running, and no call starts one; start it with: " + "sallyport-qube start " +
         qube;
}

}  // namespace

ServiceCalls::ServiceCalls(Switchboard& board, std::function<void()> on_panic)
    : board_(board),
      questions_(board.io, board.prompt_socket),
      inputs_(board, {.on_ready =
                          [this](CallId id) {
                            const auto found = calls_.find(id);
                            if (found == calls_.end()) return;
                            // By value: admit() may end the call.
                            const policy::Request request = found->second.waiting;
                            const policy::Decision decision = found->second.waiting_for;
                            admit(id, request, decision);
                          },
                      .on_refused =
                          [this](CallId id, const std::string& reason) {
                            refuse(id, reason, agent::exit_refused);
                          },
                      .on_cancel = [this](CallId id) { cancel(id); },
                      .on_postponed = [this](CallId id,
                                             const std::string& reason) { postpone(id, reason); },
                      .on_stopped =
                          [this](const policy::Request& request) {
                            const std::string place = input_place(request.argument);
                            end_inputs_where(
                                [&](const Call& call) {
                                  return call.source == request.source &&
                                         input_place(argument_of(call.service)) == place;
                                },
                                "another part of the device was stopped");
                          },
                      .on_panic = std::move(on_panic)}) {}

void ServiceCalls::requested(const std::string& source, const agent::CallRequest& asked) {
  const bool input = is_input_service(asked.service.substr(0, asked.service.find('+')));
  const auto running = std::ranges::count_if(calls_, [&](const auto& entry) {
    return entry.second.source == source && entry.second.input == input;
  });
  const CallId id = board_.new_call();
  Call& made = calls_[id];
  made.source = source;
  made.request = asked.request;
  made.service = asked.service;
  made.input = input;
  if (std::cmp_greater_equal(running, input ? max_inputs_per_qube : max_calls_per_qube)) {
    return refuse(id, "too many calls of this qube at once", agent::exit_refused);
  }
  auto request = policy::parse_request(source, asked.target, asked.service);
  if (!request) return refuse(id, request.error().text, agent::exit_refused);
  if (input) {
    inputs_.describe(*request);
    if (const std::string why = inputs_.refusal(*request); !why.empty()) {
      return decided(id, *request, policy::deny(why));
    }
    if (inputs_.still_without_screen(*request)) {
      return refuse(id, "nobody to show the digits to", agent::exit_unasked);
    }
  }
  const policy::Decision decision = board_.decide(*request);
  if (decision.kind == policy::Decision::Kind::deny) return decided(id, *request, decision);
  const bool stopped = input && !inputs_.quarantine(*request).empty();
  const bool approved = input && !stopped && inputs_.approved_while_plugged(*request);
  if (decision.kind == policy::Decision::Kind::allow && !stopped) {
    return decided(id, *request, decision);
  }
  policy::Decision question = decision;
  if (decision.kind == policy::Decision::Kind::allow) {
    // The rules let it in, but what it did then is a person's to judge.
    question = policy::ask_instead(decision);
  }
  if (approved && question.targets.size() == 1) {
    return decided(id, *request,
                   policy::accept_answer(question, board_.system_info(), question.targets.front()),
                   {.approver = "prompt, while plugged in"});
  }
  ask(id, *request, question,
      input ? inputs_.question_of(*request, question) : question_of(board_, *request, question));
}

void ServiceCalls::ask(CallId id, const policy::Request& request, const policy::Decision& decision,
                       const policy::io::Question& question) {
  Call& call = calls_.at(id);
  call.asked_at = std::chrono::steady_clock::now();
  std::string key = QuestionDesk::key_of(request);
  if (call.input) {
    std::string of_device = InputDesk::keyboard_key(request);
    if (is_keyboard_service(request.service) || questions_.has(of_device, question)) {
      key = std::move(of_device);
      call.rule_shown = is_keyboard_service(request.service);
    } else {
      call.rule_shown = true;
    }
  }
  call.question =
      questions_.ask(std::move(key), question, decision.timeout.value_or(board_.prompt_limit),
                     [this, id, decision, request](const policy::io::Answer& answer) {
                       answered(id, request, decision, answer);
                     });
}

void ServiceCalls::answered(CallId id, const policy::Request& request,
                            const policy::Decision& decision, const policy::io::Answer& answer) {
  const Who who{.approver = answer.approver};
  const auto found = calls_.find(id);
  if (answer.outcome != policy::io::Outcome::allowed) {
    // A keyboard that is plugged in when the machine starts is asked about once somebody can be.
    const bool later = found != calls_.end() && found->second.input &&
                       answer.outcome == policy::io::Outcome::nobody_to_ask;
    return decided(id, request, policy::deny(answer.reason, decision.rule),
                   {.who = who, .refusal_code = later ? agent::exit_unasked : agent::exit_refused});
  }
  if (found != calls_.end() && found->second.input) {
    if (auto kept = keep(found->second, request, decision, answer); !kept) {
      return decided(id, request, policy::deny(kept.error().text, decision.rule), {.who = who});
    }
  }
  const char* approver = answer.scope == policy::io::Scope::once ? "prompt"
                         : answer.scope == policy::io::Scope::while_plugged
                             ? "prompt, while plugged in"
                             : "prompt, always";
  decided(id, request, policy::accept_answer(decision, board_.system_info(), answer.target),
          {.who = who, .approver = approver});
}

base::Status ServiceCalls::keep(const Call& call, const policy::Request& request,
                                const policy::Decision& decision,
                                const policy::io::Answer& answer) {
  inputs_.release(request);
  if (answer.scope == policy::io::Scope::once) return base::Ok{};
  inputs_.approve_while_plugged(request);
  if (answer.scope != policy::io::Scope::always || !call.rule_shown) return base::Ok{};
  const std::string rule = prompt_rule(board_, request, decision);
  if (rule.empty()) return base::fail("the policy changed while the question was open; ask again");
  const std::string user = answer.approver ? std::to_string(*answer.approver) : "unknown";
  auto written =
      write_prompt_rule(board_, rule, "user " + user + " at the prompt, asked by " + decision.rule);
  if (written) {
    board_.audit.event("policy", "sallyport: always, at the prompt: " + rule,
                       {.approver = answer.approver});
  }
  return written;
}

void ServiceCalls::decided(CallId id, const policy::Request& request,
                           const policy::Decision& decision, const Said& said) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  DecisionFacts facts{.rule = decision.rule, .approver = said.approver, .who = said.who};
  if (std::exchange(found->second.question, 0) != 0) {
    if (said.approver == "policy") facts.approver = "prompt";
    facts.asked_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now() - found->second.asked_at)
                         .count();
  }
  if (decision.kind != policy::Decision::Kind::allow) {
    // Of a call that is made again and again until somebody logs in, once is enough.
    if (said.refusal_code != agent::exit_unasked || inputs_.unasked(request)) {
      board_.audit.denied(request, decision.message, facts);
      board_.notify(request, decision);
    }
    return refuse(id, decision.message, said.refusal_code);
  }
  if (decision.target == request.source) {
    return refuse(id, "loopback qrexec connection not supported", agent::exit_refused);
  }
  if (auto recorded = board_.audit.allowed(request, decision.target, facts); !recorded) {
    return refuse(id, recorded.error().text, agent::exit_problem);
  }
  board_.notify(request, decision);
  found->second.target = decision.target;
  found->second.record = {.input = found->second.input,
                          .source = request.source,
                          .target = decision.target,
                          .service = found->second.service,
                          .rule = decision.rule,
                          .approver = facts.approver,
                          .who = said.who,
                          .since = wall_clock()};
  if (found->second.input) return admit(id, request, decision);
  connect(id);
}

void ServiceCalls::admit(CallId id, const policy::Request& request,
                         const policy::Decision& decision) {
  const auto admission = inputs_.admit(id, request, decision);
  switch (admission.kind) {
    case InputDesk::Admission::Kind::ready:
      calls_.at(id).options = admission.options;
      return connect(id);
    case InputDesk::Admission::Kind::waits:
      calls_.at(id).waiting = request;
      calls_.at(id).waiting_for = decision;
      return;
    case InputDesk::Admission::Kind::refused:
      board_.audit.denied(request, admission.reason, {.rule = decision.rule});
      return refuse(id, admission.reason, agent::exit_refused);
  }
}

void ServiceCalls::connect(CallId id) {
  Call& call = calls_.at(id);
  QubeLink* source = board_.link(call.source);
  QubeLink* target = board_.link(call.target);
  if (source == nullptr) {
    forget(calls_.find(id));
    return;
  }
  if (target == nullptr) {
    board_.notifier.tell({.resolution = policy::io::Notice::Resolution::fail,
                          .service = call.service.substr(0, call.service.find('+')),
                          .argument = argument_of(call.service),
                          .source = call.source,
                          .target = call.target});
    return refuse(id, not_running(call.target), agent::exit_refused);
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
  call.begun = true;
  source->send(agent::CallAccepted{.request = call.request, .token = *caller_token});
  target->send(agent::CallStart{.call = id,
                                .token = *service_token,
                                .service = call.service,
                                .source = call.source,
                                .requested_target = call.target,
                                .options = call.options});
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
                              *std::move(call.service_stream), encode_call_record(call.record));
    call.caller.reset();
    call.service_stream.reset();
  }
  if (joined) {
    call.joined = true;
    call.joined_at = std::chrono::steady_clock::now();
    return;
  }
  board_.log.error("call_failed", {{"service", call.service}, {"reason", joined.error().text}});
  tell(call, agent::exit_problem, joined.error().text);
  forget(found);  // closes the other side's stream, if it is here
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
  if (call.end.reason.empty()) call.end.reason = exited.reason;
  if (call.input) inputs_.exited(exited.call, exited.exit_code, exited.reason);
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
      if (!call.begun) call.over = true;
    } else if (call.target == qube) {
      tell(call, agent::exit_problem, "the connection to " + qube + " was lost");
      if (!call.joined) call.over = true;
    }
    next = forget_if_done(next);
  }
}

void ServiceCalls::ended(const RelayReport& report) {
  const auto found = calls_.find(report.call);
  if (found == calls_.end()) {
    const auto record = parse_call_record(report.record);
    if (!record) return;
    return board_.audit.call_ended(
        *record, {.reason = std::string("after a restart of the daemon: ") + describe(report.end),
                  .duration_ms = (wall_clock() - record->since) * 1000,
                  .bytes_to_service = report.bytes_to_service,
                  .bytes_from_service = report.bytes_to_caller});
  }
  Call& call = found->second;
  call.end.bytes_to_service = report.bytes_to_service;
  call.end.bytes_from_service = report.bytes_to_caller;
  if (call.end.reason.empty()) call.end.reason = describe(report.end);
  call.over = true;
  forget_if_done(found);
}

void ServiceCalls::relay_lost() {
  for (auto next = calls_.begin(); next != calls_.end();) {
    Call& call = next->second;
    if (call.joined) {
      call.end.reason = "the relay process died and with it the stream";
      tell(call, agent::exit_problem, call.end.reason);
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
  return call->second.over && call->second.told ? forget(call) : std::next(call);
}

ServiceCalls::Calls::iterator ServiceCalls::forget(Calls::iterator call) {
  const CallId id = call->first;
  const bool input = call->second.input;
  if (call->second.joined) {
    CallEndFacts& end = call->second.end;
    end.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - call->second.joined_at)
                          .count();
    board_.audit.call_ended(call->second.record, end);
  }
  const auto next = calls_.erase(call);
  if (input) inputs_.forget(id);
  return next;
}

void ServiceCalls::refuse(CallId id, const std::string& reason, int exit_code) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (QubeLink* source = board_.link(found->second.source)) {
    source->send(agent::CallRefused{.request = found->second.request,
                                    .exit_code = static_cast<std::uint8_t>(exit_code),
                                    .reason = reason});
  }
  forget(found);
}

void ServiceCalls::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (QubeLink* target = board_.link(found->second.target)) {
    target->send(agent::CallCancel{.call = id});
  }
}

}  // namespace dom0::io
