// SPDX-License-Identifier: GPL-2.0-or-later
// The first half of an attachment: policy, the question to a person, and the start of the frontend.
#include "dom0/denied_interfaces.hpp"
#include "dom0/device_description.hpp"
#include "dom0/device_lines.hpp"
#include "dom0/io/attachment.hpp"
#include "dom0/io/device_facts.hpp"
#include "dom0/io/device_question.hpp"
#include "dom0/usb_options.hpp"

namespace dom0::io {
namespace {

policy::Request request_of(const Lease& lease) {
  return {.source = lease.frontend,
          .target = lease.backend,
          .service = std::string(lease.device.device_class().service),
          .argument = "+" + lease.device.port_id()};
}

policy::io::Question question_of(const Switchboard& board, const Lease& lease,
                                 const policy::Decision& decision, const Asked& asked) {
  const policy::Request request = request_of(lease);
  auto details = details_of(board, lease.backend, lease.device);
  details["rule"] = decision.rule;
  details["asked by"] = asked.by;
  if (asked.before) {
    details["before"] = describe(*asked.before, board.usb_ids);
    details["identity before"] = device_id(*asked.before);
  }
  if (std::string access = access_text(lease.options); !access.empty()) {
    details["access"] = std::move(access);
  }
  std::vector scopes{policy::io::Scope::once, policy::io::Scope::while_plugged};
  if (stopped_before(board, lease.backend, lease.device).empty()) {
    scopes.push_back(policy::io::Scope::always);
  }
  policy::io::Question question{
      .source = request.source,
      .service = request.service,
      .argument = request.argument,
      // The device is in one qube; the policy's other choices are not a choice here.
      .targets = {lease.backend},
      .default_target = decision.default_target == lease.backend ? lease.backend : "",
      .icons = icons_of(board),
      .details = std::move(details),
      .scopes = std::move(scopes),
      .always_writes = std::string(lease.device.device_class().tool) + " assign " + lease.frontend +
                       " " + device_name(lease) + ":" + device_id(lease.device) +
                       "\nIt is attached by itself from now on, as long as it stays what it is; "
                       "to end that: " +
                       std::string(lease.device.device_class().tool) + " unassign " +
                       lease.frontend + " " + device_name(lease)};
  offer_scan_first(board, lease.backend, lease.device, lease.frontend, question);
  return question;
}

// "prompt, kept"
std::string kept_approver(const std::string& before) {
  constexpr std::string_view kept = ", kept";
  return before.ends_with(kept) ? before : before + std::string(kept);
}

}  // namespace

void Attachment::start(Approval approval, const Asked& asked, OnAttached on_attached) {
  on_attached_ = std::move(on_attached);
  // The list of what a qube may never get is not asked about.
  const std::string& denied = board_.devices.denied(lease().frontend);
  if (!denied.empty() && interface_codes(lease().device).empty()) {
    return refuse("Could not load interfaces to verify against denied list",
                  AttachOutcome::Kind::banned);
  }
  if (const std::string banned = denied_interface(denied, lease().device); !banned.empty()) {
    return refuse("Device exposes a banned interface: " + banned, AttachOutcome::Kind::banned);
  }
  policy::Request request = request_of(lease());
  request.device = facts_of(board_, lease().backend, lease().device);
  policy::Decision decision = board_.decide(request);
  if (decision.kind != policy::Decision::Kind::deny) {
    if (auto settled = settle_options(decision); !settled) return refuse(settled.error().text);
  }
  stopped_before_ = !stopped_before(board_, lease().backend, lease().device).empty();
  if (stopped_before_ && decision.kind == policy::Decision::Kind::allow) {
    // The rules let it in, but what it did then is a person's to judge.
    decision = policy::ask_instead(std::move(decision));
  }
  switch (decision.kind) {
    case policy::Decision::Kind::deny:
      board_.notify(request, decision);
      return refuse_quietly(decision.message);
    case policy::Decision::Kind::allow:
      return permitted(decision);
    case policy::Decision::Kind::ask:
      break;
  }
  if (std::ranges::find(decision.targets, lease().backend) == decision.targets.end()) {
    return refuse("the policy's choices at " + decision.rule + " do not include " +
                  lease().backend);
  }
  if ((!stopped_before_ || approval == Approval::at_prompt) && approved_already(approval)) {
    return permitted(policy::accept_answer(decision, board_.system_info(), lease().backend));
  }
  ask(decision, asked);
}

bool Attachment::approved_already(Approval approval) {
  if (approval == Approval::in_advance) approver_ = "assignment";
  if (approval == Approval::at_prompt) approver_ = "prompt";
  if (approval == Approval::kept) approver_ = kept_approver(lease().approver);
  if (approval != Approval::none) return true;
  const bool still = board_.devices.approved_while_plugged(approval_name(), lease().backend,
                                                           lease().device.port_id());
  if (still) approver_ = "prompt, while plugged in";
  return still;
}

// What a person approves is a device for a qube with these options; the name that it gets there was
// not asked about.
std::string Attachment::approval_name() {
  base::device::Properties options = lease().options;
  std::erase_if(options, [](const auto& each) { return each.key == "frontend-dev"; });
  return lease().frontend + " " + base::device::format_properties(options);
}

// From here on the lease's options are what it is given with.
base::Status Attachment::settle_options(const policy::Decision& decision) {
  const auto consent =
      decision.kind == policy::Decision::Kind::ask ? Consent::of_person : Consent::of_rule_alone;
  auto options =
      under_terms(lease().options, lease().device,
                  decision.terms ? *decision.terms : policy::DeviceTerms{}, decision.rule, consent);
  if (!options) return base::Unexpected{options.error()};
  const std::string words = lease().device.block() == nullptr ? usb_words(*options) : "";
  const QubeLink* backend = board_.link(lease().backend);
  if (!words.empty() && (backend == nullptr || !backend->has(base::wire::feature_usb_rights))) {
    return base::fail(lease().backend + " is older than dom0 and would not hold the device to " +
                      words + "; give it an image of dom0's version and restart it");
  }
  lease().options = *std::move(options);
  return base::Ok{};
}

DecisionFacts Attachment::decision_facts(const std::string& rule) {
  return {.rule = rule,
          .approver = approver_,
          .device = device_name(lease()),
          .identity = device_id(lease().device),
          .options = base::device::format_properties(lease().options),
          .asked_ms = asked_ms_,
          .who = lease().who};
}

void Attachment::ask(const policy::Decision& decision, const Asked& asked) {
  asked_at_ = std::chrono::steady_clock::now();
  question_ = std::make_shared<policy::io::AskClient>(board_.io, board_.prompt_socket);
  question_->ask(question_of(board_, lease(), decision, asked),
                 decision.timeout.value_or(board_.prompt_limit),
                 [self = shared_from_this(), decision](const policy::io::Answer& answer) {
                   self->after_question(decision, answer);
                 });
}

void Attachment::after_question(const policy::Decision& decision,
                                const policy::io::Answer& answer) {
  Lease* held = board_.leases.find(id_);
  if (held == nullptr || held->state != LeaseState::asking) return;
  approver_ = "prompt";
  held->who.approver = answer.approver;
  asked_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                  std::chrono::steady_clock::now() - asked_at_)
                  .count();
  if (answer.outcome == policy::io::Outcome::denied) {  // who said so knows it
    return refuse_quietly(answer.reason.empty() ? "denied by the user " + decision.rule
                                                : answer.reason);
  }
  if (answer.outcome != policy::io::Outcome::allowed) return refuse(answer.reason);
  // An approval is for the device that was shown. What is plugged in now may be another.
  const Device* now = board_.inventory.find(held->backend, held->device.port_id());
  if (now == nullptr || !(*now == held->device)) {
    return refuse("the device at " + device_name(*held) +
                  " changed while the question was open; ask again");
  }
  if (!keep(answer.scope)) return;
  permitted(policy::accept_answer(decision, board_.system_info(), answer.target));
}

// What was said beyond this once. False if it could not be kept: then nothing is attached either,
// for that is not what was said.
bool Attachment::keep(policy::io::Scope scope) {
  const Lease& held = lease();
  if (scope == policy::io::Scope::while_plugged) {
    board_.devices.approve_while_plugged(approval_name(), held.backend, held.device.port_id());
    approver_ = "prompt, while plugged in";
  }
  if (scope != policy::io::Scope::always) return true;
  Assignment assignment{.frontend = held.frontend,
                        .device_class = std::string(held.device.device_class().name),
                        .device = {held.backend, held.device.port_id(), device_id(held.device)},
                        .mode = AssignmentMode::auto_attach,
                        .options = held.options,
                        .fingerprint = fingerprint_of(held.device)};
  // One that is there already was for what the device was before.
  if (const Assignment* old =
          board_.devices.find(held.frontend, held.device.device_class(), assignment.device)) {
    if (auto gone = board_.devices.unassign(*old); !gone) {
      refuse(gone.error().text);
      return false;
    }
  }
  if (auto written = board_.devices.assign(assignment); !written) {
    refuse(written.error().text);
    return false;
  }
  approver_ = "prompt, always";
  board_.audit.event("assignment",
                     "sallyport: assigned " + device_name(held) + ":" + device_id(held.device) +
                         " to " + held.frontend + " (auto-attach) at the prompt",
                     held.who);
  board_.events.emit_device(held.frontend, "device-assign", held.device.device_class(),
                            assignment.device, {{"options", options_text(held.options)}});
  return true;
}

void Attachment::permitted(const policy::Decision& decision) {
  if (decision.kind != policy::Decision::Kind::allow) return refuse(decision.message);
  if (decision.target != lease().backend) {
    return refuse("the policy at " + decision.rule + " redirects the call to " + decision.target +
                  ", which does not have the device");
  }
  if (stopped_before_) {  // and a person has said yes
    board_.devices.release_input(attached_identity(lease().backend, lease().device));
  }
  lease().rule = decision.rule;
  lease().approver = approver_;
  if (auto recorded =
          board_.audit.allowed(request_of(lease()), decision.target, decision_facts(decision.rule));
      !recorded) {
    return refuse(recorded.error().text);
  }
  board_.notify(request_of(lease()), decision);
  ask_frontend();
}

void Attachment::refuse(const std::string& text, AttachOutcome::Kind kind) {
  tell_people(policy::io::Notice::Resolution::deny);
  refuse_quietly(text, kind);
}

void Attachment::refuse_quietly(const std::string& text, AttachOutcome::Kind kind) {
  board_.audit.denied(request_of(lease()), text, decision_facts({}));
  failure_ = kind;
  end(text);
}

void Attachment::tell_people(policy::io::Notice::Resolution resolution) {
  const policy::Request request = request_of(lease());
  board_.notifier.tell({.resolution = resolution,
                        .service = request.service,
                        .argument = request.argument,
                        .source = request.source,
                        .target = request.target});
}

void Attachment::ask_frontend() {
  Lease& held = lease();
  QubeLink* frontend = board_.link(held.frontend);
  if (frontend == nullptr) {
    return end("qube " + held.frontend + " is not running; start it with: sallyport-qube start " +
               held.frontend);
  }
  const auto token = board_.pending.expect(
      held.frontend, [self = shared_from_this()](base::Result<StreamSocket> stream) {
        if (self->board_.leases.find(self->id_) != nullptr) {
          self->after_attach_stream(std::move(stream));
        }
      });
  if (!token) return end(token.error().text);
  held.state = LeaseState::attaching;
  held.attach_call = board_.new_call();
  frontend->send(agent::CallStart{.call = held.attach_call,
                                  .token = *token,
                                  .service = std::string(held.device.device_class().attach_service),
                                  .source = "dom0",
                                  .requested_target = held.frontend});
  timer_.expires_after(attach_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->board_.leases.find(self->id_) != nullptr &&
        self->lease().state == LeaseState::attaching) {
      self->end("the frontend did not attach the device within " +
                std::to_string(attach_limit.count()) + " s");
    }
  });
}

}  // namespace dom0::io
