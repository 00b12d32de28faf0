// SPDX-License-Identifier: GPL-2.0-or-later
// Registry files: whatever is accepted must be safe to put on QEMU's command line.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/config/qube_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto config = base::config::parse_qube_config("work", text, "work.conf");
  if (!config) {
    if (!config.error().text.starts_with("work.conf")) std::abort();
    if (config.error().text.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  const auto unsafe = [](const std::string& word) {
    return word.empty() || word.find_first_of(", \n") != std::string::npos;
  };
  if (std::ranges::any_of(config->disks, unsafe)) std::abort();
  if (std::ranges::any_of(config->controllers, unsafe)) std::abort();
  if (unsafe(config->image) || config->image.find('/') != std::string::npos) std::abort();
  if (config->memory_mib < 64 || config->memory_mib > 65536) std::abort();
  if (config->transport == base::config::Transport::vsock && config->cid < 3) std::abort();
  return 0;
}
