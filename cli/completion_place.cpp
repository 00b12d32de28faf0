// SPDX-License-Identifier: GPL-2.0-or-later
// Walks a command line up to the cursor; see the header.
#include "cli/completion_place.hpp"

#include <algorithm>

namespace cli {
namespace {

const Option* find_option(const CommandSpec& spec, std::string_view name) {
  for (const Option& each : spec.options) {
    if (std::ranges::find(each.names, name) != each.names.end()) return &each;
  }
  return nullptr;
}

bool takes_value(const Option* option) { return option != nullptr && !option->metavar.empty(); }

// The position of a plain word follows from how many stand before it; the last may take many.
const Positional* next_positional(const CommandSpec& spec, std::size_t given) {
  if (spec.positionals.empty()) return nullptr;
  if (given < spec.positionals.size()) return &spec.positionals[given];
  const Positional& last = spec.positionals.back();
  return last.count == Count::many ? &last : nullptr;
}

class Walk {
 public:
  Walk(const CommandSpec& spec, const Words& words) : spec_(spec), words_(words) {}

  Place run() {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
      take(words_[i]);
      if (place_.command.empty()) continue;
      place_.rest.assign(words_.begin() + static_cast<std::ptrdiff_t>(i + 1), words_.end());
      return place_;
    }
    if (!words_.empty()) stop_at(words_.back());
    return place_;
  }

 private:
  void take(const std::string& word) {
    if (pending_ != nullptr) {
      pending_ = nullptr;
    } else if (!only_words_ && word == "--") {
      only_words_ = true;
    } else if (!only_words_ && word.size() > 1 && word.front() == '-') {
      const Option* option = find_option(spec_, word);
      if (takes_value(option)) pending_ = option;
    } else if (next_positional(spec_, place_.given.size()) != nullptr || spec_.commands.empty()) {
      place_.given.push_back(word);
    } else {
      place_.command = word;
    }
  }

  void stop_at(const std::string& word) {
    const std::size_t equals = word.find('=');
    const Option* named = find_option(spec_, word.substr(0, equals));
    const bool joined = word.starts_with("--") && equals != std::string::npos;
    if (pending_ != nullptr || (joined && takes_value(named))) {
      place_.kind = Place::Kind::value;
      place_.option = pending_ != nullptr ? *pending_ : *named;
    } else if (!only_words_ && word.starts_with('-')) {
      place_.kind = Place::Kind::option;
    } else if (const auto* positional = next_positional(spec_, place_.given.size())) {
      place_.kind = Place::Kind::positional;
      place_.positional = *positional;
    } else if (!spec_.commands.empty()) {
      place_.kind = Place::Kind::command;
    }
  }

  const CommandSpec& spec_;
  const Words& words_;
  const Option* pending_ = nullptr;  // its value comes next
  bool only_words_ = false;
  Place place_;
};

}  // namespace

Place find_place(const CommandSpec& spec, const Words& words) { return Walk(spec, words).run(); }

}  // namespace cli
