// SPDX-License-Identifier: GPL-2.0-or-later
// The frontend's command line, and what it makes of the server's offer.
#include "block-proxy/io/frontend.hpp"
#include "block-proxy/usable_offer.hpp"

namespace blockproxy::io {
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
  const auto usable = usable_offer(request, untrusted);
  if (!usable) return base::Unexpected{usable.error()};
  agent::devices::NbdRequest device{.size = usable->size,
                                    .sector_size = usable->sector_size,
                                    .flags = 0,
                                    .name = request.frontend_dev};
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
