// SPDX-License-Identifier: GPL-2.0-or-later
// The device helper's loop and its three operations; see the header.
#include "usbproxy/devices/helper.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/writer.hpp"

namespace usbproxy::devices {
namespace {

int socket_option(const base::io::Fd& fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd.get(), SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// vhci would take any stream socket; ours are socketpairs, and TCP has no place here.
bool is_stream_pair(const base::io::Fd& fd) {
  return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM;
}

// Being the files' owner is enough for all three operations; root's capabilities are not needed.
base::Status drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0)
    return base::io::fail_errno("give up capabilities");
  return base::Ok{};
}

}  // namespace

bool Helper::has_place() const {
  const auto waits = [](const Client& client) { return !client.borrowed; };
  return std::ranges::count_if(clients_, waits) < static_cast<std::ptrdiff_t>(max_clients);
}

base::Status Helper::turn(std::chrono::milliseconds limit) {
  if (loans_.turn(Clock::now())) limit = std::min(limit, Loans::retry);
  std::vector<pollfd> fds;
  for (const Client& client : clients_)
    fds.push_back(pollfd{.fd = client.socket.get(), .events = POLLIN, .revents = 0});
  // When all places are taken the next caller waits in the listener's queue.
  const bool listens = has_place();
  if (listens) fds.push_back(pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0});
  if (::poll(fds.data(), fds.size(), static_cast<int>(limit.count())) < 0) {
    if (errno == EINTR) return base::Ok{};
    return base::io::fail_errno("poll");
  }
  const bool knocked = listens && fds.back().revents != 0;
  serve_clients(fds, Clock::now());
  if (knocked) accept_client();
  return base::Ok{};
}

// `fds` begins with the clients', in their order.
void Helper::serve_clients(const std::vector<pollfd>& fds, Clock::time_point now) {
  std::vector<Client> staying;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    bool stays = true;
    if (fds[i].revents != 0) {
      client.heard = now;
      stays = serve(client);
    }
    if (stays && (client.borrowed || now - client.heard < max_silence)) {
      staying.push_back(std::move(client));
    } else if (client.borrowed) {
      loans_.end(*client.borrowed, now);
    }
  }
  clients_ = std::move(staying);
}

void Helper::accept_client() {
  base::io::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;  // it went away meanwhile
  const auto peer = base::io::peer_credentials(socket);
  if (!peer) return;
  const bool known = peer->uid == 0 || (config_.group && peer->gid == *config_.group);
  if (!known) return;
  clients_.push_back(
      Client{.socket = std::move(socket), .heard = Clock::now(), .borrowed = std::nullopt});
}

bool Helper::serve(Client& client) {
  // Longer messages are refused by receive_message, and their fds closed.
  auto message = base::io::receive_message(client.socket, request_size);
  if (!message) return false;
  const auto request = parse_request(message->data);
  base::io::Fd opened;
  int result = -EINVAL;
  if (message->data.empty()) return false;
  if (request) result = perform(*request, message->fds, client, opened);

  std::vector<std::byte> answer;
  base::wire::Writer(answer).u32(std::bit_cast<std::uint32_t>(result));
  std::vector<const base::io::Fd*> fds;
  if (opened) fds.push_back(&opened);
  const auto sent = base::io::send_message(client.socket, answer, fds);
  return sent.has_value() && request.has_value();
}

int Helper::perform(const Request& request, const std::vector<base::io::Fd>& fds, Client& client,
                    base::io::Fd& opened) {
  const bool wants_fd = request.operation == Operation::vhci_attach;
  const Right right = request.operation == Operation::open_usb ? config_.usb : config_.vhci;
  if (right != Right::allowed) return -EPERM;
  if (fds.size() != (wants_fd ? 1U : 0U)) return -EINVAL;
  switch (request.operation) {
    case Operation::open_usb:
      return open_usb(request, client, opened);
    case Operation::vhci_attach:
      return vhci_attach(request, fds.front());
    case Operation::vhci_detach:
      return vhci_detach(request);
  }
  return -EINVAL;
}

int Helper::open_usb(const Request& request, Client& client, base::io::Fd& opened) {
  if (client.borrowed) return -EBUSY;
  if (loans_.full()) return -EMFILE;
  const Node node{.bus = request.a, .device = request.b};
  const auto path = config_.dev / node_name(node);
  opened.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return -errno;
  client.borrowed = node;
  loans_.lend(node);
  return 0;
}

int Helper::vhci_attach(const Request& request, const base::io::Fd& stream) const {
  if (!is_stream_pair(stream)) return -EINVAL;
  // The kernel looks the number up in this process and keeps the socket; ours is closed afterwards.
  std::array<char, 64> line{};
  std::snprintf(line.data(), line.size(), "%u %u %u %u", request.a,
                static_cast<unsigned>(stream.get()), request.c, request.b);
  return write_vhci("attach", line.data());
}

int Helper::vhci_detach(const Request& request) const {
  return write_vhci("detach", std::to_string(request.a));
}

int Helper::write_vhci(const char* name, const std::string& line) const {
  const base::io::Fd file(
      ::open((config_.vhci_folder / name).c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return -errno;
  const ssize_t written = ::write(file.get(), line.data(), line.size());
  if (written < 0) return -errno;
  return static_cast<std::size_t>(written) == line.size() ? 0 : -EIO;
}

base::Status enter_helper_sandbox(const HelperConfig& config) {
  using Access = base::io::PathRight::Access;
  std::vector<base::io::PathRight> paths;
  if (config.usb == Right::allowed) {
    if (::access(config.dev.c_str(), F_OK) != 0)
      return base::io::fail_errno(config.dev.string(),
                                  "modprobe a USB host controller driver first");
    paths.push_back({config.dev.string(), Access::read_write});
  }
  if (config.vhci == Right::allowed) {
    if (::access(config.vhci_folder.c_str(), F_OK) != 0)
      return base::io::fail_errno(config.vhci_folder.string(), "modprobe vhci-hcd first");
    paths.push_back({config.vhci_folder.string(), Access::read_write});
  }
  if (::geteuid() == 0) {
    if (auto dropped = drop_capabilities(); !dropped) return dropped;
  }
  return base::io::enter_sandbox({.syscalls = {"poll", "ppoll", "accept4", "getsockopt", "recvmsg",
                                               "sendmsg", "openat", "ioctl"},
                                  .paths = std::move(paths)});
}

}  // namespace usbproxy::devices
