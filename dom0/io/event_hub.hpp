// SPDX-License-Identifier: GPL-2.0-or-later
// Tells everybody who listens (admin.Events) what happens to qubes and devices.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/device/properties.hpp"
#include "dom0/device_lines.hpp"

namespace dom0::io {

class EventHub {
 public:
  using Listener = std::function<void(const std::vector<std::byte>& event)>;
  using Id = std::uint64_t;

  // `subject`: only events about this qube; empty: all. The listener may not remove itself while it
  // is called.
  Id add(std::string subject, Listener listener);
  void remove(Id id) { listeners_.erase(id); }

  // `subject`: the qube it is about; empty: dom0. Written once for all listeners, and not at all
  // when there are none.
  void emit(const std::string& subject, std::string_view event,
            const base::device::Properties& facts = {}) const;
  // "device-attach:usb" and the like, with the device as Qubes' clients read it.
  void emit_device(const std::string& subject, std::string_view event,
                   const DeviceClass& device_class, const DeviceRef& device,
                   const base::device::Properties& facts = {}) const;

 private:
  struct Entry {
    std::string subject;
    Listener listener;
  };
  std::map<Id, Entry> listeners_;
  Id next_ = 1;
};

}  // namespace dom0::io
