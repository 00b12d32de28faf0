// SPDX-License-Identifier: GPL-2.0-or-later
// A call from dom0 itself to a service of a qube: a bounded text in, a bounded answer out.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// dom0's own calls are not asked about (whoever may use the Admin API fully is dom0), but they are
// on record. What the qube answers is opaque bytes: handed on, never read here.
class Dom0Call : public std::enable_shared_from_this<Dom0Call> {
 public:
  static constexpr std::size_t max_answer = std::size_t{1000} * 1024;  // a reply's bound is 1 MiB
  static constexpr std::chrono::seconds limit{120};

  using OnDone = std::function<void(base::Result<std::string>)>;

  Dom0Call(Switchboard& board, std::string qube, std::string service, std::string input);
  // `on_done` runs once: the service's stdout, or why there is none (its exit code and reason).
  void start(OnDone on_done);
  void exited(const std::string& qube, const agent::CallExited& exited);
  void link_down(const std::string& qube);
  bool done() const { return !on_done_; }

 private:
  void after_stream(base::Result<StreamSocket> stream);
  void after_write(const boost::system::error_code& error, std::size_t size);
  void read();
  void after_read(const boost::system::error_code& error, std::size_t size);
  void finish_if_whole();
  void fail(const std::string& reason);

  Switchboard& board_;
  std::string qube_;
  std::string service_;
  std::string input_;
  CallId call_;
  boost::asio::steady_timer timer_;
  std::optional<StreamSocket> stream_;
  std::array<char, 16384> buffer_{};
  std::string answer_;
  bool at_end_ = false;
  std::optional<agent::CallExited> exit_;
  OnDone on_done_;
};

}  // namespace dom0::io
