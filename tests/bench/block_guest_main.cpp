// SPDX-License-Identifier: GPL-2.0-or-later
// bench_block_guest: what ./bench block does inside a machine.
//
//   bench_block_guest read FILE MIB          reads the start of FILE, 1 MiB at a time, through the
//                                            page cache; prints seconds
//   bench_block_guest agent SOCKET PROGRAM ARGUMENT...
//                                            answers calls of local programs as an agent does: each
//                                            starts the program with a stream; until it is killed
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"

namespace {

using base::io::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t block = std::size_t{1} << 20U;
constexpr std::size_t max_call = 512;

int complain(std::string_view what) {
  std::perror(what.data());
  return EXIT_FAILURE;
}

int read_file(const char* path, long mib) {
  std::vector<char> buffer(block, 1);
  const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return complain(path);
  const auto start = Clock::now();
  for (long i = 0; i < mib; ++i) {
    if (::read(file.get(), buffer.data(), block) != static_cast<ssize_t>(block)) {
      return complain("read");
    }
  }
  std::printf("%.6f\n", std::chrono::duration<double>(Clock::now() - start).count());
  return EXIT_SUCCESS;
}

int serve(const char* socket, char** program) {
  const auto listener = base::io::listen_unix(socket, 0600, base::io::SocketType::seqpacket);
  if (!listener) return complain(socket);
  ::signal(SIGCHLD, SIG_IGN);
  std::vector<Fd> callers;  // connected as long as they like
  for (;;) {
    Fd caller(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!caller || !base::io::receive_message(caller, max_call)) continue;
    auto pair = base::io::stream_pair();
    if (!pair) return complain("socketpair");
    if (::fork() == 0) {
      for (const int end : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(pair->second.get(), end);
      ::execv(program[0], program);
      ::_exit(127);
    }
    if (!base::io::send_message(caller, std::as_bytes(std::span("ok", 2)), {&pair->first}))
      continue;
    callers.push_back(std::move(caller));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "read" && argc == 4) return read_file(argv[2], std::strtol(argv[3], nullptr, 10));
  if (mode == "agent" && argc > 3) return serve(argv[2], argv + 3);
  std::fputs("usage: bench_block_guest read FILE MIB | agent SOCKET PROGRAM...\n", stderr);
  return 2;
}
