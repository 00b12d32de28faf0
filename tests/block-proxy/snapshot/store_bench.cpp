// SPDX-License-Identifier: GPL-2.0-or-later
// blockproxy_store_bench FOLDER [MIB]: what the snapshot store costs. A medium of random bytes (a
// file, in the page cache) is read raw, then through a snapshot: cold, warm from memory, and from
// the store; in requests of 1 MiB. Prints MiB/s. For figures, not for CTest.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include "block-proxy/snapshot/io/store.hpp"

namespace {

using namespace blockproxy::snapshot;
constexpr std::uint64_t mebibyte = 1024 * 1024;

class FileMedium : public Medium {
 public:
  FileMedium(base::io::Fd fd, std::uint64_t bytes) : fd_(std::move(fd)), bytes_(bytes) {}
  std::uint64_t size() override { return bytes_; }
  base::Result<std::size_t, MediumFault> read(std::uint64_t offset,
                                              std::span<std::byte> out) override {
    const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) return base::Unexpected{MediumFault::unreadable};
    return static_cast<std::size_t>(got);
  }
  base::Result<base::Ok, MediumFault> write(std::uint64_t, base::wire::Bytes) override {
    return base::Unexpected{MediumFault::full};
  }
  base::Result<base::Ok, MediumFault> flush() override { return base::Ok{}; }

 private:
  base::io::Fd fd_;
  std::uint64_t bytes_;
};

template <class Step>
double measure(const char* what, std::uint64_t mebibytes, Step step) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  for (std::uint64_t at = 0; at < mebibytes; ++at) {
    if (!step(at * mebibyte)) {
      std::fprintf(stderr, "%s: failed at %llu MiB\n", what, static_cast<unsigned long long>(at));
      std::exit(1);
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double speed = static_cast<double>(mebibytes) / took.count();
  // Of the processor's time: what a shared machine cannot blur.
  const double busy = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  std::printf("%-28s %7.0f MiB/s %7.0f MiB per CPU-s\n", what, speed,
              static_cast<double>(mebibytes) / busy);
  return speed;
}

// Takes each byte up, as sending it would.
std::uint64_t touch(base::wire::Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 64) sum += std::to_integer<unsigned>(bytes[i]);
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::fprintf(stderr, "usage: %s FOLDER [MIB]\n", arguments[0]), 2;
  const std::filesystem::path folder = arguments[1];
  const std::uint64_t size = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 512;
  const std::string path = (folder / "bench-medium").string();
  base::io::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  std::vector<std::byte> buffer(mebibyte);
  std::mt19937_64 random(1);
  for (std::uint64_t at = 0; at < size; ++at) {
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = static_cast<std::byte>(random());
    if (::write(fd.get(), buffer.data(), buffer.size()) != static_cast<ssize_t>(mebibyte)) return 1;
  }
  FileMedium medium(std::move(fd), size * mebibyte);
  const Place place{folder / "bench-store", folder / "bench-key"};
  (void)drop(place);
  const auto geometry = *Geometry::make(size * mebibyte, 512);
  const Options options;
  std::uint64_t sum = 0;
  const double raw = measure("raw medium", size, [&](std::uint64_t at) {
    if (!medium.read(at, buffer)) return false;
    sum += touch(buffer);
    return true;
  });
  auto store = Store::create(place, geometry, options);
  if (!store || !(*store)->attach(medium)) return 1;
  const auto through = [&](std::uint64_t at) {
    const auto read = (*store)->read({at, mebibyte}, Side::base);
    if (!read) return false;
    for (const Slice& slice : *read) sum += touch(slice.bytes);
    return true;
  };
  const double cold = measure("cold: fetched and stored", size, through);
  const double warm = measure("warm: from memory", size, [&](std::uint64_t at) {
    return through(at % (32 * mebibyte));  // what the cache holds
  });
  if (!(*store)->flush()) return 1;
  store->reset();
  store = Store::open(place, options);
  if (!store) return 1;
  const double again = measure("from the store, checked", size, through);
  std::printf("of raw: cold %.2f, warm %.2f, store %.2f (%llu)\n", cold / raw, warm / raw,
              again / raw, static_cast<unsigned long long>(sum % 10));
  store->reset();
  (void)drop(place);
  std::filesystem::remove(path);
  return 0;
}
