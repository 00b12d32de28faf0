// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/local_calls.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <optional>
#include <utility>

#include "base/io/pass_fd.hpp"

namespace agent::io {
namespace {

struct Wanted {
  std::string target;
  std::string service;
};

std::optional<Wanted> parse_call(std::string_view untrusted) {
  constexpr std::string_view call = "call ";
  if (!untrusted.starts_with(call)) return std::nullopt;
  untrusted.remove_prefix(call.size());
  while (untrusted.ends_with('\n')) untrusted.remove_suffix(1);
  const std::size_t blank = untrusted.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view target = untrusted.substr(0, blank);
  const std::string_view service = untrusted.substr(blank + 1);
  if (target.empty() || target.size() > max_qube_name) return std::nullopt;
  if (service.empty() || service.size() > max_service) return std::nullopt;
  if (service.find_first_of(" \n\t") != std::string_view::npos) return std::nullopt;
  return Wanted{.target = std::string(target), .service = std::string(service)};
}

// One message; a client that is gone does not need it.
void answer(const base::io::Fd& client, std::string_view word, int code,
            const std::string& reason) {
  const std::string text =
      std::string(word) + " " + std::to_string(code) + " " + reason.substr(0, max_reason);
  static_cast<void>(base::io::send_message(client, base::wire::as_bytes(text)));
}

}  // namespace

struct LocalCalls::Client {
  struct End {
    int code = 0;
    std::string reason;
  };

  Client(boost::asio::io_context& io, base::io::Fd fd)
      : socket(std::move(fd)), readable(io, ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0)) {}

  base::io::Fd socket;
  boost::asio::posix::stream_descriptor readable;  // a duplicate, for waiting
  bool asked = false;
  bool accepted = false;
  std::optional<End> end;  // told before the stream was there
};

LocalCalls::LocalCalls(boost::asio::io_context& io, base::io::Fd listening, OnCall on_call)
    : io_(io), listening_(io, listening.release()), on_call_(std::move(on_call)) {}

void LocalCalls::start() {
  listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) { after_readable(error); });
}

void LocalCalls::after_readable(const boost::system::error_code& error) {
  if (error) return;
  base::io::Fd fd(
      ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  start();
  if (!fd) return;
  if (clients_.size() >= max_clients) {
    return answer(fd, "refused", exit_problem, "too many calls at once in this qube");
  }
  const RequestId id{next_++};
  clients_[id] = std::make_shared<Client>(io_, std::move(fd));
  read(id);
}

void LocalCalls::read(RequestId id) {
  clients_.at(id)->readable.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [this, id](const boost::system::error_code& error) { after_client(id, error); });
}

void LocalCalls::after_client(RequestId id, const boost::system::error_code& error) {
  const auto found = clients_.find(id);
  if (error || found == clients_.end()) return;
  const auto client = found->second;
  const auto message = base::io::receive_message(client->socket, max_message);
  if (message && message->would_block) return read(id);
  if (!message || message->data.empty()) {  // gave up, or sent too much
    clients_.erase(id);
    return;
  }
  const auto wanted = parse_call(base::wire::as_text(message->data));
  if (!wanted || client->asked) {
    return refuse(id, exit_problem, "expected one message: call TARGET SERVICE[+ARGUMENT]");
  }
  client->asked = true;
  read(id);  // sees it go away
  on_call_(id, wanted->target, wanted->service);
}

void LocalCalls::accept(RequestId request, StreamSocket stream) {
  const auto found = clients_.find(request);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  // Programs expect an ordinary, blocking descriptor.
  boost::system::error_code ignored;
  stream.native_non_blocking(false, ignored);
  const base::io::Fd fd(stream.release());
  static_cast<void>(base::io::send_message(client.socket, base::wire::as_bytes("ok"), {&fd}));
  client.accepted = true;
  if (const auto end = std::exchange(client.end, std::nullopt)) {
    finish(request, "exited", end->code, end->reason);
  }
}

void LocalCalls::refuse(RequestId request, int code, const std::string& reason) {
  finish(request, "refused", code, reason);
}

void LocalCalls::ended(RequestId request, int code, const std::string& reason) {
  const auto found = clients_.find(request);
  if (found == clients_.end()) return;
  if (found->second->accepted) return finish(request, "exited", code, reason);
  found->second->end = Client::End{.code = code, .reason = reason};
}

void LocalCalls::refuse_all(const std::string& reason) {
  while (!clients_.empty()) {
    const auto [id, client] = *clients_.begin();
    finish(id, client->accepted ? "exited" : "refused", exit_problem, reason);
  }
}

void LocalCalls::finish(RequestId id, std::string_view word, int code, const std::string& reason) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  answer(found->second->socket, word, code, reason);
  clients_.erase(found);
}

}  // namespace agent::io
