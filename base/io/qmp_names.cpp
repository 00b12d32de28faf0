// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/qmp_names.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <cerrno>
#include <charconv>

#include "base/io/qmp.hpp"

namespace base::io {
namespace {

constexpr std::string_view prefix = "sallyport-";

}  // namespace

std::string qmp_name(std::string_view name) {
  return std::string(prefix).append(name) + "-" + std::to_string(::getpid());
}

bool is_left_behind(std::string_view name) {
  if (!name.starts_with(prefix)) return false;
  const std::string_view number = name.substr(name.rfind('-') + 1);
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), pid);
  return error == std::errc{} && end == number.data() + number.size() && pid > 0 &&
         ::kill(pid, 0) < 0 && errno == ESRCH;
}

std::vector<std::string> names_in(const Result<boost::json::value>& answer, std::string_view key) {
  std::vector<std::string> names;
  if (!answer || !answer->is_array()) return names;
  for (const boost::json::value& each : answer->get_array()) {
    if (each.is_object()) names.push_back(text_of(each.get_object(), key));
  }
  return names;
}

}  // namespace base::io
