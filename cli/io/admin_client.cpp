// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API over AF_UNIX; see the header.
#include "cli/io/admin_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "base/io/unix_socket.hpp"

namespace cli::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds usual_limit{30};
// A prompt may stay open for an hour (sallyport-prompt --timeout), and the attach comes after it.
constexpr std::chrono::seconds attach_limit{3720};

base::Unexpected<AdminFailure> unreachable(std::string text) {
  return base::Unexpected<AdminFailure>{
      AdminFailure{.kind = AdminFailure::Kind::unreachable, .type = {}, .text = std::move(text)}};
}

std::string remedy(const std::filesystem::path& socket) {
  const bool forbidden = ::access(socket.c_str(), W_OK) != 0 && errno == EACCES;
  if (forbidden) {
    return "; this user may not: run as root, or join group sallyport (adduser USER sallyport; "
           "sallyport-view for looking only) and log in again";
  }
  return "; start it with `systemctl start sallyportd`, or name its folder with --root";
}

std::string about(const std::filesystem::path& socket, std::string_view what) {
  const std::string tried = "connect " + socket.string() + ": ";
  if (what.starts_with(tried)) what.remove_prefix(tried.size());  // the path is named once
  return "cannot reach sallyportd at " + socket.string() + ": " + std::string(what);
}

base::Result<std::string> read_reply(const base::io::Fd& fd, Clock::time_point deadline) {
  std::string reply;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return base::fail("no answer in time");
    pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (count < 0 && errno != EINTR) return base::io::fail_errno("poll");
    if (count <= 0) continue;
    const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::io::fail_errno("receive");
    if (size == 0) return reply;
    reply.append(buffer.data(), static_cast<std::size_t>(size));
    if (reply.size() > max_admin_reply) return base::fail("its answer is longer than 16 MiB");
  }
}

base::Status send_request(const base::io::Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::io::fail_errno("send");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::shutdown(fd.get(), SHUT_WR) != 0) return base::io::fail_errno("shutdown");
  return base::Ok{};
}

AdminAnswer make_call(const std::filesystem::path& socket, const AdminCall& call) {
  const bool attach = call.method.ends_with(".Attach");
  const auto deadline = Clock::now() + (attach ? attach_limit : usual_limit);
  const auto fd = base::io::connect_unix(socket);
  if (!fd) return unreachable(about(socket, fd.error().text) + remedy(socket));
  const auto sent = send_request(*fd, encode_call(call));
  // A daemon that does not want to hear more may still have said why: read in any case.
  const auto reply = read_reply(*fd, deadline);
  if (!reply) return unreachable(about(socket, reply.error().text) + "; see its journal");
  if (!sent && reply->empty()) return unreachable(about(socket, sent.error().text));
  return parse_reply(*reply);
}

}  // namespace

Admin connect_admin(std::filesystem::path socket) {
  return [path = std::move(socket)](const AdminCall& call) { return make_call(path, call); };
}

}  // namespace cli::io
