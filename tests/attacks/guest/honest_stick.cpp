// SPDX-License-Identifier: GPL-2.0-or-later
// The honest stick beside the attacks: runner.hpp.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/honest.hpp"
#include "tests/attacks/guest/runner.hpp"

namespace attacks {
namespace {

using namespace std::chrono_literals;

constexpr unsigned honest_port = 9;
constexpr std::size_t looked_at = 16384;
constexpr std::size_t alignment = 4096;  // of O_DIRECT
constexpr std::size_t max_name = 64;

std::filesystem::path note(const Places& places) { return places.logs.parent_path() / "honest"; }

// The disk on the target's side whose size is the honest stick's.
std::string find_disk() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/block", error)) {
    const auto where = std::filesystem::canonical(entry.path(), error).string();
    if (where.find("vhci_hcd.0/") == std::string::npos) continue;
    if (base::io::read_attribute(entry.path() / "size") == std::to_string(disk_sectors))
      return "/dev/" + entry.path().filename().string();
  }
  return {};
}

}  // namespace

int run_honest(const Places& places) {
  Chain chain(places);
  const Device device = disk();
  const auto plugged = chain.plug(device, honest_port);
  if (!plugged || !*plugged || !chain.start_backend({}) ||
      !chain.start_frontend(approval_of(device), {})) {
    std::cerr << "the honest stick cannot be attached\n";
    return 1;
  }
  bool told = false;
  while (chain.turn(100ms)) {
    if (told) continue;
    const std::string disk_node = find_disk();
    told = !disk_node.empty() && base::io::write_file_atomically(note(places), disk_node);
  }
  std::cerr << "the honest stick is lost: " << chain.frontend_words() << " / "
            << chain.backend_words() << '\n';
  return 1;
}

std::string look_at_honest(const Places& places) {
  const auto name = base::io::read_file(note(places), max_name);
  if (!name) return "no honest stick: " + name.error().text;
  const base::io::Fd file(::open(name->c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!file) return "cannot open " + *name;
  const std::unique_ptr<void, void (*)(void*)> memory(std::aligned_alloc(alignment, looked_at),
                                                      &std::free);
  const ssize_t got = ::pread(file.get(), memory.get(), looked_at, 0);
  if (got != static_cast<ssize_t>(looked_at)) return "cannot read " + *name;
  const auto* byte = static_cast<const std::uint8_t*>(memory.get());
  for (std::size_t i = 0; i < looked_at; ++i) {
    if (byte[i] != pattern_of(static_cast<std::uint32_t>(i / sector_size)))
      return "other bytes on " + *name;
  }
  return {};
}

}  // namespace attacks
