// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt agent: listens for policy.Ask and puts one question at a time to the user.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "policy/prompt/asker.hpp"
#include "policy/prompt/scan_first.hpp"
#include "policy/prompt/terminal.hpp"
#include "policy/prompt/view.hpp"

namespace policy::prompt {

enum class Fixed { none, yes, no };

struct AgentOptions {
  std::chrono::seconds timeout{60};  // of a question that brings none
  Fixed fixed = Fixed::none;
  io::Scope scope = io::Scope::once;  // of a fixed yes
  base::io::Paths paths{};            // of what is started to scan
};

// Lives as long as the io_context runs. A question is open from the moment it stands on the
// terminal, but takes an answer only after `guard`: what was typed before was not meant for it.
// Every way out of a question but a clear yes is a denial.
class Agent {
 public:
  static constexpr std::chrono::milliseconds guard{1000};
  // Questions that wait behind the open one; more are refused.
  static constexpr std::size_t max_waiting = 8;
  // Connections that have not sent their question yet; more are closed.
  static constexpr std::size_t max_reading = 16;

  // `terminal` is nullptr for a fixed answerer. Each listener is a Unix stream socket.
  Agent(boost::asio::io_context& context, std::vector<base::io::Fd> listeners, AgentOptions options,
        Terminal* terminal);

  void start();
  // Ctrl-C: refuses the open question. False if none is open.
  bool interrupt();
  // Refuses everything and takes no more questions.
  void stop(const std::string& why);

 private:
  using Protocol = boost::asio::local::stream_protocol;

  void accept(Protocol::acceptor& acceptor);
  void after_accept(Protocol::acceptor& acceptor, const boost::system::error_code& error,
                    Protocol::socket socket);
  void on_question(const std::shared_ptr<Asker>& asker, const base::Status& status);
  void on_gone(const std::shared_ptr<Asker>& asker);
  void on_input(Input input, const std::string& line);
  std::chrono::seconds limit_of(const io::Question& question) const;
  void answer_fixed(Asker& asker);
  void show_next();
  void after_guard(const boost::system::error_code& error);
  void after_deadline(const boost::system::error_code& error);
  void settle(const Choice& choice, const std::string& why);
  // False: it could not be begun, which was said.
  bool scan_first(const io::Question& question);
  void say(const std::string& text);

  boost::asio::io_context& context_;
  std::deque<Protocol::acceptor> acceptors_;  // they stay where they are
  boost::asio::steady_timer guard_timer_;
  boost::asio::steady_timer deadline_;
  AgentOptions options_;
  Terminal* terminal_;
  std::size_t reading_ = 0;
  std::deque<std::shared_ptr<Asker>> waiting_;
  std::vector<std::shared_ptr<Asker>> shown_;  // digits, by the fixed answerer
  std::shared_ptr<Asker> open_;
  bool armed_ = false;                                     // the open question takes answers
  std::optional<Choice> unconfirmed_;                      // an "always" whose text was shown
  std::map<std::string, std::shared_ptr<ScanRun>> scans_;  // by device
};

// Where questions come from: calls, and assignments of devices.
struct AgentSockets {
  std::vector<std::filesystem::path> paths;
  std::vector<base::io::Fd> listeners;
};
// Makes the sockets, reachable for the daemon's group. Refuses to push another agent aside that
// listens there.
base::Result<AgentSockets> open_sockets(const base::io::Paths& paths);

}  // namespace policy::prompt
