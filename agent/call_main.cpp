// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-call: calls a service of another qube from this one, as qrexec-client-vm does.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "agent/control.hpp"
#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"

namespace {

constexpr std::string_view usage =
    "usage: sallyport-call [--socket PATH] TARGET SERVICE[+ARGUMENT] [PROGRAM ARGUMENTS...]\n"
    "Joins its stdin and stdout to the service, or starts PROGRAM with the stream as both.\n"
    "Exit codes: 125 trouble, 126 refused by policy, 127 no such service, else the service's or\n"
    "PROGRAM's own.\n";

constexpr std::chrono::seconds exit_code_limit{10};

struct End {
  int code = agent::exit_problem;
  std::string reason;
};

// "WORD CODE REASON" of our own agent.
End parse_end(std::string_view text, std::string_view word) {
  End end{.code = agent::exit_problem, .reason = std::string(text)};
  if (!text.starts_with(word)) return end;
  text.remove_prefix(word.size());
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), end.code);
  if (error != std::errc{}) return end;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  end.reason = text;
  return end;
}

// How the service ended: its agent tells dom0, which tells ours.
End wait_for_end(const base::io::Fd& agent_socket) {
  pollfd waiting{.fd = agent_socket.get(), .events = POLLIN, .revents = 0};
  const int limit = static_cast<int>(std::chrono::milliseconds(exit_code_limit).count());
  if (::poll(&waiting, 1, limit) > 0) {
    const auto message = base::io::receive_message(agent_socket, agent::max_reason + 64);
    if (message && !message->data.empty()) {
      return parse_end(base::wire::as_text(message->data), "exited ");
    }
  }
  return {.code = agent::exit_problem,
          .reason = "the stream ended, but nobody told how the service did"};
}

// Copies one way until end of file, then passes that on. False once that way is done.
bool copy(const base::io::Fd& from, const base::io::Fd& to, std::array<char, 65536>& buffer) {
  const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  return base::io::write_all(to, {buffer.data(), static_cast<std::size_t>(got)}).has_value();
}

int join(const base::io::Fd& stream) {
  const base::io::Fd input(::dup(STDIN_FILENO));
  const base::io::Fd output(::dup(STDOUT_FILENO));
  std::array<char, 65536> buffer{};
  bool sending = true;
  for (;;) {
    std::array<pollfd, 2> waiting{
        pollfd{.fd = stream.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = sending ? input.get() : -1, .events = POLLIN, .revents = 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return agent::exit_problem;
    if (waiting[1].revents != 0 && !copy(input, stream, buffer)) {
      sending = false;
      ::shutdown(stream.get(), SHUT_WR);
    }
    if (waiting[0].revents != 0 && !copy(stream, output, buffer)) return 0;
  }
}

int execute(const base::io::Fd& stream, std::vector<std::string> command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (::dup2(stream.get(), STDIN_FILENO) < 0 || ::dup2(stream.get(), STDOUT_FILENO) < 0) {
    return agent::exit_problem;
  }
  static_cast<void>(std::signal(SIGPIPE, SIG_DFL));  // as programs expect it
  ::execvp(arguments[0], arguments.data());
  std::cerr << "sallyport-call: " << base::io::system_error("run " + command[0], errno).text
            << '\n';
  return agent::exit_problem;
}

int call(const std::string& socket, const std::string& target, const std::string& service,
         std::vector<std::string> command) {
  auto agent_socket = base::io::connect_unix(socket, base::io::SocketType::seqpacket);
  if (!agent_socket) {
    std::cerr << "sallyport-call: " << agent_socket.error().text
              << "; is sallyport-agent running in this qube?\n";
    return agent::exit_problem;
  }
  const std::string request = "call " + target + " " + service;
  const auto sent = base::io::send_message(*agent_socket, base::wire::as_bytes(request));
  auto answer = base::io::receive_message(*agent_socket, agent::max_reason + 64);
  if (!sent || !answer || answer->data.empty()) {
    std::cerr << "sallyport-call: the agent closed the connection\n";
    return agent::exit_problem;
  }
  if (answer->fds.size() != 1) {
    const End refusal = parse_end(base::wire::as_text(answer->data), "refused ");
    std::cerr << "Request refused: " << refusal.reason << '\n';
    return refusal.code;
  }
  if (!command.empty()) return execute(answer->fds[0], std::move(command));
  if (const int failed = join(answer->fds[0]); failed != 0) return failed;
  const End end = wait_for_end(*agent_socket);
  if (end.code != 0) std::cerr << service << " in " << target << ": " << end.reason << '\n';
  return end.code;
}

}  // namespace

int main(int argc, char** argv) {
  base::io::ignore_sigpipe();
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string socket = "/run/sallyport/agent.sock";
  if (words.size() >= 2 && words[0] == "--socket") {
    socket = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() < 2 || words[0].starts_with('-')) {
    std::cerr << usage;
    return agent::exit_problem;
  }
  return call(socket, words[0], words[1], {words.begin() + 2, words.end()});
}
