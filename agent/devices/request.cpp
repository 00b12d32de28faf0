// SPDX-License-Identifier: GPL-2.0-or-later
// The device helper's requests; see the header.
#include "agent/devices/request.hpp"

#include <bit>

#include "base/wire/writer.hpp"

namespace agent::devices {
namespace {

bool kernel_speed(std::uint32_t value) { return value >= 1 && value <= 5 && value != 4; }

bool in_range(const Request& request) {
  switch (request.operation) {
    case Operation::open_usb:
      return request.a >= 1 && request.a <= max_bus && request.b >= 1 && request.b <= max_device &&
             request.c == 0;
    case Operation::vhci_attach:
      return request.a <= max_vhci_port && kernel_speed(request.b);
    case Operation::vhci_detach:
      return request.a <= max_vhci_port && request.b == 0 && request.c == 0;
    case Operation::open_input:
      return request.a <= max_input_event && request.b == 0 && request.c == 0;
    case Operation::open_block:
      return request.a <= max_block_major && request.b <= max_block_minor && request.c <= 1;
  }
  return false;  // an operation that does not exist
}

}  // namespace

std::vector<std::byte> encode_request(const Request& request) {
  std::vector<std::byte> wire;
  base::wire::Writer(wire)
      .u32(static_cast<std::uint32_t>(request.operation))
      .u32(request.a)
      .u32(request.b)
      .u32(request.c);
  return wire;
}

std::optional<Request> parse_request(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  Request request;
  request.operation = static_cast<Operation>(in.u32());
  request.a = in.u32();
  request.b = in.u32();
  request.c = in.u32();
  if (!in.done() || !in_range(request)) return std::nullopt;
  return request;
}

std::vector<std::byte> encode_answer(int result) {
  std::vector<std::byte> wire;
  base::wire::Writer(wire).u32(std::bit_cast<std::uint32_t>(result));
  return wire;
}

}  // namespace agent::devices
