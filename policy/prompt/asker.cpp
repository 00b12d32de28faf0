// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/asker.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <utility>

#include "policy/io/ask_message.hpp"

namespace policy::prompt {

namespace asio = boost::asio;

void Asker::start(OnQuestion on_question, OnGone on_gone) {
  on_question_ = std::move(on_question);
  on_gone_ = std::move(on_gone);
  limit_.expires_after(read_limit);
  limit_.async_wait(std::bind_front(&Asker::after_limit, shared_from_this()));
  read();
}

void Asker::read() {
  socket_.async_read_some(asio::buffer(buffer_),
                          std::bind_front(&Asker::after_read, shared_from_this()));
}

void Asker::after_read(const boost::system::error_code& error, std::size_t size) {
  if (!on_question_) return;
  received_.append(buffer_.data(), size);
  if (received_.size() > io::max_question) return give_up("the question is too long");
  if (!error) return read();
  if (error != asio::error::eof) return give_up("the asker broke off: " + error.message());

  limit_.cancel();
  if (io::is_notice(received_)) {
    auto notice = io::parse_notice(received_);
    if (!notice) return give_up(notice.error().text);
    notice_ = *std::move(notice);
    return std::exchange(on_question_, nullptr)(shared_from_this(), base::Ok{});
  }
  auto parsed = io::parse_question(received_);
  received_.clear();
  if (!parsed) return give_up(parsed.error().text);
  question_ = *std::move(parsed);
  socket_.async_wait(Socket::wait_error,
                     std::bind_front(&Asker::after_hang_up, shared_from_this()));
  std::exchange(on_question_, nullptr)(shared_from_this(), base::Ok{});
}

void Asker::after_limit(const boost::system::error_code& error) {
  if (!error && on_question_) give_up("the asker sent no whole question in time");
}

void Asker::give_up(const std::string& why) {
  limit_.cancel();
  const auto on_question = std::exchange(on_question_, nullptr);
  deny();
  if (on_question) on_question(shared_from_this(), base::fail(why));
}

bool Asker::gone() {
  pollfd entry{.fd = socket_.native_handle(), .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void Asker::after_hang_up(const boost::system::error_code& error) {
  if (error || !on_gone_) return;
  std::exchange(on_gone_, nullptr)(shared_from_this());
}

// A few bytes into an empty socket: they fit, or nobody is there to read them.
void Asker::tell(std::string_view line) {
  if (!question_.timeout) return;
  static_cast<void>(
      ::send(socket_.native_handle(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

void Asker::answer(std::string reply) {
  on_question_ = nullptr;
  on_gone_ = nullptr;
  reply_ = std::move(reply);
  asio::async_write(socket_, asio::buffer(reply_),
                    std::bind_front(&Asker::after_answer, shared_from_this()));
}

void Asker::after_answer(const boost::system::error_code& /*error*/, std::size_t /*size*/) {
  boost::system::error_code ignored;  // an asker that is gone needs no answer
  socket_.close(ignored);
}

}  // namespace policy::prompt
