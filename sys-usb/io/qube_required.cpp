// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/io/qube_required.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"
#include "sys-usb/required_devices.hpp"

namespace sysusb::io {
namespace {

// Ten thousand assignments are 3 MiB.
constexpr std::size_t max_reply = std::size_t{16} * 1024 * 1024;
constexpr timeval answer_limit{.tv_sec = 10, .tv_usec = 0};
// A daemon that is being started beside this program is soon there.
constexpr int most_tries = 50;
constexpr std::chrono::milliseconds between_tries{100};
constexpr std::string_view no_such_qube = "QubesVMNotFoundError";

bool daemon_was_here(const base::io::Paths& paths) {
  std::error_code error;
  const bool found = std::filesystem::exists(paths.state_file(), error);
  return found || error;  // what must not be looked at is there
}

base::Result<base::io::Fd> reach_daemon(const base::io::Paths& paths) {
  auto socket = base::io::connect_unix(paths.admin_socket());
  for (int tries = 1; !socket && tries < most_tries; ++tries) {
    std::this_thread::sleep_for(between_tries);
    socket = base::io::connect_unix(paths.admin_socket());
  }
  return socket;
}

// The answer's data. A qube that the daemon does not know has nothing.
base::Result<std::string> ask_daemon(const base::io::Paths& paths, const std::string& method,
                                     const std::string& target) {
  auto socket = reach_daemon(paths);
  if (!socket) return base::fail(socket.error().text);
  ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof(answer_limit));
  const std::string request = method + " dom0 name " + target + '\0';
  if (auto sent = base::io::write_all(*socket, request); !sent)
    return base::fail(sent.error().text);
  ::shutdown(socket->get(), SHUT_WR);
  const auto reply = base::io::read_all(*socket, max_reply);
  if (!reply) return base::fail(reply.error().text);
  constexpr std::string_view answered("0\0", 2);
  constexpr std::string_view refused("2\0", 2);
  if (reply->starts_with(answered)) return reply->substr(answered.size());
  if (reply->starts_with(refused)) {
    // TYPE, NUL, an empty traceback, NUL, TEXT, NUL
    const std::string error = reply->substr(refused.size());
    if (error.starts_with(no_such_qube)) return std::string();
    return base::fail(
        base::wire::escape(error.substr(std::min(error.size(), error.find('\0') + 2))));
  }
  return base::fail("sallyportd answered " + method + " with something unknown");
}

}  // namespace

base::Status check_required_devices(const base::io::Paths& paths, const std::string& qube) {
  if (!daemon_was_here(paths)) return base::Ok{};
  const auto assigned = ask_daemon(paths, "admin.vm.device.block.Assigned", qube);
  if (!assigned) {
    return base::fail("cannot ask sallyportd which devices " + qube +
                      " requires: " + assigned.error().text +
                      "; start it first, and call this as root or as a "
                      "member of group sallyport or sallyport-view");
  }
  for (const RequiredDevice& device : required_devices(*assigned)) {
    const auto available = ask_daemon(paths, "admin.vm.device.block.Available", device.backend);
    if (!available) return base::fail(available.error().text);
    if (is_available(device, *available)) continue;
    return base::fail("Block device " + base::wire::escape(device.name()) +
                      " not available; plug it in, or: qvm-block unassign " + qube + " " +
                      base::wire::escape(device.name()));
  }
  return base::Ok{};
}

}  // namespace sysusb::io
