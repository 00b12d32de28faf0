// SPDX-License-Identifier: GPL-2.0-or-later
// The device helper's client; see the header.
#include "agent/devices/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <bit>
#include <cerrno>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"

namespace agent::devices {
namespace {

constexpr timeval max_wait{.tv_sec = 10, .tv_usec = 0};

struct Answer {
  base::io::Fd fd;
};

Refusal broken(std::string text) { return Refusal{.number = EPROTO, .text = std::move(text)}; }

base::Result<Answer, Refusal> ask(const base::io::Fd& socket, base::wire::Bytes request,
                                  const std::string& tried,
                                  const std::vector<const base::io::Fd*>& fds = {}) {
  if (auto sent = base::io::send_message(socket, request, fds); !sent)
    return base::Unexpected{broken(tried + ": device helper: " + sent.error().text)};
  auto message = base::io::receive_message(socket, answer_size);
  if (!message) {
    return base::Unexpected{broken(tried + ": device helper: " + message.error().text +
                                   "; is sallyport-devices running and is this user its client?")};
  }
  if (message->data.size() != answer_size) {
    return base::Unexpected{
        broken(tried + ": the device helper closed the connection; it serves another group")};
  }
  const auto code = std::bit_cast<std::int32_t>(base::wire::Reader(message->data).u32());
  if (code != 0) {
    const int number = code < 0 && code > -4096 ? -code : EPROTO;
    const char* remedy = number == EPERM ? "sallyport-devices was started without this right" : "";
    return base::Unexpected{
        Refusal{.number = number, .text = base::io::system_error(tried, number, remedy).text}};
  }
  Answer answer;
  if (!message->fds.empty()) answer.fd = std::move(message->fds.front());
  return answer;
}

base::Result<base::Ok, Refusal> without_fd(base::Result<Answer, Refusal> answer) {
  if (!answer) return base::Unexpected{answer.error()};
  return base::Ok{};
}

}  // namespace

base::Result<Client> Client::connect(const std::filesystem::path& socket) {
  auto connected = base::io::connect_unix(socket, base::io::SocketType::seqpacket);
  if (!connected) return base::fail(connected.error().text + "; is sallyport-devices running?");
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(connected->get(), SOL_SOCKET, option, &max_wait, sizeof(max_wait)) != 0)
      return base::io::fail_errno("set a time limit on " + socket.string());
  }
  return Client(std::move(*connected));
}

base::Result<base::io::Fd, Refusal> Client::open(const Request& request, const std::string& tried) {
  auto answer = ask(socket_, encode_request(request), tried);
  if (!answer) return base::Unexpected{answer.error()};
  if (!answer->fd) return base::Unexpected{broken(tried + ": the device helper sent no fd")};
  return std::move(answer->fd);
}

base::Result<base::io::Fd, Refusal> Client::open_usb(std::uint32_t bus, std::uint32_t device) {
  return open({Operation::open_usb, bus, device, 0},
              "open USB device " + std::to_string(device) + " of bus " + std::to_string(bus));
}

base::Result<base::io::Fd, Refusal> Client::open_input(std::uint32_t event) {
  return open({Operation::open_input, event, 0, 0},
              "open input device event" + std::to_string(event));
}

base::Result<base::io::Fd, Refusal> Client::open_block(std::uint32_t major, std::uint32_t minor,
                                                       BlockAccess access) {
  return open({Operation::open_block, major, minor, access == BlockAccess::read_write ? 1U : 0U},
              "open block device " + std::to_string(major) + ":" + std::to_string(minor));
}

base::Result<base::Ok, Refusal> Client::vhci_attach(std::uint32_t port, std::uint32_t speed,
                                                    std::uint32_t device_id,
                                                    const base::io::Fd& stream) {
  return without_fd(ask(socket_, encode_request({Operation::vhci_attach, port, speed, device_id}),
                        "attach to vhci port " + std::to_string(port), {&stream}));
}

base::Result<base::Ok, Refusal> Client::vhci_detach(std::uint32_t port) {
  return without_fd(ask(socket_, encode_request({Operation::vhci_detach, port, 0, 0}),
                        "detach vhci port " + std::to_string(port)));
}

base::Result<base::Ok, Refusal> Client::nbd_attach(
    const NbdRequest& request, const std::vector<const base::io::Fd*>& sockets) {
  return without_fd(
      ask(socket_, encode_nbd_request(request), "attach as /dev/" + request.name, sockets));
}

std::string_view Client::why_over() const {
  const auto message = base::io::receive_message(socket_, answer_size);
  if (!message || message->data.size() != answer_size) return "the device helper ended";
  const auto code = std::bit_cast<std::int32_t>(base::wire::Reader(message->data).u32());
  if (code != -ETIMEDOUT) return "the device helper says what it should not";
  return "the backend did not answer for 50 s: its medium hangs";
}

}  // namespace agent::devices
