// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

namespace base::io {
namespace {

int kind_of(SocketType type) { return type == SocketType::stream ? SOCK_STREAM : SOCK_SEQPACKET; }

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof(address.sun_path)) {
    return fail("socket path too long (" + std::to_string(text.size()) + " of at most " +
                std::to_string(sizeof(address.sun_path) - 1) + " bytes): " + text +
                "; choose a shorter --root");
  }
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's own cast
}

}  // namespace

Result<Fd> listen_unix(const std::filesystem::path& path, unsigned mode, SocketType type,
                       Blocking blocking) {
  const auto address = address_of(path);
  if (!address) return fail(address.error().text);
  const int flags = SOCK_CLOEXEC | (blocking == Blocking::no ? SOCK_NONBLOCK : 0);
  Fd fd(::socket(AF_UNIX, kind_of(type) | flags, 0));
  if (!fd) return fail_errno("socket");
  ::unlink(path.c_str());
  if (::bind(fd.get(), generic(*address), sizeof(*address)) != 0) {
    return fail_errno("bind " + path.string(), "does its folder exist and may this user write it?");
  }
  if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0)
    return fail_errno("chmod " + path.string());
  if (::listen(fd.get(), 64) != 0) return fail_errno("listen " + path.string());
  return fd;
}

Result<Fd> connect_unix(const std::filesystem::path& path, SocketType type) {
  const auto address = address_of(path);
  if (!address) return fail(address.error().text);
  Fd fd(::socket(AF_UNIX, kind_of(type) | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  if (::connect(fd.get(), generic(*address), sizeof(*address)) != 0) {
    return fail_errno("connect " + path.string());
  }
  return fd;
}

Result<PeerCredentials> peer_credentials(const Fd& socket) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("SO_PEERCRED");
  }
  return PeerCredentials{.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
}

void enlarge_buffers(const Fd& socket, int bytes) {
  for (const int option : {SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE}) {
    ::setsockopt(socket.get(), SOL_SOCKET, option, &bytes, sizeof(bytes));
  }
}

}  // namespace base::io
