// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/event_hub.hpp"

#include <utility>

#include "dom0/admin_reply.hpp"

namespace dom0::io {

EventHub::Id EventHub::add(std::string subject, Listener listener) {
  listeners_.emplace(next_, Entry{std::move(subject), std::move(listener)});
  return next_++;
}

void EventHub::emit(const std::string& subject, std::string_view event,
                    const base::device::Properties& facts) const {
  if (listeners_.empty()) return;
  const AdminReply bytes = encode_event(subject, event, facts);
  for (const auto& [id, entry] : listeners_) {
    if (entry.subject.empty() || entry.subject == subject) entry.listener(bytes);
  }
}

void EventHub::emit_device(const std::string& subject, std::string_view event,
                           const DeviceClass& device_class, const DeviceRef& device,
                           const base::device::Properties& facts) const {
  if (listeners_.empty()) return;
  const std::string port = device.backend + ":" + device.port_id;
  // Of what is gone only the place is left to be named.
  const bool place_only = event == "device-removed" || event == "device-detach";
  base::device::Properties all{
      place_only ? base::device::Property{"port", port}
                 : base::device::Property{"device", port + ":" + device.device_id}};
  all.insert(all.end(), facts.begin(), facts.end());
  emit(subject, std::string(event) + ":" + std::string(device_class.name), all);
}

}  // namespace dom0::io
