// SPDX-License-Identifier: GPL-2.0-or-later
// InputDesk: how streams end, and what is then known of their devices.
#include <algorithm>

#include "base/io/unix_socket.hpp"
#include "dom0/input_argument.hpp"
#include "dom0/io/input_desk.hpp"

namespace dom0::io {

void InputDesk::exited(CallId id, int exit_code, const std::string& reason) {
  const policy::Request* found = running_.find(id);
  if (found == nullptr) return;
  const policy::Request request = *found;
  if (exit_code == exit_unpaired) unpaired(key_of(request), reason);
  if (exit_code == exit_unwanted) refuse_while_plugged(key_of(request), reason);
  if (exit_code == exit_injected) stopped(request, reason);
  if (exit_code == exit_panic && is_keyboard_service(request.service)) handlers_.on_panic();
}

// All of the device, for whoever types alone may click alone: on yes, when a person is asked.
void InputDesk::stopped(const policy::Request& request, const std::string& reason) {
  board_.devices.stop_input(identity_of(request), reason);
  const Key place = place_of(request);
  std::erase_if(paired_, [&place](const auto& entry) {
    return entry.first.first == place.first && input_place(entry.first.second) == place.second;
  });
  board_.audit.event("input", "sallyport: the keyboard " + request.argument + " of " +
                                  request.source + " is stopped: " + reason);
  board_.notifier.tell({.resolution = policy::io::Notice::Resolution::fail,
                        .service = request.service,
                        .argument = request.argument,
                        .source = request.source,
                        .target = request.target});
  handlers_.on_stopped(request);
}

void InputDesk::refuse_while_plugged(const Key& key, const std::string& reason) {
  unproven_[key] = {.reason = reason,
                    .since = std::chrono::steady_clock::now(),
                    .recorded = device_of(key.first, key.second) != nullptr};
}

// Knocks without a question.
bool InputDesk::still_without_screen(const policy::Request& request) {
  const Key key = key_of(request);
  if (!unshown_.contains(key)) return false;
  if (!base::io::connect_unix(board_.prompt_socket)) return true;
  unshown_.erase(key);
  return false;
}

bool InputDesk::unasked(const policy::Request& request) {
  if (unasked_.size() >= max_unasked) unasked_.clear();
  return unasked_.insert(key_of(request)).second;
}

void InputDesk::forget(CallId id) {
  for (auto& [key, pairing] : pairings_) std::erase(pairing.waiting, id);
  const policy::Request* request = running_.find(id);
  if (request == nullptr) return;
  const Key key = key_of(*request);
  running_.remove(id);
  const auto pairing = pairings_.find(key);
  if (pairing != pairings_.end() && pairing->second.call == id) {
    unpaired(key, "it went away before the digits were typed");
  }
  if (!plugged(key)) paired_.erase(key);
}

// A device that is recorded at that port, whichever, or a stream of it.
bool InputDesk::occupied(const Key& place) const {
  const std::string port = place.second.substr(place.second.rfind('-') + 1);
  const bool recorded =
      std::ranges::any_of(board_.inventory.devices(place.first), [&port](const auto& entry) {
        return entry.second.usb() != nullptr &&
               entry.first.substr(entry.first.find('-') + 1) == port;
      });
  return recorded || std::ranges::any_of(running_.all(), [&place](const auto& entry) {
           return place_of(entry.second) == place;
         });
}

bool InputDesk::pairing(CallId id) const {
  return std::ranges::any_of(pairings_, [id](const auto& entry) {
    return entry.second.call == id || std::ranges::count(entry.second.waiting, id) != 0;
  });
}

// As far as dom0 knows: while its record is there, or a stream of it runs.
bool InputDesk::plugged(const Key& key) const {
  return device_of(key.first, key.second) != nullptr || running_.any_of(key.first, key.second);
}

void InputDesk::look_again(const std::string& source) {
  const auto gone = [this, &source](const Key& key) {
    return key.first == source && !plugged(key);
  };
  std::erase_if(paired_, [&gone](const auto& entry) { return gone(entry.first); });
  std::erase_if(panicked_, [this, &source](const Key& place) {
    return place.first == source && !occupied(place);
  });
  std::erase_if(unasked_, gone);
  std::erase_if(unshown_, gone);
  std::erase_if(unproven_, [&gone](const auto& entry) {
    return entry.second.recorded ? gone(entry.first) : entry.second.over();
  });
}

void InputDesk::stop_all() {
  paired_.clear();
  for (const auto& [id, request] : running_.all()) panicked_.insert(place_of(request));
}

}  // namespace dom0::io
