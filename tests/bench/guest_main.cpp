// SPDX-License-Identifier: GPL-2.0-or-later
// bench_guest: what a benchmark measures inside a machine, by the machine's own clock.
//
//   bench_guest read|write DISK MIB       the start of DISK past the page cache, 1 MiB at a time
//   bench_guest random-read DISK COUNT    4 KiB each, 32 under way
//   bench_guest round-trip DISK COUNT     TEST UNIT READY past the disk's driver
//   bench_guest allocations DISK MIB FILE what bench_allocations counts while DISK is read
//   bench_guest until-disk COMMAND        starts a shell command, waits until vhci_hcd has a disk
//   bench_guest pair BACKEND... -- FRONTEND...
//                                         runs both with a socket pair's ends as descriptor 3
// What is printed: guest_disk.hpp, guest_usb.hpp; until-disk prints seconds and the disk's name.
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"
#include "tests/bench/guest_disk.hpp"
#include "tests/bench/guest_program.hpp"
#include "tests/bench/guest_usb.hpp"

namespace {

using base::io::Fd;
using bench_guest::Clock;
using bench_guest::complain;
using bench_guest::seconds_since;

constexpr std::chrono::seconds disk_deadline{60};

// The kernel's own announcements of devices.
Fd listen_to_kernel() {
  Fd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API
  if (socket && ::bind(socket.get(), generic, sizeof(address)) != 0) socket.reset();
  return socket;
}

// "add@/devices/platform/vhci_hcd.0/.../block/sdb": sdb; a partition lies deeper.
std::optional<std::string> new_disk(std::string_view event) {
  constexpr std::string_view folder = "/block/";
  event = event.substr(0, event.find('\0'));
  if (!event.starts_with("add@") || event.find("/vhci_hcd") == event.npos) return std::nullopt;
  const auto at = event.rfind(folder);
  if (at == event.npos) return std::nullopt;
  const auto name = event.substr(at + folder.size());
  if (name.empty() || name.find('/') != name.npos) return std::nullopt;
  return std::string(name);
}

int until_disk(const char* command) {
  const Fd events = listen_to_kernel();
  if (!events) return complain("listen to the kernel");
  const auto start = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) return complain("fork");
  if (child == 0) {
    ::setsid();
    // What it says must not keep our caller waiting for the end of our output.
    const int log = ::open("/run/bench.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (const int number : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(log, number);
    ::execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  std::array<char, 8192> event{};
  while (seconds_since(start) < static_cast<double>(disk_deadline.count())) {
    pollfd one{.fd = events.get(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, 1000) <= 0) continue;
    const ssize_t size = ::recv(events.get(), event.data(), event.size(), 0);
    if (size <= 0) continue;
    const auto disk = new_disk(std::string_view(event.data(), static_cast<std::size_t>(size)));
    if (!disk) continue;
    std::printf("%.6f %s\n", seconds_since(start), disk->c_str());
    return EXIT_SUCCESS;
  }
  std::fputs("no disk came\n", stderr);
  return EXIT_FAILURE;
}

pid_t start(const std::vector<char*>& arguments, int stream) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  // dup2 clears close-on-exec, except when there is nothing to do.
  if (stream != 3) ::dup2(stream, 3);
  if (stream == 3) ::fcntl(3, F_SETFD, 0);
  ::execv(arguments.front(), arguments.data());
  std::perror(arguments.front());
  ::_exit(127);
}

int run_pair(char** arguments) {
  std::vector<char*> backend;
  while (*arguments != nullptr && std::strcmp(*arguments, "--") != 0) {
    backend.push_back(*arguments++);
  }
  if (backend.empty() || *arguments == nullptr || arguments[1] == nullptr) return EXIT_FAILURE;
  backend.push_back(nullptr);
  std::vector<char*> frontend;
  while (*++arguments != nullptr) frontend.push_back(*arguments);
  frontend.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return complain("socketpair");
  }
  if (start(backend, ends[0]) < 0 || start(frontend, ends[1]) < 0) return complain("fork");
  for (const int end : ends) ::close(end);
  int worst = 0;
  for (int status = 0; ::wait(&status) > 0;) worst = status != 0 ? 1 : worst;
  return worst;
}

// What measures a disk.
std::optional<int> on_disk(std::string_view mode, int argc, char** argv) {
  if (argc < 4) return std::nullopt;
  const char* const disk = argv[2];
  const long amount = std::strtol(argv[3], nullptr, 10);
  if (amount <= 0) return std::nullopt;
  if (mode == "allocations" && argc == 5) {
    return bench_guest::allocations_of_reading(disk, amount, argv[4]);
  }
  if (argc != 4) return std::nullopt;
  if (mode == "read") return bench_guest::read_disk(disk, amount);
  if (mode == "write") return bench_guest::write_disk(disk, amount);
  if (mode == "random-read") return bench_guest::random_reads(disk, amount);
  if (mode == "round-trip") return bench_guest::round_trips(disk, amount);
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "until-disk" && argc == 3) return until_disk(argv[2]);
  if (mode == "pair") return run_pair(argv + 2);
  if (const auto done = on_disk(mode, argc, argv)) return *done;
  std::fputs(
      "usage: bench_guest read|write DISK MIB | random-read|round-trip DISK COUNT | "
      "allocations DISK MIB FILE | until-disk COMMAND | pair A... -- B...\n",
      stderr);
  return 2;
}
