// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/io/early_watch.hpp"

#include <algorithm>
#include <utility>

namespace sysusb::early::io {

base::Result<Phase> EarlyWatch::look() {
  if (auto locked = state_.lock(); !locked) return base::fail(locked.error().text);
  auto phase = look_locked();
  state_.unlock();
  return phase;
}

base::Result<Phase> EarlyWatch::look_locked() {
  auto record = state_.read();
  if (!record) return base::fail(record.error().text);
  if (record->phase == Phase::over) return Phase::over;
  const auto names = list_devices(sys_);
  if (!names) {
    // The driver of the controllers may come later.
    if (std::exchange(said_[{}], names.error().text) != names.error().text) {
      log_.say(Weight::warning, names.error().text);
    }
    return Phase::running;
  }
  std::erase_if(said_, [&names](const auto& each) {
    return std::ranges::find(*names, each.first) == names->end();
  });
  for (const std::string& name : *names) {
    const auto device = BusDevice::open(sys_, name);
    if (!device) continue;  // just unplugged
    if (auto done = consider(*device, *record); !done) return base::fail(done.error().text);
  }
  return Phase::running;
}

// An error only where the record fails; a device that fails is left as it is.
base::Status EarlyWatch::consider(const BusDevice& device, EarlyRecord& record) {
  const auto authorised = device.authorised();
  const auto number = device.number();
  if (!authorised || !number || *authorised == Switch::on) return base::Ok{};
  const auto bytes = device.descriptors();
  if (!bytes) {
    say_once(device, "refused: its descriptors cannot be read: " + bytes.error().text);
    return base::Ok{};
  }
  const auto verdict =
      judge(config_, device.place(), parse_descriptors(base::wire::as_bytes(*bytes)),
            keyboards_in_use(record));
  if (verdict.role == Role::refused) {
    say_once(device, "refused: " + verdict.why);
    return base::Ok{};
  }
  // Recorded first: what is taken back without having been given does no harm.
  const Authorised entry{.role = verdict.role, .name = device.name(), .number = *number};
  const bool known = std::ranges::find(record.devices, entry) != record.devices.end();
  if (!known) {
    if (auto written = state_.append(line_of(entry)); !written) return written;
    record.devices.push_back(entry);
  }
  const auto done = device.set(Switch::on);
  say_once(device, done ? "allowed: " + verdict.why : "not allowed: " + done.error().text);
  return base::Ok{};
}

unsigned EarlyWatch::keyboards_in_use(const EarlyRecord& record) const {
  unsigned in_use = 0;
  for (const Authorised& each : record.devices) {
    if (each.role != Role::keyboard) continue;
    const auto device = BusDevice::open(sys_, each.name);
    if (!device) continue;
    const auto number = device->number();
    const auto authorised = device->authorised();
    if (number && *number == each.number && authorised && *authorised == Switch::on) ++in_use;
  }
  return in_use;
}

void EarlyWatch::say_once(const BusDevice& device, const std::string& text) {
  const std::string line = device.name() + " at " + text_of(device.place()) + " " + text;
  if (std::exchange(said_[device.name()], line) == line) return;
  log_.say(Weight::notice, line);
}

}  // namespace sysusb::early::io
