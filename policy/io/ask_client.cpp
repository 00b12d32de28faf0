// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/ask_client.hpp"

#include <sys/un.h>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <utility>

namespace policy::io {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

AskClient::AskClient(asio::io_context& context, std::filesystem::path prompt_socket)
    : socket_(context), deadline_(context), prompt_socket_(std::move(prompt_socket)) {}

void AskClient::ask(const Question& question, std::chrono::seconds limit,
                    std::function<void(Answer)> on_answer) {
  request_ = encode_question(question);
  targets_ = question.targets;
  scopes_ = question.scopes;
  seconds_ = limit;
  on_answer_ = std::move(on_answer);
  deadline_.expires_after(limit);
  deadline_.async_wait(std::bind_front(&AskClient::after_deadline, shared_from_this()));
  // Later, so that a failure is never reported from within ask().
  asio::post(socket_.get_executor(), std::bind_front(&AskClient::connect, shared_from_this()));
}

void AskClient::connect() {
  if (!on_answer_) return;
  // Asio's endpoint throws on a longer path.
  if (prompt_socket_.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return finish({Outcome::nobody_to_ask,
                   {},
                   Scope::once,
                   "nobody to ask: the path " + prompt_socket_.string() +
                       " is too long for a socket; choose a shorter --root"});
  }
  socket_.async_connect(Protocol::endpoint(prompt_socket_.native()),
                        std::bind_front(&AskClient::after_connect, shared_from_this()));
}

void AskClient::after_connect(const boost::system::error_code& error) {
  if (!on_answer_) return;
  if (error) {
    return finish({Outcome::nobody_to_ask,
                   {},
                   Scope::once,
                   "nobody to ask: no prompt agent at " + prompt_socket_.string() + " (" +
                       error.message() + "); start sallyport-prompt in a terminal"});
  }
  asio::async_write(socket_, asio::buffer(request_),
                    std::bind_front(&AskClient::after_write, shared_from_this()));
}

void AskClient::after_write(const boost::system::error_code& error, std::size_t /*size*/) {
  if (!on_answer_) return;
  if (error) {
    return finish(
        {Outcome::denied, {}, Scope::once, "the prompt agent went away: " + error.message()});
  }
  boost::system::error_code ignored;  // a peer that is gone shows when reading
  socket_.shutdown(Protocol::socket::shutdown_send, ignored);
  read();
}

void AskClient::read() {
  const auto room = std::span(buffer_).subspan(filled_);
  socket_.async_read_some(asio::buffer(room.data(), room.size()),
                          std::bind_front(&AskClient::after_read, shared_from_this()));
}

void AskClient::after_read(const boost::system::error_code& error, std::size_t size) {
  if (!on_answer_) return;
  filled_ += size;
  const bool ended = error == asio::error::eof;
  // An answer counts only when it is whole: without end of file it may be a part of another.
  if (ended || filled_ > max_reply) {
    return finish(parse_reply(std::string_view(buffer_.data(), filled_), targets_, scopes_));
  }
  if (error) {
    return finish(
        {Outcome::denied, {}, Scope::once, "the prompt agent went away: " + error.message()});
  }
  read();
}

void AskClient::after_deadline(const boost::system::error_code& error) {
  if (error || !on_answer_) return;
  finish({Outcome::timed_out,
          {},
          Scope::once,
          "nobody answered the prompt within " + std::to_string(seconds_.count()) + " seconds"});
}

void AskClient::finish(Answer answer) {
  const auto on_answer = std::exchange(on_answer_, nullptr);
  cancel();
  if (on_answer) on_answer(std::move(answer));
}

void AskClient::cancel() {
  on_answer_ = nullptr;
  deadline_.cancel();
  boost::system::error_code ignored;  // closing is all that is wanted
  socket_.close(ignored);
}

}  // namespace policy::io
