// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/qmp.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace rig {
namespace {

constexpr std::size_t max_line = std::size_t{4} * 1024 * 1024;
constexpr std::size_t max_events = 256;  // the oldest are dropped: nobody asked for them

}  // namespace

base::Result<Qmp> Qmp::connect(const std::filesystem::path& path, Deadline deadline) {
  auto socket = LineSocket::connect(path, deadline);
  if (!socket) return base::fail(socket.error().text);
  Qmp qmp(std::move(*socket));
  auto greeting = qmp.read_object(deadline);
  if (!greeting) return base::fail("QMP greeting: " + greeting.error().text);
  auto ready = qmp.execute("qmp_capabilities", {}, deadline);
  if (!ready) return base::fail(ready.error().text);
  return qmp;
}

base::Result<boost::json::object> Qmp::read_object(Deadline deadline) {
  auto line = socket_.read_line(max_line, deadline);
  if (!line) return base::fail("QMP: " + line.error().text);
  boost::system::error_code error;
  auto value = boost::json::parse(*line, error);
  if (error || !value.is_object()) return base::fail("QMP: a line that is no JSON object");
  return std::move(value.as_object());
}

void Qmp::keep_event(boost::json::object event) {
  if (events_.size() == max_events) events_.pop_front();
  events_.push_back(std::move(event));
}

base::Result<boost::json::value> Qmp::execute(std::string_view command,
                                              const boost::json::object& arguments,
                                              Deadline deadline) {
  boost::json::object request{{"execute", boost::json::string(command)}};
  if (!arguments.empty()) request["arguments"] = arguments;
  auto sent = socket_.send(boost::json::serialize(request) + "\n", deadline);
  if (!sent) return base::fail("QMP: " + sent.error().text);
  for (;;) {
    auto answer = read_object(deadline);
    if (!answer) return base::fail(std::string(command) + ": " + answer.error().text);
    if (const auto* value = answer->if_contains("return")) return *value;
    if (const auto* error = answer->if_contains("error")) {
      return base::fail("QMP " + std::string(command) + ": " + boost::json::serialize(*error));
    }
    if (answer->contains("event")) keep_event(std::move(*answer));
  }
}

base::Result<boost::json::object> Qmp::wait_event(std::string_view name, Deadline deadline) {
  const auto is_it = [name](const boost::json::object& event) {
    const auto* found = event.if_contains("event");
    return found != nullptr && found->is_string() && found->get_string() == name;
  };
  for (;;) {
    const auto event = std::find_if(events_.begin(), events_.end(), is_it);
    if (event != events_.end()) {
      const auto* data = event->if_contains("data");
      boost::json::object result;
      if (data != nullptr && data->is_object()) result = data->get_object();
      events_.erase(event);
      return result;
    }
    auto next = read_object(deadline);
    if (!next) return base::fail("event " + std::string(name) + ": " + next.error().text);
    if (next->contains("event")) keep_event(std::move(*next));
  }
}

}  // namespace rig
