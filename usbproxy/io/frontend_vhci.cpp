// SPDX-License-Identifier: GPL-2.0-or-later
// Vhci: see the header.
#include "usbproxy/io/frontend_vhci.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/writer.hpp"
#include "usbproxy/frontend_protocol.hpp"

namespace usbproxy::io {
namespace {

using base::fail;
using base::io::fail_errno;
using base::io::Fd;

constexpr std::size_t max_controllers = 16;
constexpr int helper_answer_ms = 5000;
// Room for several storage transfers, so that vhci's sender does not wait for us.
constexpr int socket_buffer = 4 * 1024 * 1024;

base::Result<std::string> read_status(const Fd& file) {
  std::string text(16384, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count =
        ::pread(file.get(), text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (count < 0) return fail_errno("read vhci_hcd's status");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

}  // namespace

base::Result<Vhci> Vhci::open(const Where& where) {
  Vhci vhci;
  for (std::size_t i = 0; i < max_controllers; ++i) {
    const std::string name =
        where.sysfs + (i == 0 ? std::string("/status") : "/status." + std::to_string(i));
    Fd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && i == 0) {
      if (errno == ENOENT) {
        return fail("vhci_hcd is not loaded in this qube: modprobe vhci_hcd");
      }
      return fail_errno("open " + name);
    }
    if (!file) break;
    vhci.status_.push_back(std::move(file));
  }
  if (where.direct) {
    vhci.attach_file_ = Fd(::open((where.sysfs + "/attach").c_str(), O_WRONLY | O_CLOEXEC));
    if (!vhci.attach_file_) return fail_errno("open vhci_hcd's attach file", "run as root");
  } else {
    auto helper = base::io::connect_unix(where.devices_socket, base::io::SocketType::seqpacket);
    if (!helper) {
      return fail(helper.error().text + "; is sallyport-devices running in this qube?");
    }
    vhci.helper_ = std::move(*helper);
  }
  auto sockets = base::io::stream_pair();
  if (!sockets) return base::Unexpected{sockets.error()};
  vhci.sockets_ = std::move(*sockets);
  base::io::enlarge_buffers(vhci.sockets_.first, socket_buffer);
  base::io::enlarge_buffers(vhci.sockets_.second, socket_buffer);
  return vhci;
}

base::Result<int> Vhci::try_port(std::uint32_t port, Speed speed, const Fd& socket) const {
  const std::uint32_t device_id = (1U << 16U) | (port + 1);  // opaque to the kernel
  if (attach_file_) {
    const std::string line = std::to_string(port) + ' ' + std::to_string(socket.get()) + ' ' +
                             std::to_string(device_id) + ' ' + std::to_string(vhci_speed(speed));
    return ::pwrite(attach_file_.get(), line.data(), line.size(), 0) < 0 ? errno : 0;
  }
  std::vector<std::byte> request;
  base::wire::Writer(request).u32(2).u32(port).u32(vhci_speed(speed)).u32(device_id);
  if (auto sent = base::io::send_message(helper_, request, {&socket}); !sent) {
    return fail("ask sallyport-devices to attach: " + sent.error().text);
  }
  pollfd one{.fd = helper_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&one, 1, helper_answer_ms) <= 0) {
    return fail("sallyport-devices does not answer; restart it");
  }
  const auto answer = base::io::receive_message(helper_, 4);
  if (!answer) return fail("ask sallyport-devices to attach: " + answer.error().text);
  base::wire::Reader in(answer->data);
  const auto code = std::bit_cast<std::int32_t>(in.u32());
  if (!in.done() || code > 0 || code < -4095) {
    return fail("sallyport-devices closed the connection; see its log");
  }
  return -code;
}

base::Result<Fd> Vhci::attach(Speed speed) {
  VhciPorts ports;
  for (const Fd& file : status_) {
    const auto text = read_status(file);
    if (!text) return base::Unexpected{text.error()};
    add_vhci_ports(ports, *text, speed);
  }
  for (const std::uint32_t port : ports.free) {
    const auto code = try_port(port, speed, sockets_.second);
    if (!code) return base::Unexpected{code.error()};
    if (*code == 0) {
      sockets_.second.reset();  // the kernel has its own; ours would hide the end
      helper_.reset();          // it has few places, and many devices may come at once
      return std::move(sockets_.first);
    }
    if (*code == EBUSY) continue;  // somebody else was faster
    return base::Unexpected{base::io::system_error("attach to vhci port " + std::to_string(port),
                                                   *code, "see the kernel's log")};
  }
  const std::string total = std::to_string(ports.total);
  return fail("no free vhci port (" + total + " of " + total + " used): detach a device first");
}

}  // namespace usbproxy::io
