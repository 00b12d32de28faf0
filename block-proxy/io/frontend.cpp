// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/frontend.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include "block-proxy/io/attach_service.hpp"
#include "block-proxy/io/carrier.hpp"
#include "block-proxy/io/handshake.hpp"

namespace blockproxy::io {
namespace {

using base::io::Fd;

// Attaches `stream`, which is taken if its bytes have to be carried; nullptr: they need not be.
base::Result<std::unique_ptr<Carrier>> attach(agent::devices::Client& helper,
                                              const agent::devices::NbdRequest& device, Fd& stream,
                                              Carry carry) {
  if (carry == Carry::as_needed) {
    const auto attached = helper.nbd_attach(device, {&stream});
    if (attached) return std::unique_ptr<Carrier>();
    if (attached.error().number != EINVAL) return base::fail(attached.error().text);
  }
  auto pair = carried_pair();
  if (!pair) return base::fail(pair.error().text);
  if (const auto attached = helper.nbd_attach(device, {&pair->second}); !attached) {
    return base::fail(attached.error().text);
  }
  return Carrier::make(std::move(stream), std::move(pair->first), &helper,
                       "the kernel let go of the device");
}

// The bytes of the stream are the kernel's now; only its end concerns us, and the helper's.
std::string_view wait_for_end(const Fd& stream, const agent::devices::Client& helper) {
  std::array fds{pollfd{.fd = stream.get(), .events = POLLRDHUP, .revents = 0},
                 pollfd{.fd = helper.socket().get(), .events = POLLIN, .revents = 0}};
  for (;;) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return "poll failed";
    if (fds[0].revents != 0) return "the stream to the backend ended";
    if (fds[1].revents != 0) return helper.why_over();
  }
}

}  // namespace

int run_frontend(const FrontendOptions& options) {
  base::io::ignore_sigpipe();
  const auto request = read_device_request();
  if (!request) return ended(1, request.error().text);
  // First this qube's side: without it there is no point in asking anybody.
  auto helper = agent::devices::Client::connect(options.devices_socket);
  if (!helper) return ended(1, helper.error().text);
  const auto dev_null = open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  auto stream = call_backend(options.agent_socket, *request);
  if (!stream) return ended(stream.error().exit_code, stream.error().text);
  if (const auto inside = enter_attach_sandbox(); !inside) return ended(1, inside.error().text);

  // From here on bytes of the backend are read.
  const auto offer = shake_hands(*stream, {}, nbd::Replies::simple);
  if (!offer) return ended(1, offer.error().text);
  const auto device = kernel_device(*request, *offer);
  if (!device) return ended(1, device.error().text);
  const auto carrier = attach(*helper, *device, *stream, options.carry);
  if (!carrier) return ended(1, carrier.error().text);
  if (const auto told = report_attached(*dev_null); !told) return ended(1, told.error().text);
  if (*carrier) return ended(0, (*carrier)->run());
  const std::string_view why = wait_for_end(*stream, *helper);
  // Whatever became of the helper or the server: without its stream the kernel's device is dead.
  ::shutdown(stream->get(), SHUT_RDWR);
  return ended(0, why);
}

}  // namespace blockproxy::io
