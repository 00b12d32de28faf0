// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/kernel_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace attacks {
namespace {

// Of lib/bug.c, kernel/panic.c, kernel/hung_task.c, kernel/watchdog.c, arch/x86/mm/fault.c,
// lib/list_debug.c, lib/refcount.c, kernel/rcu/tree_stall.h, mm/page_alloc.c, lib/dump_stack.c.
constexpr std::array alarm_texts{
    "BUG:",
    "kernel BUG",
    "Oops",
    "WARNING:",
    "Call Trace",
    "Kernel panic",
    "general protection",
    "blocked for more than",
    "soft lockup",
    "list_add corruption",
    "list_del corruption",
    "refcount_t:",
    "UBSAN:",
    "KASAN:",
    "rcu_sched",
    "detected stalls",
    "page allocation failure",
    "Out of memory",
    "stack guard page",
    "divide error",
    "double fault",
    "invalid opcode",
    "usercopy:",
    "use-after-free",
};

// A kernel message is one line; more than this of it is not kept.
constexpr std::size_t max_record = 8192;

// Of "priority,sequence,microseconds,flags" (Documentation/ABI/testing/dev-kmsg), in milliseconds.
std::string time_of(std::string_view prefix) {
  const auto first = prefix.find(',');
  const auto second = first == std::string_view::npos ? first : prefix.find(',', first + 1);
  if (second == std::string_view::npos) return {};
  const std::string number(prefix.substr(second + 1));
  return "[" + std::to_string(std::strtoull(number.c_str(), nullptr, 10) / 1000) + "] ";
}

}  // namespace

bool is_alarm(std::string_view line) {
  return std::any_of(alarm_texts.begin(), alarm_texts.end(), [line](std::string_view text) {
    return line.find(text) != std::string_view::npos;
  });
}

base::Result<KernelLog> KernelLog::open() {
  base::io::Fd file(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file || ::lseek(file.get(), 0, SEEK_END) < 0) return base::io::fail_errno("open /dev/kmsg");
  return KernelLog(std::move(file));
}

void KernelLog::read() {
  std::array<char, max_record> record{};
  for (;;) {
    const ssize_t got = ::read(file_.get(), record.data(), record.size());
    if (got < 0 && errno == EPIPE) {
      lost_ = true;
      continue;
    }
    if (got <= 0) return;
    const std::string_view whole(record.data(), static_cast<std::size_t>(got));
    const auto start = whole.find(';');
    const auto end = whole.find('\n');
    if (start == std::string_view::npos) continue;
    lines_.push_back(time_of(whole.substr(0, start)) +
                     std::string(whole.substr(start + 1, end - start - 1)));
  }
}

bool KernelLog::says(std::string_view text) const {
  return std::any_of(lines_.begin(), lines_.end(), [text](const std::string& line) {
    return line.find(text) != std::string::npos;
  });
}

std::vector<std::string> KernelLog::alarms() const {
  std::vector<std::string> found;
  for (const std::string& line : lines_) {
    if (is_alarm(line)) found.push_back(line);
  }
  if (lost_) found.emplace_back("lines of the kernel's log were lost");
  return found;
}

}  // namespace attacks
