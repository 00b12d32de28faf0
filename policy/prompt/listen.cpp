// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt agent's socket: who may connect, and that there is only one agent.
#include <grp.h>
#include <unistd.h>

#include <array>
#include <system_error>

#include "base/io/unix_socket.hpp"
#include "policy/prompt/agent.hpp"

namespace policy::prompt {
namespace {

constexpr unsigned socket_mode = 0660;
constexpr const char* daemon_group = "sallyport";

// Lets the daemon, which is not root, connect. Where the group does not exist, as in a trial under
// one user, the socket stays with its owner.
base::Status give_to_daemon(const std::filesystem::path& path) {
  group entry{};
  group* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getgrnam_r(daemon_group, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return base::Ok{};
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), entry.gr_gid) != 0) {
    return base::io::fail_errno("give " + path.string() + " to group " + daemon_group,
                                "add yourself to the group, or run as root");
  }
  return base::Ok{};
}

}  // namespace

base::Result<base::io::Fd> listen_for_questions(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return base::fail("create " + path.parent_path().string() + ": " + error.message() +
                      "; run as root, or choose another --root");
  }
  if (base::io::connect_unix(path)) {
    return base::fail("another prompt agent listens at " + path.string() + "; end it first");
  }
  auto fd = base::io::listen_unix(path, socket_mode, base::io::SocketType::stream,
                                  base::io::Blocking::no);
  if (!fd) return fd;
  if (auto given = give_to_daemon(path); !given) return base::Unexpected{given.error()};
  return fd;
}

}  // namespace policy::prompt
