// SPDX-License-Identifier: GPL-2.0-or-later
// One sallyport-call with a sender behind it, as a child process.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace inputproxy::io {

// The process dies with its object, and with ours (PR_SET_PDEATHSIG).
class SenderProcess : public std::enable_shared_from_this<SenderProcess> {
 public:
  // 128 + n: killed by signal n.
  using OnExit = std::function<void(int exit_code)>;

  // `on_exit` runs once, from the event loop, unless the object is gone before.
  static base::Result<std::shared_ptr<SenderProcess>> start(boost::asio::io_context& io,
                                                            std::vector<std::string> command,
                                                            OnExit on_exit);
  // Use start().
  SenderProcess(boost::asio::io_context& io, pid_t child, int process, OnExit on_exit);
  ~SenderProcess();
  SenderProcess(const SenderProcess&) = delete;
  SenderProcess& operator=(const SenderProcess&) = delete;

 private:
  void wait();
  void after_wait(const boost::system::error_code& error);

  pid_t child_;
  bool reaped_ = false;
  boost::asio::posix::stream_descriptor process_;  // a pidfd: readable when it has ended
  OnExit on_exit_;
};

}  // namespace inputproxy::io
