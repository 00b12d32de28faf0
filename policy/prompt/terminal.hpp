// SPDX-License-Identifier: GPL-2.0-or-later
// The terminal of the process: shows text, reads lines, throws typed-ahead input away.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace policy::prompt {

enum class Input { line, end_of_file, terminal_gone };

// Uses an open file of its own on the terminal, so that its non-blocking mode is not the shell's.
class Terminal {
 public:
  using OnInput = std::function<void(Input, std::string)>;
  static constexpr std::size_t max_line = 4096;

  // The terminal of standard input; an error if that is none.
  static base::Result<base::io::Fd> open();

  Terminal(boost::asio::io_context& context, base::io::Fd fd)
      : descriptor_(context, fd.release()) {}

  // The callback runs for each line until the terminal is gone.
  void start(OnInput on_input);
  // False if the terminal is gone or does not take the text; then nobody has seen it.
  bool show(std::string_view text);
  // Throws away what was typed but not read, a line begun included.
  void discard_input();

 private:
  void read();
  void after_read(const boost::system::error_code& error, std::size_t size);
  bool hung_up();

  boost::asio::posix::stream_descriptor descriptor_;
  std::array<char, max_line> buffer_{};
  std::string pending_;
  OnInput on_input_;
};

}  // namespace policy::prompt
