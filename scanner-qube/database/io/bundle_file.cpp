// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/bundle_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/io/files.hpp"
#include "scanner-qube/database/io/layout.hpp"

namespace scannerqube::database::io {
namespace {

using Step = BundleReader::Step;

std::filesystem::path place_of(const Manifest& manifest, std::size_t file) {
  if (file < manifest.files.size()) {
    return std::filesystem::path(database_folder) / manifest.files[file].name;
  }
  return std::filesystem::path(self_test_folder) /
         manifest.self_tests.at(file - manifest.files.size()).name;
}

}  // namespace

base::Result<BundleFile> BundleFile::open(const std::filesystem::path& path,
                                          const base::sign::PublicKey& key) {
  // Non-blocking: a FIFO must not stop us; on a regular file it changes nothing.
  base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return base::io::fail_errno("open " + path.string());
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::io::fail_errno("stat " + path.string());
  if (!S_ISREG(info.st_mode)) return base::fail(path.string() + ": a bundle is a regular file");
  return BundleFile(std::move(fd), key);
}

base::Result<Step> BundleFile::next() {
  for (;;) {
    auto step = reader_.next(rest_);
    if (!step || step->kind != Step::Kind::hungry) return step;
    const ssize_t got = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read");
    if (got == 0) {
      if (auto whole = reader_.finish(); !whole) return base::Unexpected{whole.error()};
      return step;
    }
    rest_ = base::wire::Bytes(buffer_).first(static_cast<std::size_t>(got));
  }
}

base::Status BundleFile::open_manifest() {
  const auto step = next();
  if (!step) return base::Unexpected{step.error()};
  return base::Ok{};
}

base::Status BundleFile::copy_files(const Incoming& to, const std::function<void()>& one) {
  base::io::Fd out;
  for (;;) {
    const auto step = next();
    if (!step) return base::Unexpected{step.error()};
    if (step->kind == Step::Kind::hungry) return base::Ok{};
    const auto name = place_of(reader_.manifest(), step->file);
    if (!out) {
      auto made = to.create(name);
      if (!made) return base::Unexpected{made.error()};
      out = *std::move(made);
    }
    if (step->kind == Step::Kind::closed) {
      if (auto kept = to.finish_file(out, name); !kept) return kept;
      out.reset();
      one();
    } else if (auto put = base::io::write_all(out, base::wire::as_text(step->bytes)); !put) {
      return base::fail("write " + (to.path() / name).string() + ": " + put.error().text);
    }
  }
}

}  // namespace scannerqube::database::io
