// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/pass_fd.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace base::io {
namespace {

using ControlBuffer = std::array<char, CMSG_SPACE(sizeof(int) * max_passed_fds)>;

// As sendmsg(2).
ssize_t send_once(const Fd& socket, wire::Bytes data, const std::vector<const Fd*>& fds) {
  if (data.empty() || fds.size() > max_passed_fds) std::abort();
  iovec part{.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()};  // NOLINT
  alignas(cmsghdr) ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const int number = fds[i]->get();
      std::memcpy(CMSG_DATA(header) + i * sizeof(int), &number, sizeof(int));
    }
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

// As recvmsg(2).
ssize_t receive_once(const Fd& socket, msghdr& message) {
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  return got;
}

Status outcome(ssize_t sent, wire::Bytes data) {
  if (sent < 0) return fail_errno("sendmsg");
  if (static_cast<std::size_t>(sent) != data.size()) return fail("sendmsg: short write");
  return Ok{};
}

}  // namespace

Status send_message(const Fd& socket, wire::Bytes data, const std::vector<const Fd*>& fds) {
  return outcome(send_once(socket, data, fds), data);
}

Status send_question(const Fd& socket, wire::Bytes data, const std::vector<const Fd*>& fds) {
  const ssize_t sent = send_once(socket, data, fds);
  if (sent < 0 && errno == EPIPE) return Ok{};
  return outcome(sent, data);
}

Result<Message> receive_message(const Fd& socket, std::size_t limit) {
  Message result;
  result.data.resize(limit);
  iovec part{.iov_base = result.data.data(), .iov_len = result.data.size()};
  alignas(cmsghdr) ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = receive_once(socket, message);
  // A peer that left something unread: the kernel tells of that once, before what the peer had
  // said.
  if (got < 0 && errno == ECONNRESET) got = receive_once(socket, message);
  if (got < 0 && errno == EAGAIN) return Message{.would_block = true, .data = {}, .fds = {}};
  if (got < 0) return fail_errno("recvmsg");

  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      result.fds.emplace_back(number);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return fail("recvmsg: message too long");
  result.data.resize(static_cast<std::size_t>(got));
  return result;
}

}  // namespace base::io
