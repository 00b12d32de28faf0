// SPDX-License-Identifier: GPL-2.0-or-later
// "Scan first": the answer is no for now; the medium is scanned as a snapshot, and if it is clean
// policy is asked whether the qube may have that.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "policy/io/question.hpp"

namespace policy::prompt {

// At once, each with a machine of its own; more are not begun.
inline constexpr std::size_t max_scans = 4;

// What does it: `sallyport`, beside this program. Only for a question that offers it.
std::vector<std::string> scan_command(const base::io::Paths& paths, const io::Question& question);
// What became of it, as one line for people. `last_words`: the last line that it said as an error.
std::string scan_outcome(const io::Question& question, int exit_code, std::string_view last_words);

// Such a command while it runs, for a terminal: its report is not shown there, among questions.
class ScanRun : public std::enable_shared_from_this<ScanRun> {
 public:
  // `last_words` as it said them. Not called from within start(), nor after the end of this.
  using OnEnd = std::function<void(int exit_code, std::string_view last_words)>;

  static base::Result<std::shared_ptr<ScanRun>> start(boost::asio::io_context& context,
                                                      const std::vector<std::string>& command,
                                                      OnEnd on_end);
  // Use start().
  ScanRun(boost::asio::io_context& context, pid_t child, base::io::Fd process, base::io::Fd errors);
  // Ends the scan.
  ~ScanRun();
  ScanRun(const ScanRun&) = delete;
  ScanRun& operator=(const ScanRun&) = delete;

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  static constexpr std::size_t max_line = 1024;

  void read();
  void take(std::string_view text);
  void wait();
  void end();

  pid_t child_;
  Descriptor process_;  // a pidfd
  Descriptor errors_;
  std::array<char, 4096> buffer_{};
  std::string line_;  // under way
  std::string last_line_;
  OnEnd on_end_;
};

}  // namespace policy::prompt
