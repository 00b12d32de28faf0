// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/agent.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <utility>

#include "base/wire/escape.hpp"
#include "policy/io/ask_message.hpp"

namespace policy::prompt {

namespace asio = boost::asio;

Agent::Agent(asio::io_context& context, std::vector<base::io::Fd> listeners, AgentOptions options,
             Terminal* terminal)
    : context_(context),
      guard_timer_(context),
      deadline_(context),
      options_(std::move(options)),
      terminal_(terminal) {
  for (base::io::Fd& each : listeners) {
    acceptors_.emplace_back(context, Protocol(), each.release());
  }
}

void Agent::start() {
  if (terminal_ != nullptr) {
    terminal_->start(std::bind_front(&Agent::on_input, this));
    // What the shell left behind is no answer either.
    terminal_->discard_input();
  }
  say("Waiting for questions. Ctrl-C ends.\n");
  for (Protocol::acceptor& each : acceptors_) accept(each);
}

void Agent::accept(Protocol::acceptor& acceptor) {
  acceptor.async_accept(
      [this, &acceptor](const boost::system::error_code& error, Protocol::socket socket) {
        after_accept(acceptor, error, std::move(socket));
      });
}

void Agent::after_accept(Protocol::acceptor& acceptor, const boost::system::error_code& error,
                         Protocol::socket socket) {
  if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
  if (!error && reading_ < max_reading) {
    ++reading_;
    std::make_shared<Asker>(std::move(socket))
        ->start(std::bind_front(&Agent::on_question, this), std::bind_front(&Agent::on_gone, this));
  }
  accept(acceptor);  // a socket that is one too many closes here, which denies
}

void Agent::on_question(const std::shared_ptr<Asker>& asker, const base::Status& status) {
  --reading_;
  if (!status) return;  // refused already
  if (asker->notice()) {
    say(render(*asker->notice()));
    return asker->answer({});
  }
  if (options_.fixed == Fixed::yes && asker->question().about == io::Question::About::pairing) {
    // No answer of ours: it is over when who shows the digits has seen them typed.
    shown_.push_back(asker);
    return say(render(asker->question(), limit_of(asker->question())));
  }
  if (options_.fixed != Fixed::none) return answer_fixed(*asker);
  if (waiting_.size() >= max_waiting || terminal_ == nullptr) {
    say("\nRefused at once: too many questions are waiting.\n");
    return asker->deny();
  }
  waiting_.push_back(asker);
  if (open_) return asker->tell(io::waits_line);
  show_next();
}

void Agent::on_gone(const std::shared_ptr<Asker>& asker) {
  if (asker == open_) {
    return settle({Choice::Kind::deny, {}}, asker->question().digits.empty()
                                                ? "withdrawn: who asked is gone"
                                                : "the digits were typed, or the keyboard is gone");
  }
  std::erase(waiting_, asker);
  std::erase(shown_, asker);
}

std::chrono::seconds Agent::limit_of(const io::Question& question) const {
  return question.timeout.value_or(options_.timeout);
}

void Agent::answer_fixed(Asker& asker) {
  Choice choice{Choice::Kind::deny, {}};
  if (options_.fixed == Fixed::yes) choice = fixed_yes(asker.question(), options_.scope);
  say(render(asker.question(), limit_of(asker.question())));
  if (choice.kind == Choice::Kind::allow) {
    say("answered by --answer: allow " + base::wire::escape(choice.target) + " (" +
        std::string(name_of(choice.scope)) + ")\n");
    return asker.answer(io::encode_reply(choice.target, choice.scope));
  }
  say(options_.fixed == Fixed::no
          ? "answered by --answer: deny\n"
          : "answered by --answer: deny (several targets, none suggested)\n");
  asker.deny();
}

void Agent::show_next() {
  while (!waiting_.empty()) {
    open_ = std::move(waiting_.front());
    waiting_.pop_front();
    if (open_->gone()) continue;  // its on_gone finds it neither open nor waiting
    armed_ = false;
    unconfirmed_.reset();
    const std::chrono::seconds limit = limit_of(open_->question());
    if (!terminal_->show(render(open_->question(), limit))) {
      // Nobody has seen the whole question, so nobody may answer it.
      open_->deny();
      continue;
    }
    open_->tell(io::shown_line);
    guard_timer_.expires_after(guard);
    guard_timer_.async_wait(std::bind_front(&Agent::after_guard, this));
    deadline_.expires_after(limit);
    deadline_.async_wait(std::bind_front(&Agent::after_deadline, this));
    return;
  }
  open_.reset();
}

void Agent::after_guard(const boost::system::error_code& error) {
  // The timer may have fired for the question before this one: then its time is in the future.
  if (error || !open_ || guard_timer_.expiry() > std::chrono::steady_clock::now()) return;
  terminal_->discard_input();
  armed_ = true;
  say("Answer: ");
}

void Agent::after_deadline(const boost::system::error_code& error) {
  if (error || !open_ || deadline_.expiry() > std::chrono::steady_clock::now()) return;
  settle({Choice::Kind::deny, {}}, "refused: nobody answered in time");
}

void Agent::on_input(Input input, const std::string& line) {
  if (input == Input::terminal_gone) return stop("the terminal is gone");
  if (!open_ || !armed_) return;
  if (input == Input::end_of_file) {
    return settle({Choice::Kind::deny, {}}, "refused");
  }
  if (unconfirmed_) {
    const Choice always = *std::exchange(unconfirmed_, std::nullopt);
    if (line == "yes" || line == "yes\r") return settle(always, "refused");
    return say("Not written. Answer: ");
  }
  const Choice choice = read_choice(line, open_->question());
  if (choice.kind == Choice::Kind::unclear) {
    return say("That is none of the targets; n refuses. Answer: ");
  }
  if (choice.kind == Choice::Kind::allow && choice.scope == io::Scope::always) {
    unconfirmed_ = choice;
    return say(render_always(open_->question()));
  }
  settle(choice, "refused");
}

void Agent::settle(const Choice& choice, const std::string& why) {
  guard_timer_.cancel();
  deadline_.cancel();
  armed_ = false;
  const auto asker = std::exchange(open_, nullptr);
  const bool gone = choice.kind != Choice::Kind::deny && asker->gone();
  if (choice.kind == Choice::Kind::allow && !gone) {
    say("-> allowed: " + base::wire::escape(choice.target) + " (" +
        std::string(name_of(choice.scope)) + ")\n");
    asker->answer(io::encode_reply(choice.target, choice.scope));
  } else if (choice.kind == Choice::Kind::scan_first && !gone && scan_first(asker->question())) {
    asker->answer(std::string(io::scan_first_reply));
  } else {
    say("\n-> " + (gone ? "withdrawn: who asked is gone" : why) + "\n");
    asker->deny();
  }
  show_next();
}

bool Agent::scan_first(const io::Question& question) {
  const std::string device = question.scan_first;
  if (scans_.contains(device) || scans_.size() >= max_scans) {
    say(scans_.contains(device) ? "It is being scanned already. "
                                : "Too many are being scanned; try again later. ");
    return false;
  }
  auto run =
      ScanRun::start(context_, scan_command(options_.paths, question),
                     [this, question](int exit_code, std::string_view last_words) {
                       say("\nScanned: " + scan_outcome(question, exit_code, last_words) + "\n");
                       scans_.erase(question.scan_first);
                     });
  if (!run) {
    say("It cannot be scanned: " + base::wire::escape(run.error().text) + " ");
    return false;
  }
  scans_[device] = *std::move(run);
  say("-> refused for now; " + shown(device) + " is being scanned\n");
  return true;
}

bool Agent::interrupt() {
  if (!open_) return false;
  settle({Choice::Kind::deny, {}}, "refused");
  return true;
}

void Agent::stop(const std::string& why) {
  boost::system::error_code ignored;  // it ends here anyway
  for (Protocol::acceptor& each : acceptors_) each.close(ignored);
  for (const auto& asker : waiting_) asker->deny();
  for (const auto& asker : shown_) asker->deny();
  waiting_.clear();
  shown_.clear();
  scans_.clear();
  if (open_) settle({Choice::Kind::deny, {}}, "refused: " + why);
  // Not context_.stop() at once: the denials are still to be written.
  asio::post(context_, [this] { context_.stop(); });
}

void Agent::say(const std::string& text) {
  if (terminal_ != nullptr) {
    terminal_->show(text);
    return;
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace policy::prompt
