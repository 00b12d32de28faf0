// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/ask_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <span>
#include <utility>

namespace policy::io {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

namespace {

// Whose agent it is: from the kernel, never from what it says.
std::optional<uid_t> peer_of(Protocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return peer.uid;
}

}  // namespace

AskClient::AskClient(asio::io_context& context, std::filesystem::path prompt_socket)
    : socket_(context), deadline_(context), prompt_socket_(std::move(prompt_socket)) {}

void AskClient::ask(const Question& question, std::chrono::seconds limit,
                    std::function<void(Answer)> on_answer) {
  Question asked = question;
  asked.timeout = limit;
  request_ = encode_question(asked);
  targets_ = question.targets;
  scopes_ = question.scopes;
  seconds_ = limit;
  on_answer_ = std::move(on_answer);
  expect_within(limit);
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
  agent_ = peer_of(socket_);
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
  take_progress();
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

void AskClient::take_progress() {
  if (stage_ == Stage::handed_over && take_line(waits_line)) {
    stage_ = Stage::waits;
    expect_within(max_queued);
  }
  if (stage_ != Stage::shown && take_line(shown_line)) {
    stage_ = Stage::shown;
    expect_within(seconds_);
  }
}

// Takes it from the front of what was read, if it is there as a whole.
bool AskClient::take_line(std::string_view line) {
  if (!std::string_view(buffer_.data(), filled_).starts_with(line)) return false;
  filled_ -= line.size();
  std::memmove(buffer_.data(), buffer_.data() + line.size(), filled_);
  return true;
}

void AskClient::expect_within(std::chrono::seconds limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait(std::bind_front(&AskClient::after_deadline, shared_from_this()));
}

void AskClient::after_deadline(const boost::system::error_code& error) {
  // It may have fired for the time before this one: then this one's end is in the future.
  if (error || !on_answer_ || deadline_.expiry() > std::chrono::steady_clock::now()) return;
  const std::string why =
      stage_ == Stage::waits
          ? "the prompt was busy with other questions for " + std::to_string(max_queued.count())
          : "nobody answered the prompt within " + std::to_string(seconds_.count());
  finish({Outcome::timed_out, {}, Scope::once, why + " seconds"});
}

void AskClient::finish(Answer answer) {
  const bool said = answer.outcome == Outcome::allowed || answer.outcome == Outcome::denied;
  if (said) answer.approver = agent_;
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
