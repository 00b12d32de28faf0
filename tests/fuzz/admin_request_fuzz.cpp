// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that a client of the Admin API can say: request, device argument, payload. What is
// accepted must be written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "base/device/properties.hpp"
#include "dom0/admin_request.hpp"
#include "dom0/device_lines.hpp"

namespace {

void check_ref(std::string_view text) {
  const auto ref = dom0::parse_device_ref(text);
  if (!ref) return;
  const auto again = dom0::parse_device_ref(dom0::format_device_ref(*ref));
  if (!again || *again != *ref) std::abort();
}

void check_properties(std::string_view text) {
  const auto properties = base::device::parse_properties(text);
  if (!properties) return;
  // A backslash before a quote or at the end is written as '_'; from then on nothing changes.
  const std::string written = base::device::format_properties(*properties);
  const auto again = base::device::parse_properties(written);
  if (!again || base::device::format_properties(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  const std::string_view text = base::wire::as_text(untrusted);
  check_ref(text);
  check_properties(text);
  const auto request = dom0::parse_admin_request(untrusted);
  if (!request) return 0;
  check_ref(request->argument);
  check_properties(request->payload);
  return 0;
}
