// SPDX-License-Identifier: GPL-2.0-or-later
// The device helper's loop and its operations; see the header.
#include "agent/devices/helper.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "agent/devices/block_node.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace agent::devices {
namespace {

// How often, and for how long after an attachment.
constexpr std::chrono::milliseconds partitions_often{100};
constexpr std::chrono::seconds partitions_for{5};

int socket_option(const base::io::Fd& fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd.get(), SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// vhci would take any stream socket; ours are socketpairs, and TCP has no place here.
bool is_stream_pair(const base::io::Fd& fd) {
  return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM;
}

// Being the files' owner is enough for all operations; root's capabilities are not needed.
// But for nbd, whose every request takes CAP_SYS_ADMIN; seccomp keeps from it all that it usually
// stands for.
base::Status drop_capabilities(Right nbd) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> kept{};
  if (nbd == Right::allowed) {
    kept[0].permitted = 1U << CAP_SYS_ADMIN;
    kept[0].effective = kept[0].permitted;
  }
  if (::syscall(SYS_capset, &header, kept.data()) != 0)
    return base::io::fail_errno("give up capabilities");
  return base::Ok{};
}

// The kernel looks for partitions when a device is opened first. That reads from the device, and
// so waits for its server: not in this process.
void open_once(const std::filesystem::path& node) {
  const pid_t child = ::fork();
  if (child != 0) return;
  ::close_range(0, ~0U, 0);
  const base::io::Fd opened(::open(node.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  ::_exit(opened ? 0 : 1);
}

}  // namespace

bool Helper::has_place() const {
  const auto waits = [](const Client& client) { return !client.silent_for_good(); };
  return std::ranges::count_if(clients_, waits) < static_cast<std::ptrdiff_t>(max_clients);
}

base::Status Helper::turn(std::chrono::milliseconds limit) {
  if (loans_.turn(Clock::now())) limit = std::min(limit, Loans::retry);
  if (Clock::now() < partitions_until_) limit = std::min(limit, partitions_often);
  for (Client& client : clients_) {
    if (client.attached) look_after(client, Clock::now());
  }
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
    if (stays && (client.silent_for_good() || now - client.heard < max_silence)) {
      staying.push_back(std::move(client));
    } else {
      end_loans(client, now);
    }
  }
  clients_ = std::move(staying);
}

void Helper::end_loans(Client& client, Clock::time_point now) {
  if (client.borrowed) loans_.end(*client.borrowed, now);
  if (!client.attached) return;
  const std::uint32_t index = client.attached->index();
  client.attached.reset();
  // It may have ended by itself: the server's end of the stream is gone first, mostly.
  static_cast<void>(nbd_->disconnect(index));
}

void Helper::look_after(Client& client, Clock::time_point now) {
  client.attached->update();
  if (client.told || !client.progress.hangs(client.attached->stat(), now)) return;
  client.told = true;
  // One that does not take it learns of the kernel's own limit.
  static_cast<void>(base::io::send_message(client.socket, encode_answer(-ETIMEDOUT)));
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
  auto message = base::io::receive_message(client.socket, std::max(request_size, nbd_request_size));
  if (!message) return false;
  const auto request = parse_request(message->data);
  const auto nbd = parse_nbd_request(message->data);
  base::io::Fd opened;
  int result = -EINVAL;
  if (message->data.empty()) return false;
  if (request) result = perform(*request, message->fds, client, opened);
  if (nbd) result = nbd_attach(*nbd, message->fds, client);

  std::vector<const base::io::Fd*> fds;
  if (opened) fds.push_back(&opened);
  const auto sent = base::io::send_message(client.socket, encode_answer(result), fds);
  return sent.has_value() && (request || nbd);
}

int Helper::perform(const Request& request, const std::vector<base::io::Fd>& fds, Client& client,
                    base::io::Fd& opened) {
  const bool wants_fd = request.operation == Operation::vhci_attach;
  if (right_of(request.operation) != Right::allowed) return -EPERM;
  if (fds.size() != (wants_fd ? 1U : 0U)) return -EINVAL;
  switch (request.operation) {
    case Operation::open_usb:
      return open_usb(request, client, opened);
    case Operation::vhci_attach:
      return vhci_attach(request, fds.front());
    case Operation::vhci_detach:
      return vhci_detach(request);
    case Operation::open_input:
      return open_input(request, opened);
    case Operation::open_block:
      return open_block(request, opened);
  }
  return -EINVAL;
}

Right Helper::right_of(Operation operation) const {
  switch (operation) {
    case Operation::open_usb:
      return config_.usb;
    case Operation::vhci_attach:
    case Operation::vhci_detach:
      return config_.vhci;
    case Operation::open_input:
      return config_.input;
    case Operation::open_block:
      return config_.block;
  }
  return Right::denied;
}

int Helper::open_input(const Request& request, base::io::Fd& opened) const {
  const auto path = config_.input_folder / ("event" + std::to_string(request.a));
  opened.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  return opened ? 0 : -errno;
}

int Helper::open_block(const Request& request, base::io::Fd& opened) const {
  const BlockNumber number{.major = request.a, .minor = request.b};
  const auto access = request.c == 1 ? BlockAccess::read_write : BlockAccess::read_only;
  return open_block_node(config_.block_numbers, config_.block_dev, number, access, opened);
}

int Helper::nbd_attach(const NbdRequest& request, const std::vector<base::io::Fd>& sockets,
                       Client& client) {
  if (config_.nbd != Right::allowed || !nbd_) return -EPERM;
  if (sockets.empty() || client.silent_for_good()) return -EINVAL;
  const auto attached = [](const Client& each) { return each.attached.has_value(); };
  if (std::ranges::count_if(clients_, attached) >= static_cast<std::ptrdiff_t>(max_nbd)) {
    return -EMFILE;
  }
  if (!NbdLinks::is_free(config_.nbd_dev, request.name)) return -EEXIST;
  const int index = nbd_->connect(request, sockets);
  if (index < 0) return index;
  const auto number = static_cast<std::uint32_t>(index);
  client.attached.emplace(config_.nbd_dev, config_.nbd_sysfs, request.name, number);
  client.attached->lengthen(nbd_read_ahead_kib, nbd_request_kib);
  open_once(config_.nbd_dev / ("nbd" + std::to_string(number)));
  partitions_until_ = Clock::now() + partitions_for;
  return 0;
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
  if (config.input == Right::allowed) {
    if (::access(config.input_folder.c_str(), F_OK) != 0)
      return base::io::fail_errno(config.input_folder.string(), "modprobe evdev first");
    paths.push_back({config.input_folder.string(), Access::read_write});
  }
  if (config.block == Right::allowed)
    paths.push_back({config.block_dev.string(), Access::read_write_files});
  if (config.vhci == Right::allowed) {
    if (::access(config.vhci_folder.c_str(), F_OK) != 0)
      return base::io::fail_errno(config.vhci_folder.string(), "modprobe vhci-hcd first");
    paths.push_back({config.vhci_folder.string(), Access::read_write});
  }
  if (config.nbd == Right::allowed) {
    paths.push_back({config.nbd_dev.string(), Access::read_write});
    paths.push_back({config.nbd_sysfs.string(), Access::read_write_files});
  }
  if (::geteuid() == 0) {
    if (auto dropped = drop_capabilities(config.nbd); !dropped) return dropped;
  }
  std::vector<std::string> syscalls{"poll",    "ppoll",   "accept4", "getsockopt",
                                    "recvmsg", "sendmsg", "openat",  "ioctl"};
  if (config.block == Right::allowed) syscalls.emplace_back("readlinkat");
  if (config.nbd == Right::allowed) {
    // Netlink; the links; the process that opens a device once.
    for (const char* name :
         {"sendto", "symlink", "unlink", "getdents64", "fcntl", "clone", "close_range"}) {
      syscalls.emplace_back(name);
    }
  }
  return base::io::enter_sandbox({.syscalls = std::move(syscalls), .paths = std::move(paths)});
}

}  // namespace agent::devices
