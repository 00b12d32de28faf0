// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/auto_attach.hpp"

#include <algorithm>

#include "dom0/io/device_question.hpp"

namespace dom0::io {
namespace {

// An approval in advance was for the device as it was then.
bool unchanged_since(const Assignment& assignment, const Device& device) {
  return assignment.fingerprint.empty() || assignment.fingerprint == fingerprint_of(device);
}

}  // namespace

void AutoAttach::plugged(const std::string& backend, const std::string& port_id) {
  unplugged(backend, port_id);  // a device that changed is another one
  consider(backend, port_id);
}

void AutoAttach::unplugged(const std::string& backend, const std::string& port_id) {
  const std::string here = place(backend, port_id);
  if (const auto found = pending_.find(here); found != pending_.end()) {
    if (found->second.question) found->second.question->cancel();
    pending_.erase(found);
  }
  std::erase_if(held_, [&here](const auto& entry) { return entry.second == here; });
}

void AutoAttach::started(const std::string& frontend) {
  std::erase_if(held_, [&frontend](const auto& entry) { return entry.first == frontend; });
  std::set<std::string> backends;
  for (const DeviceClass* each_class : device_classes) {
    for (const Assignment* each : board_.devices.assignments().of(frontend, each_class->name)) {
      backends.insert(each->device.backend);
    }
  }
  for (const std::string& backend : backends) {
    // Only devices of this qube's own: others' are no news.
    for (const auto& [port_id, device] : board_.inventory.devices(backend)) {
      const auto wanting = board_.devices.assignments().wanting(
          device.device_class().name, {backend, port_id, device_id(device)});
      if (std::ranges::any_of(wanting, [&frontend](const Assignment* each) {
            return each->frontend == frontend;
          })) {
        consider(backend, port_id);
      }
    }
  }
}

void AutoAttach::detached_by_hand(const Wish& wish) {
  const std::string here = place(wish.backend, wish.port_id);
  held_.emplace(wish.frontend, here);
  pending_.erase(here);
}

std::vector<const Assignment*> AutoAttach::candidates(const DeviceClass& device_class,
                                                      const DeviceRef& ref) const {
  auto wanting = board_.devices.assignments().wanting(device_class.name, ref);
  std::erase_if(wanting, [this, &ref](const Assignment* each) {
    return each->frontend == ref.backend || board_.link(each->frontend) == nullptr ||
           held_.contains({each->frontend, place(ref.backend, ref.port_id)});
  });
  return wanting;
}

void AutoAttach::consider(const std::string& backend, const std::string& port_id) {
  const Device* device = board_.inventory.find(backend, port_id);
  if (device == nullptr || board_.leases.find_device(backend, port_id) != nullptr) return;
  if (pending_.contains(place(backend, port_id))) return;  // its turn comes
  const DeviceRef ref{backend, port_id, device_id(*device)};
  const auto wanting = candidates(device->device_class(), ref);
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
  std::vector<std::string> targets;
  targets.reserve(wanting.size());
  for (const Assignment* each : wanting) targets.push_back(each->frontend);
  pending.question->ask(
      question_of_assignment(board_, device.backend, shown, std::move(targets)),
      board_.prompt_limit,
      [this, device, shown](const policy::io::Answer& answer) { chosen(device, shown, answer); });
}

void AutoAttach::chosen(const DeviceRef& device, const Device& shown,
                        const policy::io::Answer& answer) {
  pending_.erase(place(device.backend, device.port_id));
  if (answer.outcome != policy::io::Outcome::allowed) {
    board_.audit.event("assignment",
                       "sallyport: " + device.backend + ":" + device.port_id +
                           " is not attached by its assignment: " +
                           (answer.reason.empty() ? "refused at the prompt" : answer.reason));
    return;
  }
  const Device* now = board_.inventory.find(device.backend, device.port_id);
  if (now == nullptr || !(*now == shown)) return;  // another one, which is considered by itself
  const auto wanting = candidates(shown.device_class(), device);
  const auto chosen = std::ranges::find(wanting, answer.target, &Assignment::frontend);
  if (chosen == wanting.end()) return;  // it was taken back while the question was open
  attach({answer.target, device.backend, device.port_id, (*chosen)->options, &shown.device_class()},
         Approval::at_prompt);
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
  const bool held = held_.contains({wish.frontend, here});
  const bool there = board_.inventory.find(wish.backend, wish.port_id) != nullptr;
  Pending& pending = pending_[here];
  if (outcome.kind != AttachOutcome::Kind::failed || held || !there ||
      ++pending.tries >= max_tries) {
    pending_.erase(here);
    return;
  }
  pending.timer = std::make_unique<boost::asio::steady_timer>(board_.io);
  pending.timer->expires_after(std::chrono::seconds(1U << (pending.tries - 1)));
  pending.timer->async_wait([this, wish, approval](const boost::system::error_code& error) {
    if (error) return;
    const bool ready = board_.link(wish.frontend) != nullptr &&
                       board_.leases.find_device(wish.backend, wish.port_id) == nullptr;
    if (ready) return attach(wish, approval);
    pending_.erase(place(wish.backend, wish.port_id));
  });
}

}  // namespace dom0::io
