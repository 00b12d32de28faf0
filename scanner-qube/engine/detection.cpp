// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/detection.hpp"

#include <array>
#include <utility>

namespace scannerqube {

Meaning meaning_of(std::string_view detection) {
  // libclamav 1.4: Heuristics.Limits.Exceeded[.MaxScanTime, ...], Heuristics.Encrypted.Zip, ...
  if (detection.starts_with("Heuristics.Limits.Exceeded")) return Meaning::not_examined;
  if (detection.starts_with("Heuristics.Encrypted.")) return Meaning::not_examined;
  if (detection.starts_with("Detected.By.Callback")) return Meaning::ours;
  for (const std::string_view doubtful : {"Heuristics.", "PUA.", "Detected.Heuristics."}) {
    if (detection.starts_with(doubtful)) return Meaning::suspicion;
  }
  return Meaning::signature;
}

std::string_view cannot_open(std::string_view type) {
  // Debian's libclamav has no unrar; whole-disk images in other formats than raw are opaque to it.
  constexpr std::array closed{
      std::pair<std::string_view, std::string_view>{"CL_TYPE_RAR",
                                                    "RAR archive: no program here opens one"},
      std::pair<std::string_view, std::string_view>{"CL_TYPE_RARSFX",
                                                    "RAR archive: no program here opens one"},
  };
  for (const auto& [name, why] : closed) {
    if (type == name) return why;
  }
  return {};
}

}  // namespace scannerqube
