// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/question_desk.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace dom0::io {

std::string QuestionDesk::key_of(const policy::Request& request) {
  return request.source + " " + request.target + " " + policy::call_name(request);
}

// A change of policy between two calls is another question.
std::string QuestionDesk::with_choices(std::string key, const policy::io::Question& question) {
  for (const std::string& target : question.targets) key += " " + target;
  return key;
}

bool QuestionDesk::has(std::string key, const policy::io::Question& question) const {
  return open_.contains(with_choices(std::move(key), question));
}

QuestionDesk::Ticket QuestionDesk::ask(std::string key, const policy::io::Question& question,
                                       std::chrono::seconds limit, OnAnswer on_answer) {
  key = with_choices(std::move(key), question);
  const Ticket ticket = next_++;
  Open& open = open_[key];
  open.waiting.emplace(ticket, std::move(on_answer));
  if (open.answer) {
    boost::asio::post(io_, [this, key, answer = *open.answer] { answered(key, answer); });
  } else if (!open.client) {
    open.client = std::make_shared<policy::io::AskClient>(io_, prompt_socket_);
    open.client->ask(question, limit,
                     [this, key](const policy::io::Answer& answer) { answered(key, answer); });
  }
  return ticket;
}

void QuestionDesk::answered(const std::string& key, const policy::io::Answer& answer) {
  const auto found = open_.find(key);
  if (found == open_.end()) return;
  Open& open = found->second;
  const auto waiting = std::exchange(open.waiting, {});
  const bool said = answer.outcome == policy::io::Outcome::allowed ||
                    answer.outcome == policy::io::Outcome::denied;
  if (!said) {
    open_.erase(found);  // nobody answered: the next call asks anew
  } else if (!open.answer) {
    open.answer = answer;
    open.forget = std::make_unique<boost::asio::steady_timer>(io_, answer_holds);
    open.forget->async_wait([this, key](const boost::system::error_code& error) {
      if (!error) forget(key);
    });
  }
  for (const auto& [ticket, on_answer] : waiting) on_answer(answer);
}

void QuestionDesk::forget(const std::string& key) {
  const auto found = open_.find(key);
  if (found == open_.end()) return;
  // Who came at the last moment still gets it.
  const Open last = std::move(found->second);
  open_.erase(found);
  for (const auto& [ticket, on_answer] : last.waiting) on_answer(*last.answer);
}

void QuestionDesk::forget_answers() {
  // Who waits for the event loop to bring a held answer still gets it.
  std::erase_if(open_, [](const auto& entry) {
    return entry.second.answer.has_value() && entry.second.waiting.empty();
  });
}

void QuestionDesk::give_back(Ticket ticket) {
  for (auto each = open_.begin(); each != open_.end(); ++each) {
    Open& open = each->second;
    if (open.waiting.erase(ticket) == 0) continue;
    if (open.waiting.empty() && !open.answer) {
      open.client->cancel();
      open_.erase(each);
    }
    return;
  }
}

}  // namespace dom0::io
