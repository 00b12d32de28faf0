// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/nbd_links.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/devices/nbd_control.hpp"
#include "base/io/files.hpp"
#include "base/wire/ascii.hpp"

namespace agent::devices {

namespace fs = std::filesystem;

NbdLinks::NbdLinks(fs::path dev, fs::path sysfs, std::string name, std::uint32_t index)
    : dev_(std::move(dev)), sysfs_(std::move(sysfs)), name_(std::move(name)), index_(index) {
  update();
}

NbdLinks::NbdLinks(NbdLinks&& other) noexcept
    : dev_(std::move(other.dev_)),
      sysfs_(std::move(other.sysfs_)),
      name_(std::move(other.name_)),
      index_(other.index_),
      made_(std::exchange(other.made_, {})) {}

NbdLinks::~NbdLinks() {
  for (const std::string& suffix : made_) ::unlink((dev_ / (name_ + suffix)).c_str());
}

bool NbdLinks::is_free(const fs::path& dev, const std::string& name) {
  std::error_code error;
  return fs::symlink_status(dev / name, error).type() == fs::file_type::not_found;
}

void NbdLinks::remove(const fs::path& dev, const std::string& name, std::uint32_t index) {
  const std::string device = "nbd" + std::to_string(index);
  std::error_code error;
  std::vector<fs::path> links;
  for (const auto& entry : fs::directory_iterator(dev, error)) {
    if (!entry.path().filename().string().starts_with(name) || !entry.is_symlink(error)) continue;
    const std::string points_to = fs::read_symlink(entry.path(), error).string();
    if (points_to == device || points_to.starts_with(device + "p")) links.push_back(entry.path());
  }
  for (const auto& link : links) ::unlink(link.c_str());
}

std::string NbdLinks::target(const std::string& suffix) const {
  return "nbd" + std::to_string(index_) + (suffix.empty() ? "" : "p" + suffix);
}

std::string NbdLinks::stat() const {
  return base::io::read_attribute(sysfs_ / target("") / "stat");
}

void NbdLinks::lengthen(unsigned read_ahead_kib, unsigned request_kib) const {
  for (const auto& [name, kib] :
       {std::pair{"read_ahead_kb", read_ahead_kib}, std::pair{"max_sectors_kb", request_kib}}) {
    const fs::path path = sysfs_ / target("") / "queue" / name;
    const base::io::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file) static_cast<void>(base::io::write_all(file, std::to_string(kib)));
  }
}

std::set<std::string> NbdLinks::wanted() const {
  std::set<std::string> suffixes{""};
  const std::string part = target("") + "p";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sysfs_ / target(""), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(part) || suffixes.size() >= max_links) continue;
    const std::string number = name.substr(part.size());
    if (!number.empty() && std::ranges::all_of(number, base::wire::is_digit)) {
      suffixes.insert(number);
    }
  }
  return suffixes;
}

void NbdLinks::update() {
  const auto now = wanted();
  for (const std::string& suffix : now) {
    if (made_.contains(suffix)) continue;
    if (::symlink(target(suffix).c_str(), (dev_ / (name_ + suffix)).c_str()) == 0) {
      made_.insert(suffix);
    }
  }
  std::erase_if(made_, [this, &now](const std::string& suffix) {
    if (now.contains(suffix)) return false;
    ::unlink((dev_ / (name_ + suffix)).c_str());
    return true;
  });
}

std::vector<NbdLeft> find_left_behind(const fs::path& sysfs) {
  std::vector<NbdLeft> left;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sysfs, error)) {
    constexpr std::string_view prefix = "nbd";
    const std::string device = entry.path().filename().string();
    if (!device.starts_with(prefix)) continue;
    const std::string number = device.substr(prefix.size());
    NbdLeft found;
    const char* end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, found.index);
    if (parsed.ec != std::errc{} || parsed.ptr != end) continue;
    const std::string backend = base::io::read_attribute(entry.path() / "backend");
    if (!backend.starts_with(nbd_backend)) continue;
    found.name = backend.substr(nbd_backend.size());
    if (valid_nbd_name(found.name)) left.push_back(std::move(found));
  }
  return left;
}

}  // namespace agent::devices
