// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sign/io/key_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/io/files.hpp"

namespace base::sign::io {
namespace {

using base::io::Fd;

Status create(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return base::io::fail_errno("create " + path.string());
  // The umask may have taken away more, never less: a public key is to be read by all.
  if (::fchmod(fd.get(), mode) != 0) return base::io::fail_errno("chmod " + path.string());
  if (auto written = base::io::write_all(fd, content); !written) {
    return fail(path.string() + ": " + written.error().text);
  }
  if (::fsync(fd.get()) != 0) return base::io::fail_errno("fsync " + path.string());
  return Ok{};
}

Status check_owner(const Fd& fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::io::fail_errno("stat " + name);
  if (!S_ISREG(info.st_mode)) return fail(name + ": a secret key is a regular file, this is not");
  if ((info.st_mode & 077U) != 0) {
    return fail(name +
                ": others than its owner may use this secret key. Make a new one if somebody "
                "could have read it, else: chmod 600 " +
                name);
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return fail(name + ": this secret key belongs to user " + std::to_string(info.st_uid) +
                ", who could change it; it has to belong to root or to who signs");
  }
  return Ok{};
}

// Not by read_file, whose buffers nobody wipes.
template <std::size_t size>
Result<std::size_t> fill(const Fd& fd, std::array<char, size>& buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(fd.get(), &buffer.at(filled), buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read");
    if (got == 0) return filled;
    filled += static_cast<std::size_t>(got);
  }
  return fail("longer than a key is");
}

}  // namespace

Result<PublicKey> make_key_files(const std::filesystem::path& path) {
  return make_key_files(path, path.string() + ".pub");
}

Result<PublicKey> make_key_files(const std::filesystem::path& secret_path,
                                 const std::filesystem::path& public_path) {
  const KeyPair pair = KeyPair::generate();
  const SecretText secret = pair.secret_text();
  if (auto made = create(secret_path, secret.view(), 0600); !made) {
    return fail("cannot make a secret key: " + made.error().text);
  }
  if (auto made = create(public_path, pair.public_key().text(), 0644); !made) {
    ::unlink(secret_path.c_str());  // ours since the line above, and of no use alone
    return fail("cannot make a public key: " + made.error().text);
  }
  return pair.public_key();
}

Result<KeyPair> read_secret_key(const std::filesystem::path& path) {
  const std::string name = path.string();
  // Non-blocking: a FIFO must not stop us; on a regular file it changes nothing.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return base::io::fail_errno(
        "open " + name, errno == EACCES ? "chown it to the user of the program that signs" : "");
  }
  if (auto checked = check_owner(fd, name); !checked) return fail(checked.error().text);
  std::array<char, max_key_text> buffer{};
  const auto size = fill(fd, buffer);
  if (!size) {
    wipe(buffer);
    return fail(name + ": " + size.error().text);
  }
  auto pair = KeyPair::parse(std::string_view(buffer.data(), *size));
  wipe(buffer);
  if (!pair) return fail(name + ": " + pair.error().text);
  return pair;
}

Result<PublicKey> read_public_key(const std::filesystem::path& path) {
  const auto text = base::io::read_file(path, max_key_text);
  if (!text) return fail(text.error().text);
  auto key = PublicKey::parse(*text);
  if (!key) return fail(path.string() + ": " + key.error().text);
  return key;
}

}  // namespace base::sign::io
