// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/nbd_control.hpp"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace agent::devices {
namespace {

// One request or one answer; ours are far smaller.
using Buffer = std::array<char, 8192>;

nlmsghdr* begin(Buffer& buffer, std::uint16_t family, std::uint8_t command, std::uint8_t version,
                std::uint32_t sequence) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = family;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  header->nlmsg_seq = sequence;
  void* const extra = mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr));
  auto* const generic = static_cast<genlmsghdr*>(extra);
  generic->cmd = command;
  generic->version = version;
  return header;
}

// An attribute of the kernel's answer that is wanted, by type; its value if it came.
struct Wanted {
  std::uint16_t type = 0;
  std::size_t size = 0;
  std::uint32_t value = 0;
  bool found = false;
};

int on_attribute(const nlattr* attribute, void* data) {
  auto& wanted = *static_cast<Wanted*>(data);
  if (mnl_attr_get_type(attribute) != wanted.type) return MNL_CB_OK;
  if (mnl_attr_get_payload_len(attribute) != wanted.size) return MNL_CB_ERROR;
  wanted.value = wanted.size == sizeof(std::uint16_t) ? mnl_attr_get_u16(attribute)
                                                      : mnl_attr_get_u32(attribute);
  wanted.found = true;
  return MNL_CB_OK;
}

int on_message(const nlmsghdr* header, void* data) {
  return mnl_attr_parse(header, sizeof(genlmsghdr), on_attribute, data);
}

// Sends, and takes answers up to the acknowledgement. 0, or a negated errno.
int exchange(mnl_socket* socket, const nlmsghdr* request, Wanted& wanted) {
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return -errno;
  Buffer buffer{};
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (got < 0) return -errno;
    const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), request->nlmsg_seq,
                                mnl_socket_get_portid(socket), on_message, &wanted);
    if (more < 0) return errno == 0 ? -EPROTO : -errno;
    if (more == MNL_CB_STOP) return 0;
  }
}

std::uint64_t server_flags(std::uint32_t flags) {
  std::uint64_t wire = NBD_FLAG_HAS_FLAGS;
  if ((flags & nbd_flag::read_only) != 0) wire |= NBD_FLAG_READ_ONLY;
  if ((flags & nbd_flag::flush) != 0) wire |= NBD_FLAG_SEND_FLUSH;
  if ((flags & nbd_flag::fua) != 0) wire |= NBD_FLAG_SEND_FUA;
  if ((flags & nbd_flag::trim) != 0) wire |= NBD_FLAG_SEND_TRIM;
  if ((flags & nbd_flag::multi_connection) != 0) wire |= NBD_FLAG_CAN_MULTI_CONN;
  return wire;
}

}  // namespace

void NbdControl::Close::operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }

base::Result<NbdControl> NbdControl::open() {
  std::unique_ptr<mnl_socket, Close> socket(mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return base::io::fail_errno("open a generic netlink socket");
  }
  Buffer buffer{};
  nlmsghdr* request = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 1);
  mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
  Wanted family{.type = CTRL_ATTR_FAMILY_ID, .size = sizeof(std::uint16_t)};
  const int result = exchange(socket.get(), request, family);
  if (result != 0 || !family.found) {
    return base::fail(
        base::io::system_error("ask the kernel for nbd", -result, "modprobe nbd first").text);
  }
  return NbdControl(std::move(socket), static_cast<std::uint16_t>(family.value));
}

int NbdControl::connect(const NbdRequest& wish, const std::vector<base::io::Fd>& sockets) {
  Buffer buffer{};
  nlmsghdr* request = begin(buffer, family_, NBD_CMD_CONNECT, NBD_GENL_VERSION, ++sequence_);
  mnl_attr_put_u64(request, NBD_ATTR_SIZE_BYTES, wish.size);
  mnl_attr_put_u64(request, NBD_ATTR_BLOCK_SIZE_BYTES, wish.sector_size);
  mnl_attr_put_u64(request, NBD_ATTR_SERVER_FLAGS, server_flags(wish.flags));
  mnl_attr_put_u64(request, NBD_ATTR_TIMEOUT, request_timeout_s);
  // A lost connection is the end: nothing waits for another one.
  mnl_attr_put_u64(request, NBD_ATTR_DEAD_CONN_TIMEOUT, 0);
  mnl_attr_put_strz(request, NBD_ATTR_BACKEND_IDENTIFIER,
                    (std::string(nbd_backend) + wish.name).c_str());
  nlattr* const list = mnl_attr_nest_start(request, NBD_ATTR_SOCKETS);
  for (const base::io::Fd& socket : sockets) {
    nlattr* const item = mnl_attr_nest_start(request, NBD_SOCK_ITEM);
    mnl_attr_put_u32(request, NBD_SOCK_FD, static_cast<std::uint32_t>(socket.get()));
    mnl_attr_nest_end(request, item);
  }
  mnl_attr_nest_end(request, list);
  Wanted index{.type = NBD_ATTR_INDEX, .size = sizeof(std::uint32_t)};
  if (const int result = exchange(socket_.get(), request, index); result != 0) return result;
  return index.found ? static_cast<int>(index.value) : -EPROTO;
}

int NbdControl::disconnect(std::uint32_t index) {
  Buffer buffer{};
  nlmsghdr* request = begin(buffer, family_, NBD_CMD_DISCONNECT, NBD_GENL_VERSION, ++sequence_);
  mnl_attr_put_u32(request, NBD_ATTR_INDEX, index);
  Wanted nothing;
  return exchange(socket_.get(), request, nothing);
}

}  // namespace agent::devices
