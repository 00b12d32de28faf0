// SPDX-License-Identifier: GPL-2.0-or-later
// One question for calls that are one to a person: a keyboard with three event nodes makes three
// calls, of one service with one argument, within a moment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "policy/io/ask_client.hpp"
#include "policy/request.hpp"

namespace dom0::io {

// Calls with the same key and the same choices share a question while it is open, and its answer
// for `answer_holds` more: long enough for the nodes of one device, too short to be an approval of
// the next one.
class QuestionDesk {
 public:
  static constexpr std::chrono::seconds answer_holds{3};

  using OnAnswer = std::function<void(const policy::io::Answer&)>;
  using Ticket = std::uint64_t;

  QuestionDesk(boost::asio::io_context& io, std::filesystem::path prompt_socket)
      : io_(io), prompt_socket_(std::move(prompt_socket)) {}

  // `key`: what makes calls the same to a person. `on_answer` runs once, later, unless the ticket
  // is given back.
  Ticket ask(std::string key, const policy::io::Question& question, std::chrono::seconds limit,
             OnAnswer on_answer);
  // "SERVICE+ARGUMENT: SOURCE TARGET"
  static std::string key_of(const policy::Request& request);
  // Whether such a question is open, or its answer still holds.
  bool has(std::string key, const policy::io::Question& question) const;
  // What was answered holds no longer: something has happened since.
  void forget_answers();
  // This call needs no answer any more; the last one of a question withdraws it.
  void give_back(Ticket ticket);

 private:
  static std::string with_choices(std::string key, const policy::io::Question& question);
  struct Open {
    std::shared_ptr<policy::io::AskClient> client;
    std::map<Ticket, OnAnswer> waiting;
    std::optional<policy::io::Answer> answer;
    std::unique_ptr<boost::asio::steady_timer> forget;
  };

  void answered(const std::string& key, const policy::io::Answer& answer);
  void forget(const std::string& key);

  boost::asio::io_context& io_;
  std::filesystem::path prompt_socket_;
  std::map<std::string, Open> open_;
  Ticket next_ = 1;
};

}  // namespace dom0::io
