// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/walk.hpp"

namespace attacks {
namespace {

constexpr std::uint8_t configuration_type = 2, interface_type = 4, endpoint_type = 5;

}  // namespace

Walked walk(base::wire::Bytes configuration) {
  Walked result;
  while (configuration.size() >= 2) {
    const auto length = std::to_integer<std::size_t>(configuration[0]);
    const auto type = std::to_integer<std::uint8_t>(configuration[1]);
    if (length < 2 || length > configuration.size()) break;
    base::wire::Reader in(configuration.first(length));
    in.take(2);
    if (type == configuration_type) {
      in.take(3);
      result.value = in.u8();
    } else if (type == interface_type) {
      WalkedInterface& one = result.interfaces.emplace_back();
      one.number = in.u8();
      one.alternate = in.u8();
      in.u8();
      one.code = in.u8();
      one.subclass = in.u8();
      one.protocol = in.u8();
    } else if (type == endpoint_type && !result.interfaces.empty()) {
      WalkedEndpoint& one = result.interfaces.back().endpoints.emplace_back();
      one.address = in.u8();
      one.attributes = in.u8();
      one.max_packet = in.u16();
      one.interval = in.u8();
    }
    configuration = configuration.subspan(length);
  }
  return result;
}

}  // namespace attacks
