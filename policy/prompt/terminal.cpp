// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace policy::prompt {
namespace {

constexpr int patience_ms = 2000;  // for a terminal that is stopped (Ctrl-S) or slow

}  // namespace

base::Result<base::io::Fd> Terminal::open() {
  std::array<char, 256> name{};
  if (::ttyname_r(STDIN_FILENO, name.data(), name.size()) != 0) {
    return base::fail(
        "standard input is no terminal, so nobody could answer; start it in a terminal, or use "
        "--answer yes|no");
  }
  base::io::Fd fd(::open(name.data(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return base::io::fail_errno(std::string("open ") + name.data());
  return fd;
}

void Terminal::start(OnInput on_input) {
  on_input_ = std::move(on_input);
  read();
}

void Terminal::read() {
  descriptor_.async_read_some(boost::asio::buffer(buffer_),
                              std::bind_front(&Terminal::after_read, this));
}

bool Terminal::hung_up() {
  pollfd entry{.fd = descriptor_.native_handle(), .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void Terminal::after_read(const boost::system::error_code& error, std::size_t size) {
  const bool end = error == boost::asio::error::eof;
  if ((error && !end) || (end && hung_up())) return on_input_(Input::terminal_gone, {});
  if (end) {
    pending_.clear();
    on_input_(Input::end_of_file, {});  // Ctrl-D: the terminal lives on
    return read();
  }
  pending_.append(buffer_.data(), size);
  for (std::size_t end_of_line = pending_.find('\n'); end_of_line != std::string::npos;
       end_of_line = pending_.find('\n')) {
    std::string line = pending_.substr(0, end_of_line);
    pending_.erase(0, end_of_line + 1);
    on_input_(Input::line, std::move(line));
  }
  // A terminal in line mode hands over whole lines; a part is Ctrl-D after some letters.
  if (pending_.size() > max_line) pending_.clear();
  read();
}

bool Terminal::show(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor_.native_handle(), text.data(), text.size());
    if (put > 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    if (put == 0 || errno != EAGAIN) return false;
    pollfd entry{.fd = descriptor_.native_handle(), .events = POLLOUT, .revents = 0};
    if (::poll(&entry, 1, patience_ms) <= 0) return false;
  }
  return true;
}

void Terminal::discard_input() {
  ::tcflush(descriptor_.native_handle(), TCIFLUSH);
  pending_.clear();
}

}  // namespace policy::prompt
