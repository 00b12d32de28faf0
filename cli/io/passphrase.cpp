// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/passphrase.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/desk/desk_request.hpp"

namespace cli::io {
namespace {

using base::io::Fd;
using scannerqube::desk::max_passphrase;

base::Unexpected<base::Error> too_long() {
  return base::fail("the passphrase is longer than " + std::to_string(max_passphrase) + " bytes");
}

// What was typed or read, wiped.
class Typed {
 public:
  Typed() = default;
  ~Typed() { ::explicit_bzero(bytes_.data(), bytes_.size()); }
  Typed(const Typed&) = delete;
  Typed& operator=(const Typed&) = delete;

  bool add(char c) {
    if (size_ == bytes_.size()) return false;
    bytes_.at(size_++) = c;
    return true;
  }
  // A character may be several bytes (UTF-8).
  void take_back() {
    while (size_ > 0 && (static_cast<unsigned char>(bytes_.at(--size_)) & 0xc0U) == 0x80U) continue;
  }
  void clear() { size_ = 0; }
  void strip_line_end() {
    for (const char end : {'\n', '\r'}) {
      if (size_ > 0 && bytes_.at(size_ - 1) == end) --size_;
    }
  }

  base::Result<Fd> sealed() const {
    if (size_ == 0) return base::fail("the passphrase is empty");
    if (size_ > max_passphrase) return too_long();
    return base::io::sealed_copy(std::as_bytes(std::span(bytes_).first(size_)));
  }

 private:
  std::array<char, max_passphrase + 2> bytes_{};  // and the end of a line
  std::size_t size_ = 0;
};

// A terminal that shows nothing of what is typed, and hands over each key.
class Silent {
 public:
  explicit Silent(const Fd& terminal) : terminal_(terminal) {
    good_ = ::tcgetattr(terminal_.get(), &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    good_ = good_ && ::tcsetattr(terminal_.get(), TCSAFLUSH, &silent) == 0;
  }
  ~Silent() {
    if (good_) ::tcsetattr(terminal_.get(), TCSAFLUSH, &before_);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  bool good() const { return good_; }

 private:
  const Fd& terminal_;
  termios before_{};
  bool good_ = false;
};

base::Status read_keys(const Fd& terminal, Typed& typed) {
  constexpr char ctrl_c = 3;
  constexpr char ctrl_d = 4;
  constexpr char backspace = 8;
  constexpr char ctrl_u = 21;
  constexpr char rubout = 127;
  for (;;) {
    char key = 0;
    const ssize_t got = ::read(terminal.get(), &key, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || key == ctrl_c || key == ctrl_d) return base::fail("no passphrase was given");
    if (key == '\n' || key == '\r') return base::Ok{};
    if (key == backspace || key == rubout) {
      typed.take_back();
    } else if (key == ctrl_u) {
      typed.clear();
    } else if (!typed.add(key)) {
      return too_long();
    }
  }
}

}  // namespace

base::Result<Fd> ask_passphrase(const std::string& question) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) {
    return base::fail("there is no terminal to ask for the passphrase; --passphrase-file reads it");
  }
  Typed typed;
  const Silent silent(terminal);
  if (!silent.good()) return base::io::fail_errno("hide what is typed at the terminal");
  if (auto asked = base::io::write_all(terminal, question); !asked) {
    return base::Unexpected{asked.error()};
  }
  const auto read = read_keys(terminal, typed);
  static_cast<void>(base::io::write_all(terminal, "\n"));
  if (!read) return base::Unexpected{read.error()};
  return typed.sealed();
}

base::Result<Fd> read_passphrase(const std::string& path) {
  const Fd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::io::fail_errno("open " + path);
  Typed typed;
  for (;;) {
    char byte = 0;
    const ssize_t got = ::read(file.get(), &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read " + path);
    if (got == 0) break;
    if (!typed.add(byte)) return too_long();
  }
  typed.strip_line_end();
  return typed.sealed();
}

}  // namespace cli::io
