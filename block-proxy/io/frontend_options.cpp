// SPDX-License-Identifier: GPL-2.0-or-later
// The frontend's command line, and what it makes of the server's offer.
#include <bit>
#include <limits>

#include "block-proxy/io/frontend.hpp"

namespace blockproxy::io {
namespace {

constexpr std::uint32_t smallest_sector = 512;
constexpr std::uint32_t largest_sector = 4096;
constexpr std::uint64_t largest_medium = std::numeric_limits<std::int64_t>::max();

}  // namespace

const char* const frontend_usage =
    "usage: sallyport-block-frontend [--agent-socket PATH] [--devices-socket PATH] [--carry]\n"
    "Service sallyport.BlockAttach: puts a block device of another qube on this qube's kernel.\n"
    "stdin: 'BACKEND NAME', then 'option KEY VALUE' lines, then an empty line.\n";

base::Result<FrontendOptions> FrontendOptions::parse(const std::vector<std::string>& arguments) {
  FrontendOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--help") {
      options.help = true;
      continue;
    }
    if (name == "--carry") {
      options.carry = Carry::always;
      continue;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + name);
    const std::string& value = arguments[++i];
    if (name == "--agent-socket") {
      options.agent_socket = value;
    } else if (name == "--devices-socket") {
      options.devices_socket = value;
    } else {
      return base::fail("unknown option " + name);
    }
  }
  return options;
}

base::Result<agent::devices::NbdRequest> kernel_device(const AttachRequest& request,
                                                       const nbd::Offer& untrusted) {
  namespace can = nbd::transmission;
  namespace flag = agent::devices::nbd_flag;
  const auto has = [&untrusted](std::uint16_t bit) { return (untrusted.flags & bit) != 0; };
  if (request.access == nbd::Access::read_only && !has(can::read_only)) {
    return base::fail("the backend offers the device for writing, but it is attached read-only");
  }
  if (request.type == AttachRequest::Type::cdrom && request.access != nbd::Access::read_only) {
    return base::fail("a disc is not written, but this one is to be attached for writing");
  }
  if (untrusted.size < smallest_sector) {
    return base::fail("the medium has " + std::to_string(untrusted.size) +
                      " bytes; there is no device that small");
  }
  if (untrusted.size > largest_medium) {
    return base::fail("the medium claims to have " + std::to_string(untrusted.size) +
                      " bytes; there is no device that large");
  }
  const std::uint32_t sector = std::max(untrusted.minimum_block, smallest_sector);
  if (sector > largest_sector || !std::has_single_bit(sector)) {
    return base::fail("the medium has sectors of " + std::to_string(sector) +
                      " bytes, which this kernel's nbd does not take");
  }
  agent::devices::NbdRequest device{
      .size = untrusted.size, .sector_size = sector, .flags = 0, .name = request.frontend_dev};
  if (!agent::devices::valid_nbd_name(device.name)) {
    return base::fail("'" + device.name + "' is no name for it; xvdi, or sdb, is one");
  }
  // One that may be written is written only if the server lets it: this way round nothing is lost.
  if (has(can::read_only)) device.flags |= flag::read_only;
  if (has(can::send_flush)) device.flags |= flag::flush;
  if (has(can::send_fua)) device.flags |= flag::fua;
  if (has(can::send_trim)) device.flags |= flag::trim;
  if (has(can::rotational)) device.flags |= flag::rotational;
  return device;
}

}  // namespace blockproxy::io
