// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/input_desk.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dom0/input_argument.hpp"
#include "dom0/io/device_facts.hpp"
#include "dom0/io/device_question.hpp"
#include "dom0/io/prompt_rules.hpp"

namespace dom0::io {
namespace {

constexpr std::size_t digit_count = 6;
// A little longer than the receiver waits: its word is the better one.
constexpr std::chrono::seconds display_limit{100};

// Unpredictable to the qube whose keyboard it is.
std::string random_digits() {
  constexpr unsigned fair = 250;  // the bytes above would make the first digits likelier
  std::string digits;
  while (digits.size() < digit_count) {
    unsigned char byte = 0;
    if (::getrandom(&byte, sizeof(byte), 0) != sizeof(byte)) std::abort();  // never this small
    if (byte < fair) digits += static_cast<char>('0' + byte % 10);
  }
  return digits;
}

constexpr const char* panic_reason = "everything was detached";

std::string approval_name(const policy::Request& request) {
  return request.service + " of " + request.target;
}

}  // namespace

// The qube tells its USB devices to dom0 too; the device of a call is the one at the same ports
// with the same numbers. Two controllers may both have it: then nobody knows which is meant.
const Device* InputDesk::device_of(const std::string& source, const std::string& argument) const {
  const auto wanted = parse_input_argument(argument);
  if (!wanted) return nullptr;
  const Device* found = nullptr;
  for (const auto& [port_id, device] : board_.inventory.devices(source)) {
    const sysusb::DeviceRecord* usb = device.usb();
    const bool same = usb != nullptr &&
                      port_id.substr(port_id.find('-') + 1) == wanted->port_path &&
                      usb->vendor_id == wanted->vendor_id && usb->product_id == wanted->product_id;
    if (!same) continue;
    if (found != nullptr) return nullptr;
    found = &device;
  }
  return found;
}

InputDesk::Key InputDesk::place_of(const policy::Request& request) {
  return {request.source, input_place(request.argument)};
}

InputIdentity InputDesk::identity_of(const policy::Request& request) const {
  InputIdentity identity{.backend = request.source,
                         .place = input_place(request.argument),
                         .port = {},
                         .fingerprint = {}};
  if (const auto* device = device_of(request.source, request.argument)) {
    identity.port = device->port_id();
    identity.fingerprint = fingerprint_of(*device);
  }
  return identity;
}

// What is plugged in there now, and since when: a device number is given anew each time.
std::string InputDesk::plug_of(const policy::Request& request) const {
  const auto* device = device_of(request.source, request.argument);
  if (device == nullptr) return {};
  return fingerprint_of(*device) + " " + std::to_string(device->usb()->bus) + "." +
         std::to_string(device->usb()->device);
}

void InputDesk::describe(policy::Request& request) const {
  if (const auto* device = device_of(request.source, request.argument)) {
    request.device = facts_of(board_, request.source, *device);
  }
}

policy::io::Question InputDesk::question_of(const policy::Request& request,
                                            const policy::Decision& decision) const {
  policy::io::Question question{
      .source = request.source,
      .service = request.service,
      .argument = request.argument,
      .targets = decision.targets,
      .default_target = decision.default_target,
      .icons = icons_of(board_),
      .details = {{"rule", decision.rule}, {"asked by", "the input watcher of " + request.source}}};
  if (const auto* device = device_of(request.source, request.argument)) {
    question.details.merge(details_of(board_, request.source, *device));
    question.scopes = {policy::io::Scope::once, policy::io::Scope::while_plugged};
    const std::string rule = prompt_rule(board_, request, decision);
    if (!rule.empty() && quarantine(request).empty()) {
      question.scopes.push_back(policy::io::Scope::always);
      question.always_writes = prompt_rule_text(board_, rule);
    }
  }
  if (const std::string why = quarantine(request); !why.empty()) {
    question.details["changed"] = "STOPPED before: " + why;
  }
  return question;
}

std::string InputDesk::keyboard_key(const policy::Request& request) {
  return "keyboard " + request.source + " " + request.argument;
}

std::string InputDesk::refusal(const policy::Request& request) const {
  const auto found = unproven_.find(key_of(request));
  if (found == unproven_.end() || !is_keyboard_service(request.service)) return {};
  if (found->second.over()) return {};
  return found->second.reason + "; plug it in again to try again";
}

std::string InputDesk::quarantine(const policy::Request& request) const {
  std::string why = board_.devices.input_trust().stopped(identity_of(request));
  if (why.empty() && panicked_.contains(place_of(request))) why = panic_reason;
  return why;
}

void InputDesk::release(const policy::Request& request) {
  if (quarantine(request).empty()) return;
  panicked_.erase(place_of(request));
  board_.devices.release_input(identity_of(request));
}

bool InputDesk::approved_while_plugged(const policy::Request& request) const {
  const auto* device = device_of(request.source, request.argument);
  return device != nullptr && board_.devices.approved_while_plugged(
                                  approval_name(request), request.source, device->port_id());
}

void InputDesk::approve_while_plugged(const policy::Request& request) {
  if (const auto* device = device_of(request.source, request.argument)) {
    board_.devices.approve_while_plugged(approval_name(request), request.source, device->port_id());
  }
}

bool InputDesk::needs_pairing(const policy::Request& request,
                              const policy::Decision& decision) const {
  using Pair = policy::InputHandling::Pair;
  if (!is_keyboard_service(request.service)) return false;
  const auto found = paired_.find(key_of(request));
  if (found != paired_.end() && found->second == plug_of(request)) return false;
  const Pair pair = decision.input ? decision.input->pair : Pair::always;
  if (pair != Pair::unless_known) return pair == Pair::always;
  // Not whether it is known: its mouse half may have been let in, or a qube had it.
  return !board_.devices.input_trust().proven(identity_of(request));
}

InputDesk::Admission InputDesk::admit(CallId id, const policy::Request& request,
                                      const policy::Decision& decision) {
  const policy::InputHandling handling = decision.input ? *decision.input : policy::InputHandling{};
  const bool keyboard = is_keyboard_service(request.service);
  const std::size_t keyboards = running_.keyboards_beside(request);
  unasked_.erase(key_of(request));
  if (keyboard && std::cmp_greater_equal(keyboards, handling.max_keyboards)) {
    return {.kind = Admission::Kind::refused,
            .reason = request.source + " has " + std::to_string(keyboards) +
                      " keyboards already; the rule's max-keyboards= says how many it may have"};
  }
  const Key key = key_of(request);
  const auto pairing = pairings_.find(key);
  const bool needed = needs_pairing(request, decision);
  if (needed && pairing != pairings_.end()) {
    pairing->second.waiting.push_back(id);
    return {.kind = Admission::Kind::waits};
  }
  running_.add(id, request);
  Admission ready{.kind = Admission::Kind::ready, .options = handling.words()};
  if (needed) {
    const std::string digits = random_digits();
    pairings_[key] = {.call = id, .digits = digits, .display = {}, .waiting = {}};
    ready.options += (ready.options.empty() ? "digits=" : " digits=") + digits;
  } else if (const auto* device = device_of(request.source, request.argument)) {
    board_.devices.approved(request.source, *device);
  }
  return ready;
}

void InputDesk::said(CallId id, const std::string& word) {
  const policy::Request* request = running_.find(id);
  if (request == nullptr) return;
  const Key key = key_of(*request);
  const auto pairing = pairings_.find(key);
  if (pairing == pairings_.end() || pairing->second.call != id) return;
  if (word == "pairing" && !pairing->second.display) return show(key, pairing->second);
  if (word == "paired") paired(id);
}

// Only dom0 and whoever looks at its screen know the digits.
void InputDesk::show(const Key& key, Pairing& pairing) {
  policy::io::Question question = question_of(*running_.find(pairing.call), {});
  question.about = policy::io::Question::About::pairing;
  question.digits = pairing.digits;
  question.targets.clear();
  question.scopes.clear();
  pairing.display = std::make_shared<policy::io::AskClient>(board_.io, board_.prompt_socket);
  pairing.display->ask(question, display_limit,
                       [this, key, call = pairing.call](const policy::io::Answer& answer) {
                         if (answer.outcome == policy::io::Outcome::nobody_to_ask) {
                           return postpone(key, answer.reason);
                         }
                         unpaired(key, answer.reason);
                         handlers_.on_cancel(call);
                       });
}

void InputDesk::paired(CallId id) {
  const policy::Request request = *running_.find(id);
  const Key key = key_of(request);
  auto pairing = pairings_.extract(key);
  if (pairing.mapped().display) pairing.mapped().display->cancel();
  paired_[key] = plug_of(request);
  board_.devices.prove_input(identity_of(request));
  board_.audit.event("input", "sallyport: a person typed the digits on the keyboard " +
                                  request.argument + " of " + request.source);
  if (const auto* device = device_of(key.first, key.second)) {
    board_.devices.approved(key.first, *device);
  }
  for (const CallId waiting : pairing.mapped().waiting) handlers_.on_ready(waiting);
}

void InputDesk::unpaired(const Key& key, const std::string& reason) {
  auto pairing = pairings_.extract(key);
  if (pairing.empty()) return;
  refuse_while_plugged(key, "its digits were not typed (" + reason + ")");
  if (pairing.mapped().display) pairing.mapped().display->cancel();
  board_.audit.event("input", "sallyport: the keyboard " + key.second + " of " + key.first +
                                  " is refused: " + reason);
  for (const CallId waiting : pairing.mapped().waiting) handlers_.on_refused(waiting, reason);
}

// There was no screen to show the digits on: nothing is said about the keyboard.
void InputDesk::postpone(const Key& key, const std::string& reason) {
  auto pairing = pairings_.extract(key);
  if (pairing.empty()) return;
  if (unshown_.size() >= max_unasked) unshown_.clear();
  unshown_.insert(key);
  handlers_.on_postponed(pairing.mapped().call, reason);
  for (const CallId waiting : pairing.mapped().waiting) handlers_.on_postponed(waiting, reason);
}

}  // namespace dom0::io
