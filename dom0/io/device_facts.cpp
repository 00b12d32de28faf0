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
  } else if (const auto* block = device.block()) {
    facts.serial = block->serial;
    facts.name = block->model;
  }
  return facts;
}

}  // namespace dom0::io
