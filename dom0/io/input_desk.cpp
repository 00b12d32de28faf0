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
  return "its digits were not typed (" + found->second.reason + "); plug it in again to try again";
}

std::string InputDesk::quarantine(const policy::Request& request) const {
  const auto found = quarantined_.find(key_of(request));
  return found == quarantined_.end() ? std::string() : found->second;
}

void InputDesk::release(const policy::Request& request) { quarantined_.erase(key_of(request)); }

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
  if (!is_keyboard_service(request.service) || paired_.contains(key_of(request))) return false;
  const Pair pair = decision.input ? decision.input->pair : Pair::always;
  if (pair != Pair::unless_known) return pair == Pair::always;
  const auto* device = device_of(request.source, request.argument);
  return device == nullptr ||
         board_.devices.judge(request.source, *device).verdict != HistoryVerdict::known;
}

InputDesk::Admission InputDesk::admit(CallId id, const policy::Request& request,
                                      const policy::Decision& decision) {
  const policy::InputHandling handling = decision.input ? *decision.input : policy::InputHandling{};
  const bool keyboard = is_keyboard_service(request.service);
  const auto keyboards = std::ranges::count_if(running_, [&request](const auto& entry) {
    return entry.second.keyboard && entry.second.request.source == request.source;
  });
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
  running_[id] = {.request = request, .keyboard = keyboard};
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
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  const Key key = key_of(found->second.request);
  const auto pairing = pairings_.find(key);
  if (pairing == pairings_.end() || pairing->second.call != id) return;
  if (word == "pairing" && !pairing->second.display) return show(key, pairing->second);
  if (word == "paired") paired(id);
}

// Only dom0 and whoever looks at its screen know the digits.
void InputDesk::show(const Key& key, Pairing& pairing) {
  const policy::Request& request = running_.at(pairing.call).request;
  policy::io::Question question = question_of(request, {});
  question.about = policy::io::Question::About::pairing;
  question.digits = pairing.digits;
  question.targets.clear();
  question.scopes.clear();
  pairing.display = std::make_shared<policy::io::AskClient>(board_.io, board_.prompt_socket);
  pairing.display->ask(question, display_limit,
                       [this, key, call = pairing.call](const policy::io::Answer& answer) {
                         unpaired(key, answer.reason);
                         handlers_.on_cancel(call);
                       });
}

void InputDesk::paired(CallId id) {
  const policy::Request request = running_.at(id).request;
  const Key key = key_of(request);
  auto pairing = pairings_.extract(key);
  if (pairing.mapped().display) pairing.mapped().display->cancel();
  paired_.insert(key);
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
  unproven_[key] = {.reason = reason,
                    .since = std::chrono::steady_clock::now(),
                    .recorded = device_of(key.first, key.second) != nullptr};
  if (pairing.mapped().display) pairing.mapped().display->cancel();
  board_.audit.event("input", "sallyport: the keyboard " + key.second + " of " + key.first +
                                  " is refused: " + reason);
  for (const CallId waiting : pairing.mapped().waiting) handlers_.on_refused(waiting, reason);
}

void InputDesk::exited(CallId id, int exit_code, const std::string& reason) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  const policy::Request request = found->second.request;
  const Key key = key_of(request);
  if (exit_code == exit_unpaired) unpaired(key, reason);
  if (exit_code == exit_injected) {
    quarantined_[key] = reason;
    paired_.erase(key);
    board_.audit.event("input", "sallyport: the keyboard " + key.second + " of " + key.first +
                                    " is stopped: " + reason);
    board_.notifier.tell({.resolution = policy::io::Notice::Resolution::fail,
                          .service = request.service,
                          .argument = request.argument,
                          .source = request.source,
                          .target = request.target});
  }
  if (exit_code == exit_panic && found->second.keyboard) handlers_.on_panic();
}

void InputDesk::forget(CallId id) {
  for (auto& [key, pairing] : pairings_) std::erase(pairing.waiting, id);
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  const Key key = key_of(found->second.request);
  running_.erase(found);
  const auto pairing = pairings_.find(key);
  if (pairing != pairings_.end() && pairing->second.call == id) {
    unpaired(key, "it went away before the digits were typed");
  }
  if (!plugged(key)) paired_.erase(key);
}

bool InputDesk::pairing(CallId id) const {
  return std::ranges::any_of(pairings_, [id](const auto& entry) {
    return entry.second.call == id || std::ranges::count(entry.second.waiting, id) != 0;
  });
}

// As far as dom0 knows: while its record is there, or a stream of it runs.
bool InputDesk::plugged(const Key& key) const {
  return device_of(key.first, key.second) != nullptr ||
         std::ranges::any_of(
             running_, [&key](const auto& entry) { return key_of(entry.second.request) == key; });
}

void InputDesk::look_again(const std::string& source) {
  const auto gone = [this, &source](const Key& key) {
    return key.first == source && !plugged(key);
  };
  std::erase_if(paired_, gone);
  std::erase_if(quarantined_, [&gone](const auto& entry) { return gone(entry.first); });
  std::erase_if(unproven_, [&gone](const auto& entry) {
    return entry.second.recorded ? gone(entry.first) : entry.second.over();
  });
}

void InputDesk::stop_all() {
  paired_.clear();
  for (const auto& [id, running] : running_) {
    quarantined_[key_of(running.request)] = "everything was detached";
  }
}

}  // namespace dom0::io
