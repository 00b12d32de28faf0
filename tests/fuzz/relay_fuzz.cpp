// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon and its relay tell each other, and the lease that the relay keeps for a restarted
// daemon; what parses must encode to the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "dom0/lease.hpp"
#include "dom0/relay_protocol.hpp"

namespace {

void check_lease(base::wire::Bytes record) {
  const auto lease = dom0::parse_lease(record);
  if (!lease) return;
  const auto written = dom0::encode_lease(*lease);
  if (written.size() > dom0::max_relay_record) std::abort();
  if (!std::ranges::equal(written, record)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  check_lease(untrusted);
  if (const auto request = dom0::parse_relay_request(untrusted)) {
    if (!std::ranges::equal(dom0::encode(*request), untrusted)) std::abort();
    check_lease(request->record);
  }
  if (const auto report = dom0::parse_relay_report(untrusted)) {
    if (!std::ranges::equal(dom0::encode(*report), untrusted)) std::abort();
    check_lease(report->record);
  }
  return 0;
}
