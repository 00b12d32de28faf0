// SPDX-License-Identifier: GPL-2.0-or-later
// rig_dma: makes QEMU's `edu` device do DMA, and watches a page that it must not reach.
//
//   rig_dma own               write a pattern to edu, let it write it to another page of this
//                             process, compare; prints "same" or "different"
//   rig_dma write ADDRESS     let edu write a pattern to a bus address; prints "done"
//   rig_dma victim SIGN STOP  hold a page above 512 MiB filled with a pattern, write its physical
//                             address to the file SIGN, wait for the file STOP; prints "intact" or
//                             "changed"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/files.hpp"

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::uint64_t edu_buffer = 0x40000;
// QEMU 7.2 stops with a hardware error when a transfer touches the last byte of edu's buffer.
constexpr std::size_t transfer_size = 2048;
constexpr std::uint64_t inner_memory = std::uint64_t{512} << 20U;
constexpr std::size_t bar_size = std::size_t{1} << 20U;

// Pinned memory; never unmapped, the process is short-lived.
class Page {
 public:
  static base::Result<Page> allocate(std::byte fill) {
    void* const memory = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return base::io::fail_errno("mmap");
    std::memset(memory, std::to_integer<int>(fill), page_size);
    return Page(static_cast<volatile std::byte*>(memory));
  }

  // From /proc/self/pagemap, which shows frame numbers to root.
  base::Result<std::uint64_t> physical() const {
    const base::io::Fd file(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    if (!file) return base::io::fail_errno("open /proc/self/pagemap");
    const auto number = std::bit_cast<std::uintptr_t>(memory_) / page_size;
    std::uint64_t entry = 0;
    if (::pread(file.get(), &entry, sizeof entry, static_cast<off_t>(number * sizeof entry)) !=
        ssize_t{sizeof entry}) {
      return base::io::fail_errno("read /proc/self/pagemap");
    }
    const std::uint64_t frame = entry & ((std::uint64_t{1} << 55U) - 1);
    if (frame == 0) return base::fail("/proc/self/pagemap hides frame numbers; run as root");
    return frame * page_size;
  }

  bool all(std::byte value, std::size_t size = page_size) const {
    for (std::size_t i = 0; i < size; ++i) {
      if (memory_[i] != value) return false;
    }
    return true;
  }

 private:
  explicit Page(volatile std::byte* memory) : memory_(memory) {}

  volatile std::byte* memory_;
};

// The device's registers (QEMU docs/specs/edu.txt).
class Edu {
 public:
  static base::Result<Edu> open() {
    const auto folder = find();
    if (!folder) return base::fail("look for PCI device 1234:11e8: not there");
    std::ofstream(*folder / "enable") << "1\n";
    const base::io::Fd config(::open((*folder / "config").c_str(), O_RDWR | O_CLOEXEC));
    // Command register: memory space and bus mastering on.
    const std::uint16_t command = 0x0006;
    if (!config || ::pwrite(config.get(), &command, sizeof command, 4) != ssize_t{sizeof command}) {
      return base::io::fail_errno("write edu's PCI command register");
    }
    const base::io::Fd bar(::open((*folder / "resource0").c_str(), O_RDWR | O_CLOEXEC));
    if (!bar) return base::io::fail_errno("open edu's resource0");
    void* const memory =
        ::mmap(nullptr, bar_size, PROT_READ | PROT_WRITE, MAP_SHARED, bar.get(), 0);
    if (memory == MAP_FAILED) return base::io::fail_errno("mmap edu's resource0");
    return Edu(static_cast<volatile std::uint64_t*>(memory));
  }

  base::Status to_device(std::uint64_t address) { return transfer(address, edu_buffer, 1); }
  base::Status to_memory(std::uint64_t address) { return transfer(edu_buffer, address, 1 | 2); }

 private:
  explicit Edu(volatile std::uint64_t* registers) : registers_(registers) {}

  static std::optional<std::filesystem::path> find() {
    for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/pci/devices")) {
      std::string vendor;
      std::string device;
      std::ifstream(entry.path() / "vendor") >> vendor;
      std::ifstream(entry.path() / "device") >> device;
      if (vendor == "0x1234" && device == "0x11e8") return entry.path();
    }
    return std::nullopt;
  }

  // In one access: edu takes a 32-bit store for the whole value.
  void set(std::size_t offset, std::uint64_t value) { registers_[offset / 8] = value; }

  base::Status transfer(std::uint64_t source, std::uint64_t destination, std::uint64_t command) {
    set(0x80, source);
    set(0x88, destination);
    set(0x90, transfer_size);
    set(0x98, command);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while ((registers_[0x98 / 8] & 1U) != 0) {
      if (std::chrono::steady_clock::now() >= deadline) return base::fail("edu never finished");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return base::Ok{};
  }

  volatile std::uint64_t* registers_;
};

base::Status copy_within_own_memory() {
  constexpr std::byte pattern{0x5a};
  auto source = Page::allocate(pattern);
  auto destination = Page::allocate(std::byte{0});
  if (!source || !destination) return base::fail("no memory");
  const auto from = source->physical();
  const auto to = destination->physical();
  if (!from) return base::fail(from.error().text);
  if (!to) return base::fail(to.error().text);
  auto edu = Edu::open();
  if (!edu) return base::fail(edu.error().text);
  if (auto moved = edu->to_device(*from); !moved) return moved;
  if (auto moved = edu->to_memory(*to); !moved) return moved;
  std::puts(destination->all(pattern, transfer_size) ? "same" : "different");
  return base::Ok{};
}

base::Status write_to(std::uint64_t address) {
  auto source = Page::allocate(std::byte{0x66});
  if (!source) return base::fail(source.error().text);
  const auto from = source->physical();
  if (!from) return base::fail(from.error().text);
  auto edu = Edu::open();
  if (!edu) return base::fail(edu.error().text);
  if (auto moved = edu->to_device(*from); !moved) return moved;
  if (auto moved = edu->to_memory(address); !moved) return moved;
  std::puts("done");
  return base::Ok{};
}

// Only a page above the inner guest's memory has a bus address that is not the guest's own.
base::Result<Page> page_outside_inner_guest(std::byte fill) {
  constexpr int max_tries = 200000;
  for (int i = 0; i < max_tries; ++i) {
    auto page = Page::allocate(fill);
    if (!page) return page;
    const auto address = page->physical();
    if (!address) return base::fail(address.error().text);
    if (*address >= inner_memory) return page;
  }
  return base::fail("no page above 512 MiB; give the machine more memory");
}

base::Status watch(const std::filesystem::path& sign, const std::filesystem::path& stop) {
  constexpr std::byte pattern{0xa5};
  auto page = page_outside_inner_guest(pattern);
  if (!page) return base::fail(page.error().text);
  const auto address = page->physical();
  if (!address) return base::fail(address.error().text);
  if (auto put = base::io::write_file_atomically(sign, std::to_string(*address)); !put) return put;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(30);
  while (!std::filesystem::exists(stop)) {
    if (std::chrono::steady_clock::now() >= deadline) return base::fail("nobody stopped the watch");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const auto now = page->physical();
  if (!now || *now != *address) return base::fail("the kernel moved the page: nothing was shown");
  std::puts(page->all(pattern) ? "intact" : "changed");
  return base::Ok{};
}

base::Status run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1 && arguments[0] == "own") return copy_within_own_memory();
  if (arguments.size() == 2 && arguments[0] == "write") {
    return write_to(std::strtoull(arguments[1].c_str(), nullptr, 0));
  }
  if (arguments.size() == 3 && arguments[0] == "victim") return watch(arguments[1], arguments[2]);
  return base::fail("usage: rig_dma own | write ADDRESS | victim SIGN STOP");
}

}  // namespace

int main(int argc, char** argv) {
  const auto done = run({argv + 1, argv + argc});
  if (done) return EXIT_SUCCESS;
  std::fprintf(stderr, "rig_dma: %s\n", done.error().text.c_str());
  return EXIT_FAILURE;
}
