// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/auto_attach.hpp"

#include <algorithm>
#include <set>

#include "dom0/io/device_question.hpp"

namespace dom0::io {
namespace {

// An approval in advance was for the device as it was then.
bool unchanged_since(const Assignment& assignment, const Device& device) {
  return assignment.fingerprint.empty() || assignment.fingerprint == fingerprint_of(device);
}

}  // namespace

void AutoAttach::plugged(const std::string& backend, const std::string& port_id) {
  give_up(place(backend, port_id));  // a device that changed is another one
  if (const Device* device = board_.inventory.find(backend, port_id)) {
    board_.devices.change_held([&, print = fingerprint_of(*device)](HeldDevices& held) {
      return held.told(backend, port_id, print);
    });
  }
  consider(backend, port_id);
}

bool AutoAttach::wants(const std::string& backend, const std::string& port_id) const {
  const Device* device = board_.inventory.find(backend, port_id);
  return device != nullptr &&
         !candidates(device->device_class(), {backend, port_id, device_id(*device)}).empty();
}

void AutoAttach::unplugged(const std::string& backend, const std::string& port_id) {
  forgotten(backend, port_id);
  board_.devices.change_held([&](HeldDevices& held) { return held.unplugged(backend, port_id); });
}

void AutoAttach::forgotten(const std::string& backend, const std::string& port_id) {
  give_up(place(backend, port_id));
}

// What was unplugged while nobody could hear of it.
void AutoAttach::told_all(const std::string& backend) {
  board_.devices.change_held([&](HeldDevices& held) {
    bool changed = false;
    for (const HeldDevice& each : std::vector(held.all())) {
      const bool gone =
          each.backend == backend && board_.inventory.find(backend, each.port_id) == nullptr;
      changed = (gone && held.unplugged(backend, each.port_id)) || changed;
    }
    return changed;
  });
}

void AutoAttach::started(const std::string& qube, const QubeLife& life) {
  lives_[qube] = life;
  board_.devices.change_held([&](HeldDevices& held) { return held.started(qube, life); });
  std::set<std::string> backends;
  for (const DeviceClass* each_class : device_classes) {
    for (const Assignment* each : board_.devices.assignments().of(qube, each_class->name)) {
      backends.insert(each->device.backend);
    }
  }
  for (const std::string& backend : backends) {
    // Only devices of this qube's own: others' are no news.
    for (const auto& [port_id, device] : board_.inventory.devices(backend)) {
      const auto wanting = board_.devices.assignments().wanting(
          device.device_class().name, {backend, port_id, device_id(device)});
      if (std::ranges::any_of(wanting,
                              [&qube](const Assignment* each) { return each->frontend == qube; })) {
        consider(backend, port_id);
      }
    }
  }
}

void AutoAttach::resumed() {
  board_.log.notice("resumed", {{"remedy", "assigned devices that went are attached again"}});
  for (const auto& [backend, config] : board_.qubes) {
    for (const auto& [port_id, device] : board_.inventory.devices(backend)) {
      consider(backend, port_id);
    }
  }
}

void AutoAttach::detached_by_hand(const std::vector<Wish>& wishes) {
  board_.devices.change_held([&](HeldDevices& held) {
    bool changed = false;
    for (const Wish& wish : wishes) changed = held.hold(held_of(wish)) || changed;
    return changed;
  });
  for (const Wish& wish : wishes) give_up(place(wish.backend, wish.port_id));
}

HeldDevice AutoAttach::held_of(const Wish& wish) const {
  const Device* device = board_.inventory.find(wish.backend, wish.port_id);
  return {.frontend = wish.frontend,
          .backend = wish.backend,
          .port_id = wish.port_id,
          .fingerprint = device == nullptr ? std::string() : fingerprint_of(*device),
          .frontend_life = life_of(wish.frontend),
          .backend_life = life_of(wish.backend)};
}

QubeLife AutoAttach::life_of(const std::string& qube) const {
  const auto found = lives_.find(qube);
  return found == lives_.end() ? QubeLife() : found->second;
}

void AutoAttach::give_up(const std::string& here) {
  const auto found = pending_.find(here);
  if (found == pending_.end()) return;
  if (found->second.question) found->second.question->cancel();
  pending_.erase(found);
}

std::vector<const Assignment*> AutoAttach::candidates(const DeviceClass& device_class,
                                                      const DeviceRef& ref) const {
  auto wanting = board_.devices.assignments().wanting(device_class.name, ref);
  std::erase_if(wanting, [this, &ref](const Assignment* each) {
    return each->frontend == ref.backend || board_.link(each->frontend) == nullptr ||
           board_.devices.held().contains(each->frontend, ref.backend, ref.port_id);
  });
  return wanting;
}

void AutoAttach::consider(const std::string& backend, const std::string& port_id) {
  const Device* device = board_.inventory.find(backend, port_id);
  if (device == nullptr || board_.leases.find_device(backend, port_id) != nullptr) return;
  const DeviceRef ref{backend, port_id, device_id(*device)};
  const auto wanting = candidates(device->device_class(), ref);
  if (const auto found = pending_.find(place(backend, port_id)); found != pending_.end()) {
    const auto& known = found->second.wanting;
    if (std::ranges::all_of(wanting, [&known](const Assignment* each) {
          return std::ranges::find(known, each->frontend) != known.end();
        })) {
      return;  // its turn comes
    }
    give_up(place(backend, port_id));  // one more wants it: that is another question
  }
  if (wanting.empty()) return;
  const Assignment& first = *wanting.front();
  if (wanting.size() == 1 && first.mode != AssignmentMode::ask_to_attach &&
      unchanged_since(first, *device)) {
    return attach({first.frontend, backend, port_id, first.options, &device->device_class()},
                  Approval::in_advance);
  }
  choose(ref, wanting);
}

// One question for all of them: the device can be with one only.
void AutoAttach::choose(const DeviceRef& device, const std::vector<const Assignment*>& wanting) {
  const Device shown = *board_.inventory.find(device.backend, device.port_id);
  Pending& pending = pending_[place(device.backend, device.port_id)];
  pending.question =
      std::make_shared<policy::io::AskClient>(board_.io, board_.device_prompt_socket);
  pending.wanting.clear();
  for (const Assignment* each : wanting) pending.wanting.push_back(each->frontend);
  pending.question->ask(
      question_of_assignment(board_, device.backend, shown, pending.wanting), board_.prompt_limit,
      [this, device, shown](const policy::io::Answer& answer) { chosen(device, shown, answer); });
}

void AutoAttach::chosen(const DeviceRef& device, const Device& shown,
                        const policy::io::Answer& answer) {
  const std::string here = place(device.backend, device.port_id);
  Pending& pending = pending_[here];
  if (answer.outcome == policy::io::Outcome::nobody_to_ask && ++pending.asks < max_asks) {
    if (pending.asks == 1) tell_refusal(device, answer);
    return ask_later(device, shown, pending);
  }
  pending_.erase(here);
  if (answer.outcome != policy::io::Outcome::allowed) return tell_refusal(device, answer);
  const Device* now = board_.inventory.find(device.backend, device.port_id);
  if (now == nullptr || !(*now == shown)) return;  // another one, which is considered by itself
  const auto wanting = candidates(shown.device_class(), device);
  const auto chosen = std::ranges::find(wanting, answer.target, &Assignment::frontend);
  if (chosen == wanting.end()) return;  // it was taken back while the question was open
  attach({answer.target, device.backend, device.port_id, (*chosen)->options, &shown.device_class(),
          answer.approver},
         Approval::at_prompt);
}

void AutoAttach::ask_later(const DeviceRef& device, const Device& shown, Pending& pending) {
  wait(place(device.backend, device.port_id), pending.asks, [this, device, shown] {
    const auto wanting = candidates(shown.device_class(), device);
    const Device* now = board_.inventory.find(device.backend, device.port_id);
    const bool free = board_.leases.find_device(device.backend, device.port_id) == nullptr;
    if (now != nullptr && *now == shown && free && !wanting.empty()) {
      return choose(device, wanting);
    }
    pending_.erase(place(device.backend, device.port_id));
  });
}

void AutoAttach::tell_refusal(const DeviceRef& device, const policy::io::Answer& answer) {
  board_.audit.event("assignment",
                     "sallyport: " + device.backend + ":" + device.port_id +
                         " is not attached by its assignment: " +
                         (answer.reason.empty() ? "refused at the prompt" : answer.reason),
                     {.approver = answer.approver});
}

void AutoAttach::attach(const Wish& wish, Approval approval) {
  attach_(wish, approval, [this, wish, approval](const AttachOutcome& outcome) {
    after_attach(wish, approval, outcome);
  });
}

void AutoAttach::after_attach(const Wish& wish, Approval approval, const AttachOutcome& outcome) {
  const std::string here = place(wish.backend, wish.port_id);
  if (outcome.kind == AttachOutcome::Kind::attached) {
    pending_.erase(here);
    return;
  }
  board_.log.warning("assignment_failed",
                     {{"device", here}, {"qube", wish.frontend}, {"reason", outcome.reason}});
  const bool held = board_.devices.held().contains(wish.frontend, wish.backend, wish.port_id);
  const bool there = board_.inventory.find(wish.backend, wish.port_id) != nullptr;
  Pending& pending = pending_[here];
  if (outcome.kind != AttachOutcome::Kind::failed || held || !there ||
      ++pending.tries >= max_tries) {
    pending_.erase(here);
    return;
  }
  pending.wanting = {wish.frontend};
  wait(here, pending.tries, [this, wish, approval] { again(wish, approval); });
}

void AutoAttach::again(const Wish& wish, Approval approval) {
  const bool ready = board_.link(wish.frontend) != nullptr &&
                     board_.leases.find_device(wish.backend, wish.port_id) == nullptr;
  if (ready) return attach(wish, approval);
  pending_.erase(place(wish.backend, wish.port_id));
}

// Twice as long each time, up to a bound. What is pending there now must still be when it runs.
void AutoAttach::wait(const std::string& here, unsigned before, std::function<void()> then) {
  const unsigned doubled = before > 5 ? longest_wait : std::min(longest_wait, 1U << (before - 1));
  Pending& pending = pending_.at(here);
  pending.question.reset();
  pending.timer = std::make_unique<boost::asio::steady_timer>(board_.io, first_wait_ * doubled);
  pending.timer->async_wait(
      [this, here, then = std::move(then)](const boost::system::error_code& error) {
        const auto found = pending_.find(here);
        if (error || found == pending_.end() || !found->second.timer) return;
        // It may have fired for what was pending there before.
        if (found->second.timer->expiry() <= std::chrono::steady_clock::now()) then();
      });
}

}  // namespace dom0::io
