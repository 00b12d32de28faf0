// SPDX-License-Identifier: GPL-2.0-or-later
// The process of one snapshot, as its supervisor has it.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/fd.hpp"

namespace blockproxy::snapshot {

class Keeper : public std::enable_shared_from_this<Keeper> {
 public:
  struct Events {
    std::function<void()> changed;                      // the snapshot was made or dropped
    std::function<void(const std::string& how)> ended;  // the process; `how`: empty if well
  };

  // Starts `program` for the snapshot `name`, which may take `quota` bytes.
  static base::Result<std::shared_ptr<Keeper>> start(boost::asio::io_context& io,
                                                     const std::filesystem::path& program,
                                                     const std::filesystem::path& root,
                                                     const std::string& name, std::uint64_t quota);
  // Use start().
  Keeper(boost::asio::io_context& io, pid_t child, base::io::Fd process, base::io::Fd control);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void watch(Events events);
  // Hands a request over, unless it is closing(). An error: the process takes no more.
  base::Status hand_over(const std::string& request, const std::vector<const base::io::Fd*>& fds);
  bool closing() const { return !control_; }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  void wait_for_word();
  void heard();
  void wait_for_end();
  void end();

  pid_t child_;
  Descriptor process_;  // a pidfd
  base::io::Fd control_;
  Descriptor readable_;  // a duplicate of it, for waiting
  Events events_;
  std::uint64_t handed_over_ = 0;
  bool reaped_ = false;
};

}  // namespace blockproxy::snapshot
