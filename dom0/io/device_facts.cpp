// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/device_facts.hpp"

#include "dom0/device_lines.hpp"

namespace dom0::io {
namespace {

using History = policy::DeviceFacts::History;

History history_of(HistoryVerdict verdict) {
  switch (verdict) {
    case HistoryVerdict::known:
      return History::known;
    case HistoryVerdict::changed:
      return History::changed;
    case HistoryVerdict::fresh:
      break;
  }
  return History::fresh;
}

}  // namespace

policy::DeviceFacts facts_of(const Switchboard& board, const std::string& backend,
                             const sysusb::DeviceRecord& device) {
  policy::DeviceFacts facts{.backend = backend,
                            .port_id = device.port_id,
                            .history = history_of(board.devices.judge(backend, device).verdict),
                            .vendor_id = device.vendor_id,
                            .product_id = device.product_id,
                            .serial = device.serial,
                            .name = device.product};
  for (const auto& each : device.interfaces) facts.interfaces.push_back(interface_code(each));
  return facts;
}

}  // namespace dom0::io
