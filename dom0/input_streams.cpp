// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/input_streams.hpp"

#include <algorithm>
#include <set>

#include "dom0/input_argument.hpp"

namespace dom0 {

const policy::Request* InputStreams::find(agent::CallId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

bool InputStreams::any_of(const std::string& source, const std::string& argument) const {
  return std::ranges::any_of(streams_, [&](const auto& entry) {
    return entry.second.source == source && entry.second.argument == argument;
  });
}

std::size_t InputStreams::keyboards_beside(const policy::Request& request) const {
  std::set<std::string> places;
  for (const auto& [id, stream] : streams_) {
    if (stream.source == request.source && is_keyboard_service(stream.service)) {
      places.insert(input_place(stream.argument));
    }
  }
  places.erase(input_place(request.argument));
  return places.size();
}

}  // namespace dom0
