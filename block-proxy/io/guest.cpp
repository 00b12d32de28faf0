// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/guest.hpp"

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/io/attach_service.hpp"
#include "block-proxy/io/carrier.hpp"
#include "block-proxy/io/guest_drive.hpp"
#include "block-proxy/io/handshake.hpp"
#include "block-proxy/usable_offer.hpp"

namespace blockproxy::io {
namespace {

constexpr int socket_buffer = 4 << 20;

// No file; only the monitor is connected to once more, when the drive is pulled out.
base::Status enter_guest_sandbox() {
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  for (const char* name : {"dup2", "socketpair", "splice", "socket", "connect"}) {
    sandbox.syscalls.emplace_back(name);
  }
  return base::io::enter_sandbox(sandbox);
}

}  // namespace

int run_guest(const GuestOptions& options) {
  base::io::ignore_sigpipe();
  const auto request = read_device_request();
  if (!request) return ended(1, request.error().text);
  const GuestDrive drive(options.monitor, request->frontend_dev);
  // First the guest: without it there is no point in asking anybody.
  if (const auto there = drive.look(); !there) return ended(1, there.error().text);
  const auto dev_null = open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  auto stream = base::io::call_service(options.agent_socket, request->backend,
                                       "sallyport.Block+" + request->device);
  if (!stream) return ended(stream.error().exit_code, stream.error().text);
  base::io::enlarge_buffers(*stream, socket_buffer);
  if (const auto inside = enter_guest_sandbox(); !inside) return ended(1, inside.error().text);

  // From here on bytes of the backend are read. QEMU gets none of its handshake: what the drive is,
  // this process has understood, and says it in its own words.
  const auto offer = shake_hands(*stream, {}, nbd::Replies::simple);
  if (!offer) return ended(1, offer.error().text);
  const auto medium = usable_offer(*request, *offer);
  if (!medium) return ended(1, medium.error().text);
  auto pair = base::io::stream_pair();
  if (!pair) return ended(1, pair.error().text);
  for (const auto* end : {&pair->first, &pair->second}) {
    base::io::enlarge_buffers(*end, socket_buffer);
  }
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
