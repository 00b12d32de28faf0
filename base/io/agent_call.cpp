// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/agent_call.hpp"

#include <algorithm>
#include <charconv>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"

namespace base::io {
namespace {

constexpr std::size_t max_answer = 2048;
constexpr std::size_t max_shown_reason = 1024;

}  // namespace

CallRefused parse_refusal(std::string_view untrusted) {
  constexpr std::string_view word = "refused ";
  if (!untrusted.starts_with(word)) {
    return {.exit_code = 1, .text = "the agent answered '" + wire::escape(untrusted) + "'"};
  }
  untrusted.remove_prefix(word.size());
  const std::string_view number = untrusted.substr(0, untrusted.find(' '));
  int code = 1;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), code);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == number.data() + number.size();
  untrusted.remove_prefix(number.size());
  untrusted.remove_prefix(std::min(untrusted.find_first_not_of(' '), untrusted.size()));
  const std::string reason = wire::escape(untrusted, max_shown_reason);
  if (whole && code == 126) return {.exit_code = 126, .text = "refused by policy: " + reason};
  if (whole && code == 127) return {.exit_code = 127, .text = "no such service: " + reason};
  return {.exit_code = 1, .text = "the call to the backend failed: " + reason};
}

Result<Fd, CallRefused> call_service(const std::string& agent_socket, const std::string& target,
                                     const std::string& service) {
  const auto broken = [](const std::string& text) {
    return Unexpected{CallRefused{.exit_code = 1, .text = text}};
  };
  const auto agent = connect_unix(agent_socket, SocketType::seqpacket);
  if (!agent) return broken(agent.error().text + "; is sallyport-agent running in this qube?");
  const std::string call = "call " + target + " " + service;
  if (const auto sent = send_message(*agent, wire::as_bytes(call)); !sent) {
    return broken("ask the agent: " + sent.error().text);
  }
  auto answer = receive_message(*agent, max_answer);
  if (!answer) return broken("ask the agent: " + answer.error().text);
  const std::string_view text = wire::as_text(answer->data);
  if (text == "ok" && answer->fds.size() == 1) return std::move(answer->fds.front());
  if (text.empty()) return broken("the agent closed the connection without an answer");
  return Unexpected{parse_refusal(text)};
}

}  // namespace base::io
