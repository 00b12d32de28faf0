// SPDX-License-Identifier: GPL-2.0-or-later
// Finds, starts and watches the program behind a service call, as qrexec's agent does.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/control.hpp"
#include "base/io/fd.hpp"

namespace agent::io {

// `NAME+ARG`, then `NAME`, in each folder in turn; only regular executable files count.
std::optional<std::filesystem::path> find_service(const std::vector<std::filesystem::path>& folders,
                                                  const std::string& service);

// What is started for a call, and where it may ask for calls of its own.
struct ServiceProgram {
  std::filesystem::path file;
  std::filesystem::path agent_socket;
};

// The QREXEC_* variables, ours and a plain PATH: nothing of the agent's own environment.
std::vector<std::string> service_environment(const CallStart& call, pid_t agent,
                                             const std::filesystem::path& agent_socket);

// A running service. Its process dies with the agent (PR_SET_PDEATHSIG), and what it last wrote to
// stderr is the reason it ended with. Single-threaded.
class Service : public std::enable_shared_from_this<Service> {
 public:
  struct End {
    int exit_code = 0;  // 128 + n: killed by signal n
    std::string reason;
  };
  using OnEnd = std::function<void(CallId, const End&)>;
  // A word that it said on its status pipe; at most max_statuses.
  using OnStatus = std::function<void(CallId, const std::string&)>;
  static constexpr std::size_t max_statuses = 16;

  // Starts `program` with stdin and stdout on `stream`.
  static base::Result<std::shared_ptr<Service>> start(boost::asio::io_context& io,
                                                      const CallStart& call,
                                                      const ServiceProgram& program,
                                                      base::io::Fd stream, OnEnd on_end,
                                                      OnStatus on_status);
  // Use start().
  Service(boost::asio::io_context& io, CallId call, pid_t child, base::io::Fd process,
          base::io::Fd errors, base::io::Fd statuses, OnEnd on_end, OnStatus on_status);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // SIGTERM now, SIGKILL after two seconds.
  void cancel();

 private:
  void watch();
  void wait_for_exit();
  void read_errors();
  void after_errors(const boost::system::error_code& error, std::size_t size);
  void read_statuses();
  void after_statuses(const boost::system::error_code& error, std::size_t size);
  void after_exit(const boost::system::error_code& error);
  void finish();
  std::string last_line() const;

  CallId call_;
  pid_t child_;
  boost::asio::posix::stream_descriptor process_;  // a pidfd: readable when the child has ended
  boost::asio::posix::stream_descriptor errors_;
  boost::asio::posix::stream_descriptor statuses_;
  boost::asio::steady_timer timer_;  // until SIGKILL; after the exit, for the last of its stderr
  std::array<char, 1024> buffer_{};
  std::string said_;  // the end of its stderr, bounded
  std::array<char, 64> status_buffer_{};
  std::string status_;  // a line that is not whole yet
  std::size_t told_ = 0;
  OnEnd on_end_;
  OnStatus on_status_;
  std::optional<int> exit_code_;  // once it was reaped
  bool errors_closed_ = false;
};

}  // namespace agent::io
