// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/pending_streams.hpp"

#include <sys/random.h>

namespace dom0::io {

base::Result<base::wire::Token> PendingStreams::expect(const std::string& qube,
                                                       OnStream on_stream) {
  if (waiting_.size() >= max_pending) {
    return base::fail("too many calls are being set up at once; try again in some seconds");
  }
  base::wire::Token token{};
  if (::getrandom(token.data(), token.size(), 0) != static_cast<ssize_t>(token.size())) {
    return base::io::fail_errno("getrandom");
  }
  auto timer = std::make_unique<boost::asio::steady_timer>(io_, limit);
  timer->async_wait([this, token](const boost::system::error_code& error) {
    if (!error) late(token);
  });
  waiting_.emplace(
      token, Waiting{.qube = qube, .on_stream = std::move(on_stream), .timer = std::move(timer)});
  return token;
}

bool PendingStreams::arrived(IncomingStream stream) {
  const auto found = waiting_.find(stream.hello.token);
  // A token that came to another qube's hands is not used up by it.
  if (found == waiting_.end() || found->second.qube != stream.qube) return false;
  const OnStream on_stream = std::move(found->second.on_stream);
  waiting_.erase(found);
  on_stream(std::move(stream.socket));
  return true;
}

void PendingStreams::late(const base::wire::Token& token) {
  const auto found = waiting_.find(token);
  if (found == waiting_.end()) return;
  const std::string qube = found->second.qube;
  const OnStream on_stream = std::move(found->second.on_stream);
  waiting_.erase(found);
  on_stream(base::fail("qube " + qube + " did not open the data connection within " +
                       std::to_string(limit.count()) + " s"));
}

}  // namespace dom0::io
