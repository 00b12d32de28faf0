// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/io/qube_registry.hpp"

#include <algorithm>
#include <filesystem>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace sysusb::io {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;

}  // namespace

base::Result<std::vector<std::string>> qube_names(const base::io::Paths& paths) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(paths.qubes_d(), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::filesystem::path file = entry->path();
    if (file.extension() != ".conf" || !base::config::valid_qube_name(file.stem().native())) {
      continue;
    }
    if (names.size() == max_qubes) {
      return base::fail(paths.qubes_d().string() + ": more than " + std::to_string(max_qubes) +
                        " qubes; remove some");
    }
    names.push_back(file.stem());
  }
  if (error) {
    return base::fail("read the registry " + paths.qubes_d().string() + ": " + error.message() +
                      "; make one NAME.conf there for each qube");
  }
  std::ranges::sort(names);
  return names;
}

base::Result<base::config::QubeConfig> load_qube(const base::io::Paths& paths,
                                                 const std::string& name) {
  const auto names = qube_names(paths);
  if (!names) return base::fail(names.error().text);
  if (std::ranges::find(*names, name) == names->end()) {
    std::string known;
    for (const std::string& one : *names) known += ' ' + one;
    return base::fail("no such qube: '" + base::wire::escape(name, 64) + "'; " +
                      (known.empty() ? "none is known" : "known are:" + known) +
                      "; a qube is a file NAME.conf in " + paths.qubes_d().string());
  }
  const std::filesystem::path file = paths.qubes_d() / (name + ".conf");
  const auto text = base::io::read_file(file, max_file);
  if (!text) return base::fail(text.error().text);
  return base::config::parse_qube_config(name, *text, file.string());
}

}  // namespace sysusb::io
