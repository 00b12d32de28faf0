// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/guest.hpp"

#include "block-proxy/io/attach_service.hpp"
#include "block-proxy/io/carrier.hpp"
#include "block-proxy/io/guest_drive.hpp"
#include "block-proxy/io/handshake.hpp"
#include "block-proxy/usable_offer.hpp"

namespace blockproxy::io {

const char* const guest_usage =
    "usage: sallyport-block-guest --qmp PATH [--agent-socket PATH]\n"
    "Service sallyport.BlockAttach of a guest without an agent: puts a block device of another\n"
    "qube into its QEMU, whose monitor is at PATH.\n"
    "stdin: 'BACKEND NAME', then 'option KEY VALUE' lines, then an empty line.\n";

int run_guest(const base::io::GuestOptions& options) {
  base::io::ignore_sigpipe();
  const auto request = read_device_request();
  if (!request) return ended(1, request.error().text);
  const GuestDrive drive(options.monitor, request->frontend_dev);
  // First the guest: without it there is no point in asking anybody.
  if (const auto there = drive.look(); !there) return ended(1, there.error().text);
  const auto dev_null = open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  auto stream = call_backend(options.agent_socket, *request);
  if (!stream) return ended(stream.error().exit_code, stream.error().text);
  // Only the monitor is connected to once more, when the drive is pulled out.
  if (const auto inside = enter_attach_sandbox({"socket", "connect"}); !inside)
    return ended(1, inside.error().text);

  // From here on bytes of the backend are read. QEMU gets none of its handshake: what the drive is,
  // this process has understood, and says it in its own words.
  const auto offer = shake_hands(*stream, {}, nbd::Replies::simple);
  if (!offer) return ended(1, offer.error().text);
  const auto medium = usable_offer(*request, *offer);
  if (!medium) return ended(1, medium.error().text);
  auto pair = carried_pair();
  if (!pair) return ended(1, pair.error().text);
  const auto plugged = drive.plug(pair->second, *medium, [&] {
    return answer_handshake(pair->first, *medium,
                            std::chrono::steady_clock::now() + base::io::Qmp::usual_time);
  });
  if (!plugged) return ended(1, plugged.error().text);
  pair->second.reset();
  auto carrier = Carrier::make(std::move(*stream), std::move(pair->first), nullptr,
                               "the guest ended, or let go of the drive");
  if (!carrier) return ended(1, carrier.error().text);
  if (const auto told = report_attached(*dev_null); !told) return ended(1, told.error().text);
  const std::string_view why = (*carrier)->run();
  if (const auto gone = drive.unplug(); !gone) {
    return ended(0,
                 std::string(why) + "; the guest still shows a dead drive: " + gone.error().text);
  }
  return ended(0, why);
}

}  // namespace blockproxy::io
