// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/io/fd.hpp"
#include "base/wire/escape.hpp"

namespace base::io {
namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::notice:
      return "notice";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "error";
}

std::string in_quotes(std::string_view value) {
  std::string text = wire::escape(value, 1024);
  const bool plain = !text.empty() && text.find_first_of(" \"=") == std::string::npos;
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

// systemd's native protocol: lines of NAME=value in one datagram (systemd
// "JOURNAL_NATIVE_PROTOCOL").
bool send_to_journal(const std::string& message) {
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr std::string_view path = "/run/systemd/journal/socket";
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address),  // NOLINT: the socket API's own cast
                  sizeof(address)) >= 0;
}

}  // namespace

Log::Log(std::string program, Level most)
    : program_(std::move(program)),
      most_(most),
      // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
      journal_(std::getenv("JOURNAL_STREAM") != nullptr) {}

std::string Log::format(Level level, std::string_view event,
                        const std::vector<Field>& fields) const {
  std::string line(name_of(level));
  line += ' ';
  line += program_;
  line += " event=";
  line += event;
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    line += in_quotes(value);
  }
  return line;
}

void Log::write(Level level, std::string_view event, const std::vector<Field>& fields) const {
  if (level > most_) return;
  std::string line = format(level, event, fields);
  if (journal_) {
    std::string message = "PRIORITY=" + std::to_string(static_cast<int>(level)) +
                          "\nSYSLOG_IDENTIFIER=" + program_ +
                          "\nSALLYPORT_EVENT=" + std::string(event) + "\nMESSAGE=" + line + "\n";
    if (send_to_journal(message)) return;
  }
  line += '\n';
  // A full or closed stderr must not stop the program, and there is no other place to say so.
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace base::io
