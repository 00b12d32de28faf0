// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/attach_service.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"

namespace blockproxy::io {

using base::io::Fd;

constexpr int socket_buffer = 4 << 20;

base::Result<AttachRequest> read_attach_request() {
  std::string text;
  std::array<char, 512> buffer{};
  while (text.find("\n\n") == std::string::npos) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::io::fail_errno("read the request from stdin");
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > max_attach_request) return base::fail("request: too long");
  }
  return AttachRequest::parse(text);
}

base::Result<AttachRequest> read_device_request() {
  auto request = read_attach_request();
  if (!request || !request->frontend_dev.empty()) return request;
  return base::fail("request: frontend-dev must be given; snapshots are made in the qube for them");
}

base::Result<Fd, base::io::CallRefused> call_backend(const std::string& agent_socket,
                                                     const AttachRequest& request) {
  auto stream =
      base::io::call_service(agent_socket, request.backend, "sallyport.Block+" + request.device);
  if (stream) base::io::enlarge_buffers(*stream, socket_buffer);
  return stream;
}

base::Result<base::io::FdPair> carried_pair() {
  auto pair = base::io::stream_pair();
  if (!pair) return pair;
  for (const Fd* end : {&pair->first, &pair->second}) {
    base::io::enlarge_buffers(*end, socket_buffer);
  }
  return pair;
}

base::Status enter_attach_sandbox(std::initializer_list<const char*> more) {
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  for (const char* name : {"dup2", "socketpair", "splice"}) sandbox.syscalls.emplace_back(name);
  sandbox.syscalls.insert(sandbox.syscalls.end(), more.begin(), more.end());
  return base::io::enter_sandbox(sandbox);
}

}  // namespace blockproxy::io
