// SPDX-License-Identifier: GPL-2.0-or-later
// Puts one question to the prompt agent and waits for its answer, for a limited time.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/io/ask_message.hpp"
#include "policy/io/question.hpp"

namespace policy::io {

// One question at a time; make one client per question. The handler is called exactly once, never
// from within ask(), and not at all after cancel(). Only Outcome::allowed allows.
//
// Wire: "policy.Ask dom0 name dom0\0", then JSON, then half-close; the answer is "allow:TARGET" or
// "deny", at most max_reply bytes, and end of file. Before it an agent of ours may say that the
// question waits behind others, and when it is shown.
class AskClient : public std::enable_shared_from_this<AskClient> {
 public:
  AskClient(boost::asio::io_context& context, std::filesystem::path prompt_socket);

  // How long a question may wait behind others before anybody sees it.
  static constexpr std::chrono::seconds max_queued{600};

  // `limit` runs from when the question is handed over, or, if it has to wait, from when it is
  // shown.
  void ask(const Question& question, std::chrono::seconds limit,
           std::function<void(Answer)> on_answer);
  // Withdraws the question: the prompt agent sees the connection close.
  void cancel();

 private:
  void connect();
  void after_connect(const boost::system::error_code& error);
  void after_write(const boost::system::error_code& error, std::size_t size);
  void read();
  void after_read(const boost::system::error_code& error, std::size_t size);
  void take_progress();
  bool take_line(std::string_view line);
  void expect_within(std::chrono::seconds limit);
  void after_deadline(const boost::system::error_code& error);
  void finish(Answer answer);

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer deadline_;
  std::filesystem::path prompt_socket_;
  std::string request_;
  std::vector<std::string> targets_;
  std::vector<Scope> scopes_;
  std::chrono::seconds seconds_{};
  // One byte more than a reply may have, so that a longer one is seen.
  std::array<char, max_reply + 1> buffer_{};
  std::size_t filled_ = 0;
  enum class Stage { handed_over, waits, shown } stage_ = Stage::handed_over;
  std::optional<uid_t> agent_;  // who answers
  std::function<void(Answer)> on_answer_;
};

}  // namespace policy::io
