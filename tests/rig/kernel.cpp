// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/kernel.hpp"

#include <cstdlib>

#include "tests/places.hpp"
#include "tests/rig/child.hpp"

namespace rig {
namespace {

base::Result<std::filesystem::path> kernel_folder() {
  const char* const folder = std::getenv("SALLYPORT_KERNEL");
  if (folder != nullptr) return std::filesystem::path(folder);

  auto printed = run_program({places::source() + "/sys-usb/image/fetch-kernel"},
                             deadline_after(std::chrono::minutes(5)));
  if (!printed) return base::fail(printed.error().text);
  // Its last line is the folder; before it there may be progress on stderr.
  while (!printed->empty() && printed->back() == '\n') printed->pop_back();
  const auto start = printed->rfind('\n');
  return std::filesystem::path(start == std::string::npos ? *printed : printed->substr(start + 1));
}

}  // namespace

base::Result<Kernel> find_kernel() {
  auto folder = kernel_folder();
  if (!folder) return base::fail(folder.error().text);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "boot", error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("vmlinuz-")) continue;
    Kernel kernel{.folder = *folder, .vmlinuz = entry.path(), .version = name.substr(8)};
    if (std::filesystem::exists(*folder / "lib/modules" / kernel.version / "modules.dep")) {
      return kernel;
    }
  }
  return base::fail("look for a kernel in " + folder->string() +
                    ": no boot/vmlinuz-* with lib/modules/*/modules.dep; run " +
                    "sys-usb/image/fetch-kernel, or set SALLYPORT_KERNEL");
}

}  // namespace rig
