// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/nbd_request.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/wire/writer.hpp"

namespace agent::devices {
namespace {

constexpr std::size_t name_field = max_nbd_name + 1;
constexpr std::uint32_t min_sector = 512;
constexpr std::uint32_t max_sector = 4096;  // a page

bool nbd_in_range(const NbdRequest& request) {
  return request.size >= min_sector &&
         request.size <= std::uint64_t{std::numeric_limits<std::int64_t>::max()} &&
         std::has_single_bit(request.sector_size) && request.sector_size >= min_sector &&
         request.sector_size <= max_sector && (request.flags & ~nbd_flag::all) == 0 &&
         valid_nbd_name(request.name);
}

}  // namespace

bool valid_nbd_name(std::string_view name) {
  for (const std::string_view prefix : {std::string_view("xvd"), std::string_view("sd")}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    return !name.empty() && name.size() <= 2 &&
           std::ranges::all_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
  }
  return false;
}

std::vector<std::byte> encode_nbd_request(const NbdRequest& request) {
  std::vector<std::byte> wire;
  std::string name = request.name.substr(0, max_nbd_name);
  name.resize(name_field, '\0');
  base::wire::Writer(wire)
      .u32(nbd_operation)
      .u32(request.sector_size)
      .u32(request.flags)
      .u32(0)
      .u64(request.size)
      .text(name);
  return wire;
}

std::optional<NbdRequest> parse_nbd_request(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  NbdRequest request;
  const std::uint32_t operation = in.u32();
  request.sector_size = in.u32();
  request.flags = in.u32();
  const std::uint32_t zero = in.u32();
  request.size = in.u64();
  const std::string_view name = base::wire::as_text(in.take(name_field));
  if (!in.done() || operation != nbd_operation || zero != 0) return std::nullopt;
  request.name = name.substr(0, name.find('\0'));
  const std::string_view padding = name.substr(request.name.size());
  const bool padded = padding.find_first_not_of('\0') == std::string_view::npos;
  if (!padded || !nbd_in_range(request)) return std::nullopt;
  return request;
}

}  // namespace agent::devices
