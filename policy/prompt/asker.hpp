// SPDX-License-Identifier: GPL-2.0-or-later
// One connection to the prompt agent: reads its question, tells when it goes away, gets an answer.
#pragma once

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/wire/result.hpp"
#include "policy/io/question.hpp"

namespace policy::prompt {

// on_question is called once: with the question, or with why there is none (then the connection is
// refused already). on_gone may follow, once, if the asker closes before it is answered.
class Asker : public std::enable_shared_from_this<Asker> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using OnQuestion = std::function<void(const std::shared_ptr<Asker>&, const base::Status&)>;
  using OnGone = std::function<void(const std::shared_ptr<Asker>&)>;

  // Who connects and then says nothing is dropped after this.
  static constexpr std::chrono::seconds read_limit{5};

  explicit Asker(Socket socket) : socket_(std::move(socket)), limit_(socket_.get_executor()) {}

  void start(OnQuestion on_question, OnGone on_gone);
  const io::Question& question() const { return question_; }
  // It only tells what became of a call; nothing is to be answered.
  const std::optional<io::Notice>& notice() const { return notice_; }
  // Has the other side closed both directions? It half-closes after its question, always.
  bool gone();
  // io::waits_line or io::shown_line, if whoever asks knows them: who gave the question a time
  // does.
  void tell(std::string_view line);
  // Sends the answer and closes; no callback after it.
  void answer(std::string reply);
  void deny() { answer("deny"); }

 private:
  void read();
  void after_read(const boost::system::error_code& error, std::size_t size);
  void after_limit(const boost::system::error_code& error);
  void give_up(const std::string& why);
  void after_hang_up(const boost::system::error_code& error);
  void after_answer(const boost::system::error_code& error, std::size_t size);

  Socket socket_;
  boost::asio::steady_timer limit_;
  std::array<char, 4096> buffer_{};
  std::string received_;
  std::string reply_;
  io::Question question_;
  std::optional<io::Notice> notice_;
  OnQuestion on_question_;
  OnGone on_gone_;
};

}  // namespace policy::prompt
