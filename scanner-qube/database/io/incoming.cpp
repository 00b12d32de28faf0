// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/incoming.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/files.hpp"
#include "base/io/run_program.hpp"
#include "base/io/sandbox.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/database/io/database_store.hpp"
#include "scanner-qube/database/io/layout.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;

constexpr mode_t read_only = 0444;
constexpr std::chrono::seconds image_time{900};
constexpr const char* mksquashfs = "/usr/bin/mksquashfs";

base::Status make_folder(const fs::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 || ::chmod(path.c_str(), mode) != 0) {
    return base::io::fail_errno("make " + path.string());
  }
  return base::Ok{};
}

}  // namespace

base::Status Incoming::make_folders() const {
  for (const auto* const name : {database_folder, self_test_folder}) {
    if (auto made = make_folder(path_ / name, 0755); !made) return made;
  }
  return make_folder(path_ / temporary_folder, 0700);
}

base::Result<base::io::Fd> Incoming::create(const fs::path& name) const {
  const fs::path path = path_ / name;
  base::io::Fd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, read_only));
  if (!fd) return base::io::fail_errno("create " + path.string());
  return fd;
}

base::Status Incoming::finish_file(const base::io::Fd& fd, const fs::path& name) const {
  if (::fchmod(fd.get(), read_only) != 0 || ::fsync(fd.get()) != 0) {
    return base::io::fail_errno("keep " + (path_ / name).string());
  }
  return base::Ok{};
}

base::Status Incoming::put(const fs::path& name, std::string_view content) const {
  const auto fd = create(name);
  if (!fd) return base::Unexpected{fd.error()};
  if (auto written = base::io::write_all(*fd, content); !written) {
    return base::fail((path_ / name).string() + ": " + written.error().text);
  }
  return finish_file(*fd, name);
}

base::Status Incoming::give_temporary_to(const std::string& user) const {
  const auto identity = base::io::find_identity(user);
  if (!identity) {
    return base::fail(identity.error().text + " ('systemd-sysusers' makes sallyport-db-check)");
  }
  const fs::path path = path_ / temporary_folder;
  if (::chown(path.c_str(), identity->uid, identity->gid) != 0) {
    return base::io::fail_errno("give " + path.string() + " to " + user);
  }
  return base::Ok{};
}

base::Status Incoming::make_image() const {
  // Of the same files comes the same image.
  const auto ran = base::io::run_program(
      {mksquashfs, (path_ / database_folder).string(), (path_ / head_file).string(),
       (path_ / image_file).string(), "-noappend", "-quiet", "-no-progress", "-no-xattrs",
       "-all-root", "-root-mode", "0755", "-mkfs-time", "0", "-all-time", "0", "-comp", "lz4",
       "-processors", "1"},
      image_time);
  if (!ran) return base::fail(ran.error().text + " (Debian's package squashfs-tools)");
  if (ran->code != 0) {
    return base::fail("mksquashfs could not make " + (path_ / image_file).string() + " (" +
                      std::to_string(ran->code) +
                      "): " + base::wire::escape(ran->output.substr(0, 512), 512));
  }
  const base::io::Fd fd(::open((path_ / image_file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return base::io::fail_errno("open " + (path_ / image_file).string());
  return finish_file(fd, image_file);
}

base::Status Incoming::finish() const {
  for (const auto* const name : {self_test_folder, temporary_folder}) {
    std::error_code error;
    fs::remove_all(path_ / name, error);
    if (error) return base::fail("remove " + (path_ / name).string() + ": " + error.message());
  }
  if (auto made = make_image(); !made) return made;
  if (auto synced = sync_folder(path_ / database_folder); !synced) return synced;
  return sync_folder(path_);
}

}  // namespace scannerqube::database::io
