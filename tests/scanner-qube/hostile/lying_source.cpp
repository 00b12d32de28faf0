// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/lying_source.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

namespace tests::hostile {

namespace volume = scannerqube::volume;

LyingSource::LyingSource(const std::string& image, Script script)
    : script_(std::move(script)), scanner_(::getpid()) {
  auto file = volume::FileSource::open(image);
  if (!file) std::abort();
  file_ = *std::move(file);
  void* shared =
      ::mmap(nullptr, sizeof(*shared_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  shared_ = new (shared) std::atomic<std::uint64_t>(0);
}

LyingSource::~LyingSource() { ::munmap(shared_, sizeof(*shared_)); }

base::Result<std::size_t, volume::ReadError> LyingSource::read(std::uint64_t offset,
                                                               std::span<std::byte> out) const {
  const Act act = script_(shared_->fetch_add(1), {.offset = offset, .length = out.size()});
  const bool worker = ::getpid() != scanner_;
  switch (act) {
    case Act::error:
      return base::Unexpected{volume::ReadError{.offset = offset, .text = "bad block"}};
    case Act::hang:
      while (worker) ::poll(nullptr, 0, 1000);
      break;
    case Act::kill:
      if (worker) ::kill(::getpid(), SIGKILL);
      break;
    case Act::other_bytes:
    case Act::honest:
      break;
  }
  auto got = file_->read(offset, out);
  if (got && worker && act == Act::other_bytes) {
    for (std::byte& b : out.first(*got)) b ^= std::byte{0x20};
  }
  return got;
}

}  // namespace tests::hostile
