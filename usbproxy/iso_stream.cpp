// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/iso_stream.hpp"

namespace usbproxy {

std::string describe(const IsoCounters& counters) {
  const std::uint64_t all =
      counters.served + counters.lost + counters.late + counters.dropped + counters.failed;
  if (all == 0) return {};
  return " (isochronous packets: " + std::to_string(counters.served) + " served, " +
         std::to_string(counters.lost) + " lost, " + std::to_string(counters.late) + " late, " +
         std::to_string(counters.dropped) + " dropped, " + std::to_string(counters.failed) +
         " failed)";
}

void IsoStream::reshape(const IsoShape& wanted) {
  if (wanted == shape) return;
  if (wanted.packet_size != shape.packet_size) buffer = IsoBuffer(wanted.packet_size);
  shape = wanted;
  clock = IsoClock(wanted.interval);
}

void IsoStream::forget() {
  buffer.clear();
  flowing = false;
  next_out_id = 0;
}

}  // namespace usbproxy
