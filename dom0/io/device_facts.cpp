// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/device_facts.hpp"

#include "base/wire/base64.hpp"
#include "dom0/device_lines.hpp"
#include "dom0/io/scan_verdict.hpp"

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
                             const Device& device) {
  policy::DeviceFacts facts{.backend = backend,
                            .port_id = device.port_id(),
                            .history = history_of(board.devices.judge(backend, device).verdict),
                            .interfaces = interface_codes(device)};
  if (const auto* usb = device.usb()) {
    facts.vendor_id = usb->vendor_id;
    facts.product_id = usb->product_id;
    facts.serial = usb->serial;
    facts.name = usb->product;
    for (const sysusb::Interface& each : usb->described) {
      facts.described.push_back(interface_code(each));
    }
    facts.usbguard_hash = base::wire::to_base64(base::wire::as_bytes(usb->usbguard_hash));
  } else if (const auto* block = device.block()) {
    facts.serial = block->serial;
    facts.name = block->model;
    const ScanFacts scan = scan_of(board, backend, device);
    facts.scan = scan.scan;
    facts.scan_age = scan.age;
  }
  return facts;
}

}  // namespace dom0::io
