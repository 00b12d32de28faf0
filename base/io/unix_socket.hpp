// SPDX-License-Identifier: GPL-2.0-or-later
// Listening and connecting AF_UNIX sockets by path, and who is at the other end.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/io/fd.hpp"

namespace base::io {

enum class SocketType { stream, seqpacket };
enum class Blocking { yes, no };

// Binds and listens at `path` (an old socket there is removed) with file mode `mode`.
Result<Fd> listen_unix(const std::filesystem::path& path, unsigned mode,
                       SocketType type = SocketType::stream, Blocking blocking = Blocking::yes);
Result<Fd> connect_unix(const std::filesystem::path& path, SocketType type = SocketType::stream);

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
// SO_PEERCRED: what the kernel recorded when the peer connected.
Result<PeerCredentials> peer_credentials(const Fd& socket);

// Room for `bytes` each way, as far as the kernel grants it (beyond net.core.*mem_max only to
// CAP_NET_ADMIN). Meaningless for what is no socket, and harmless.
void enlarge_buffers(const Fd& socket, int bytes);

}  // namespace base::io
