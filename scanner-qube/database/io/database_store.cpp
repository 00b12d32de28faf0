// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/database_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/hash/sha256.hpp"
#include "base/io/files.hpp"
#include "scanner-qube/database/bundle_header.hpp"
#include "scanner-qube/database/io/layout.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

std::string name_of(const LastImport& which) { return std::to_string(which.serial.value); }

// The name that `current` has; empty: there is none.
base::Result<std::string> current_name(const fs::path& folder) {
  std::error_code error;
  const fs::path target = fs::read_symlink(folder / current_link, error);
  if (!error) return target.string();
  if (error == std::errc::no_such_file_or_directory) return std::string();
  return base::fail((folder / current_link).string() + ": " + error.message());
}

base::Status take_away(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return base::Ok{};
  return base::fail("remove " + path.string() + ": " + error.message());
}

base::Result<Published> read_published(const fs::path& folder) {
  const auto head = base::io::read_file(folder / head_file, bundle_header_size + max_manifest);
  if (!head) return base::Unexpected{head.error()};
  const auto text = std::string_view(*head).substr(std::min(head->size(), bundle_header_size));
  auto manifest = parse_manifest(text);
  if (!manifest) return base::Unexpected{manifest.error()};
  const auto record = base::io::read_file(folder / record_file, max_import_record);
  if (!record) return base::Unexpected{record.error()};
  auto parsed = parse_import_record(*record);
  if (!parsed) return base::Unexpected{parsed.error()};
  return Published{.manifest = *std::move(manifest),
                   .digest = base::hash::Sha256()({base::wire::as_bytes(text)}),
                   .record = *std::move(parsed)};
}

}  // namespace

base::Status sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return base::io::fail_errno("sync " + folder.string());
  return base::Ok{};
}

base::Result<Current> read_current(const fs::path& folder) {
  const auto name = current_name(folder);
  if (!name) return base::Unexpected{name.error()};
  if (name->empty()) {
    return base::fail("there are no signatures in " + folder.string() +
                      ": bring some in with 'sallyport db import'");
  }
  auto published = read_published(folder / *name);
  if (published && name_of(published->as_import()) == *name) {
    return Current{.published = *std::move(published), .folder = folder / *name};
  }
  return base::fail("the signatures in " + (folder / *name).string() + " cannot be used: " +
                    (published ? "they are those of another serial" : published.error().text));
}

base::Result<DatabaseStore> DatabaseStore::open(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return base::fail("make " + folder.string() + ": " + error.message());
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return base::io::fail_errno("stat " + folder.string());
  if (info.st_uid != ::geteuid()) {
    return base::fail(folder.string() + " belongs to user " + std::to_string(info.st_uid) +
                      "; who imports signatures has to own it");
  }
  // Whatever the umask: the process that checks what came in is another user.
  if (::chmod(folder.c_str(), 0755) != 0) return base::io::fail_errno("chmod " + folder.string());
  const fs::path path = folder / lock_file;
  Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return base::io::fail_errno("open " + path.string());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return base::io::fail_errno("lock " + path.string(),
                                errno == EWOULDBLOCK ? "another import runs; wait for it" : "");
  }
  return DatabaseStore(folder, std::move(lock));
}

base::Result<std::optional<LastImport>> DatabaseStore::last() const {
  const fs::path path = folder_ / last_file;
  std::error_code error;
  const auto kind = fs::symlink_status(path, error).type();
  if (kind == fs::file_type::none) return base::fail(path.string() + ": " + error.message());
  if (kind != fs::file_type::not_found) {
    const auto text = base::io::read_file(path, max_last_import);
    auto last = text ? parse_last_import(*text) : base::Unexpected{text.error()};
    if (!last) {
      return base::fail(path.string() + ": " + last.error().text +
                        "; without it an older bundle would be taken. Remove it if that is right");
    }
    return std::optional(*last);
  }
  const auto name = current_name(folder_);
  if (!name) return base::Unexpected{name.error()};
  if (name->empty()) return std::optional<LastImport>();
  // Somebody removed the file, or copied the folder without it.
  const auto current = read_current(folder_);
  if (!current) return base::Unexpected{current.error()};
  return std::optional(current->published.as_import());
}

bool DatabaseStore::in_use(const LastImport& which) const {
  const auto current = read_current(folder_);
  return current && current->published.digest == which.digest &&
         fs::exists(current->folder / image_file);
}

base::Status DatabaseStore::clean() const {
  const auto current = current_name(folder_);
  if (!current) return base::Unexpected{current.error()};
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name == lock_file || name == last_file || name == current_link || name == *current) {
      continue;
    }
    if (auto gone = take_away(at->path()); !gone) return gone;
  }
  if (error) return base::fail("list " + folder_.string() + ": " + error.message());
  return base::Ok{};
}

base::Result<fs::path> DatabaseStore::begin() const {
  // A name of its own: what a killed import has started may live a moment longer than its lock.
  std::string incoming = (folder_ / incoming_pattern).string();
  if (::mkdtemp(incoming.data()) == nullptr || ::chmod(incoming.c_str(), 0755) != 0) {
    return base::io::fail_errno("make " + incoming);
  }
  return fs::path(incoming);
}

base::Status DatabaseStore::publish(const fs::path& incoming, const LastImport& which) const {
  const fs::path path = folder_ / name_of(which);
  // One that is there already is the current one, damaged: the two change places.
  if (::rename(incoming.c_str(), path.c_str()) != 0 &&
      ::renameat2(AT_FDCWD, incoming.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
    return base::io::fail_errno("rename " + incoming.string() + " to " + path.string());
  }
  return sync_folder(folder_);
}

base::Status DatabaseStore::remember(const LastImport& which) const {
  if (auto done = base::io::write_file_atomically(folder_ / last_file, encode(which)); !done) {
    return done;
  }
  return sync_folder(folder_);
}

base::Status DatabaseStore::switch_to(const LastImport& which) const {
  const fs::path made = folder_ / (std::string(current_link) + ".new");
  if (::symlink(name_of(which).c_str(), made.c_str()) != 0 ||
      ::rename(made.c_str(), (folder_ / current_link).c_str()) != 0) {
    return base::io::fail_errno("make " + (folder_ / current_link).string() + " point to " +
                                name_of(which));
  }
  return sync_folder(folder_);
}

}  // namespace scannerqube::database::io
