// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/fetch.hpp"

#include <algorithm>
#include <string>

namespace blockproxy::snapshot {
namespace {

enum class Got : std::uint8_t { all, unreadable };

base::Error fetch_error(MediumFault fault, std::uint64_t offset) {
  const std::string at = "read the medium at " + std::to_string(offset) + ": ";
  switch (fault) {
    case MediumFault::unreadable:
      return {at + "it cannot be read"};
    case MediumFault::timeout:
      return {at + "no answer in time; plug it in again, or give it up"};
    case MediumFault::gone:
      return {at + "it is gone; plug it in again"};
    case MediumFault::full:
      return {at + "it refuses"};
  }
  return {at + "?"};
}

base::Result<Got> read_whole(Medium& medium, std::uint64_t offset, std::span<std::byte> out,
                             std::optional<std::uint64_t>& ended_at) {
  while (!out.empty()) {
    const auto got = medium.read(offset, out);
    if (!got && got.error() == MediumFault::unreadable) return Got::unreadable;
    if (!got) return base::Unexpected{fetch_error(got.error(), offset)};
    if (*got > out.size()) return base::fail("read the medium: more bytes than were asked for");
    if (*got == 0) {
      ended_at = offset;
      return base::fail("read the medium: it ends at " + std::to_string(offset) +
                        ", before the size that it had; take it for hostile or broken");
    }
    offset += *got;
    out = out.subspan(*got);
  }
  return Got::all;
}

}  // namespace

base::Status fetch(Medium& medium, FetchPlan& plan, std::span<std::byte> out,
                   std::optional<std::uint64_t>& ended_at) {
  const std::uint64_t start = plan.range().offset;
  while (const auto range = plan.next()) {
    const auto part = out.subspan(range->offset - start, range->length);
    const auto got = read_whole(medium, range->offset, part, ended_at);
    if (!got) return base::Unexpected{got.error()};
    if (*got == Got::all) {
      plan.was_read();
    } else if (plan.was_unreadable()) {
      std::ranges::fill(part, std::byte{0});
    }
  }
  return base::Ok{};
}

}  // namespace blockproxy::snapshot
