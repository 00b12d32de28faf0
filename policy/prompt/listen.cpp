// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt agent's socket: who may connect, and that there is only one agent.
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "base/io/unix_socket.hpp"
#include "policy/prompt/agent.hpp"

namespace policy::prompt {
namespace {

constexpr unsigned socket_mode = 0660;

// Lets the daemon, which is not root, connect: the folder is the daemon's, and so is its group.
base::Status give_to_daemon(const std::filesystem::path& path) {
  struct stat folder {};
  if (::stat(path.parent_path().c_str(), &folder) != 0) {
    return base::io::fail_errno("look at " + path.parent_path().string());
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), folder.st_gid) != 0) {
    return base::io::fail_errno("give " + path.string() + " to the daemon's group",
                                "add yourself to the group of its folder, or run as root");
  }
  return base::Ok{};
}

base::Result<base::io::Fd> listen_for_questions(const std::filesystem::path& path) {
  std::error_code error;
  // Made by us it would be ours, and the daemon could not reach the socket.
  if (!std::filesystem::is_directory(path.parent_path(), error)) {
    return base::fail("no folder " + path.parent_path().string() +
                      "; start sallyportd first, which makes it");
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

}  // namespace

base::Result<AgentSockets> open_sockets(const base::io::Paths& paths) {
  AgentSockets sockets;
  for (const auto& path : {paths.prompt_socket(), paths.device_prompt_socket()}) {
    auto listener = listen_for_questions(path);
    if (!listener) return base::Unexpected{listener.error()};
    sockets.paths.push_back(path);
    sockets.listeners.push_back(*std::move(listener));
  }
  return sockets;
}

}  // namespace policy::prompt
