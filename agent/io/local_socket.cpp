// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/local_socket.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace agent::io {

base::Result<base::io::Fd> listen_and_drop_rights(const Options& options) {
  auto socket = base::io::listen_unix(options.socket, 0660, base::io::SocketType::seqpacket,
                                      base::io::Blocking::no);
  if (!socket) return base::fail(socket.error().text);
  if (options.user) {
    const auto identity = base::io::find_identity(*options.user);
    if (!identity) return base::fail(identity.error().text);
    // Its programs run as the same user and must reach the socket.
    if (::chown(options.socket.c_str(), identity->uid, identity->gid) != 0)
      return base::io::fail_errno("chown " + options.socket.string());
    if (auto dropped = base::io::drop_identity(*identity); !dropped)
      return base::fail(dropped.error().text);
  }
  // What the agent starts is never more than the agent: no setuid program helps it.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::io::fail_errno("no_new_privs");
  return socket;
}

}  // namespace agent::io
