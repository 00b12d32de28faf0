// SPDX-License-Identifier: GPL-2.0-or-later
// A frontend of the tests: reads all of an NBD export on stdin and stdout into FILE, says
// "attached" on descriptor 3, and stays until the stream ends. With a file `write` beside FILE it
// first writes "over" at the beginning.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "block-proxy/io/nbd_medium.hpp"

namespace {

int fail(const std::string& why) {
  std::cerr << why << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail("usage: nbd-reader FILE");
  const std::filesystem::path file = argv[1];
  auto medium = blockproxy::io::NbdMedium::connect(base::io::Fd(::fcntl(0, F_DUPFD_CLOEXEC, 4)),
                                                   std::chrono::seconds(20));
  if (!medium) return fail(medium.error().text);
  if (std::filesystem::exists(file.parent_path() / "write")) {
    const std::string text = "over";
    if (!(*medium)->write(0, base::wire::as_bytes(text)) || !(*medium)->flush()) {
      return fail("cannot write");
    }
  }
  std::ofstream out(file, std::ios::binary);
  std::vector<std::byte> bytes(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < (*medium)->size();) {
    const auto room = std::span(bytes).first(
        std::min<std::uint64_t>(bytes.size(), (*medium)->size() - at));
    const auto got = (*medium)->read(at, room);
    if (!got || *got == 0) return fail("cannot read at " + std::to_string(at));
    out << base::wire::as_text(std::span(bytes).first(*got));
    at += *got;
  }
  out.close();
  const std::string attached = "attached\n";
  if (::write(3, attached.data(), attached.size()) < 0) return fail("nobody listens");
  ::close(3);
  pollfd stream{.fd = 0, .events = POLLRDHUP, .revents = 0};
  while (::poll(&stream, 1, -1) < 0) {
  }
  return 0;
}
