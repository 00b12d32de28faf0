// SPDX-License-Identifier: GPL-2.0-or-later
// The reading of a command line; see the header.
#include "cli/arguments.hpp"

#include <algorithm>
#include <optional>

namespace cli {
namespace {

class ArgumentReader {
 public:
  ArgumentReader(const CommandSpec& spec, const Words& words) : spec_(spec), words_(words) {}

  base::Result<Arguments> read() {
    while (at_ < words_.size() && result_.command.empty()) {
      const std::string& word = words_[at_++];
      if (!only_words_ && word == "--") {
        only_words_ = true;
      } else if (only_words_ || word.size() < 2 || word.front() != '-') {
        if (auto ok = take_word(word); !ok) return base::fail(ok.error().text);
      } else {
        if (auto ok = take_option(word); !ok) return base::fail(ok.error().text);
      }
    }
    return finish();
  }

 private:
  // The position of each plain word follows from how many there are: the table has at most one
  // argument that takes many, and it stands last.
  base::Status take_word(const std::string& word) {
    const bool positional = next_ < spec_.positionals.size();
    if (positional) {
      result_.positionals.resize(spec_.positionals.size());
      result_.positionals[next_].push_back(word);
      if (spec_.positionals[next_].count != Count::many) ++next_;
    } else if (spec_.commands.empty()) {
      result_.unrecognised.push_back(word);
    } else {
      if (std::ranges::find(spec_.commands, word) == spec_.commands.end() &&
          std::ranges::find(spec_.own_commands, word) == spec_.own_commands.end()) {
        return base::fail("argument command: invalid choice: " + python_repr(word) +
                          " (choose from " + choices() + ")");
      }
      result_.command = word;
      result_.rest.assign(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    }
    return base::Ok{};
  }

  std::string choices() const {
    std::string text;
    for (const std::string_view name : spec_.commands) {
      text += (text.empty() ? "" : ", ") + python_repr(name);
    }
    return text;
  }

  base::Status take_option(const std::string& word) {
    if (word.starts_with("--")) return take_long(word);
    // A cluster of short options: "-vq", "-oNAME=VALUE".
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Option* option = find_exact("-" + word.substr(i, 1));
      if (option == nullptr) {
        if (i > 1) return base::fail(ignored_explicit(word, i));
        result_.unrecognised.push_back(word);
        return base::Ok{};
      }
      if (!option->metavar.empty()) {
        const std::string rest = word.substr(i + 1);
        const bool given = !rest.empty();
        return take_value(*option, given ? std::optional(rest) : std::nullopt);
      }
      if (auto ok = store(*option, {}); !ok) return ok;
    }
    return base::Ok{};
  }

  std::string ignored_explicit(const std::string& word, std::size_t at) const {
    const Option* before = find_exact("-" + word.substr(at - 1, 1));
    return "argument " + before->display() + ": ignored explicit argument " +
           python_repr(word.substr(at));
  }

  base::Status take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Option* option = find_exact(name);
    if (option == nullptr) {
      std::string_view match;
      std::string all;
      std::size_t found = 0;
      for (const Option& each : spec_.options) {
        for (const std::string_view candidate : each.names) {
          if (!candidate.starts_with(name)) continue;
          ++found;
          match = candidate;
          all += (all.empty() ? "" : ", ") + std::string(candidate);
        }
      }
      if (found > 1) return base::fail("ambiguous option: " + word + " could match " + all);
      if (found == 0) {
        result_.unrecognised.push_back(word);
        return base::Ok{};
      }
      option = find_exact(match);
    }
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    if (!option->metavar.empty()) return take_value(*option, value);
    if (value) {
      return base::fail("argument " + option->display() + ": ignored explicit argument " +
                        python_repr(*value));
    }
    return store(*option, {});
  }

  base::Status take_value(const Option& option, std::optional<std::string> value) {
    if (!value) {
      const bool missing =
          at_ == words_.size() || (words_[at_].size() > 1 && words_[at_].front() == '-');
      if (missing) return base::fail("argument " + option.display() + ": expected one argument");
      value = words_[at_++];
    }
    return store(option, *value);
  }

  base::Status store(const Option& option, std::string value) {
    for (const Option& other : spec_.options) {
      if (option.exclusive == 0 || other.exclusive != option.exclusive) continue;
      if (other.key() != option.key() && result_.has(other.key())) {
        return base::fail("argument " + option.display() + ": not allowed with argument " +
                          other.display());
      }
    }
    result_.options[std::string(option.key())].push_back(std::move(value));
    return base::Ok{};
  }

  const Option* find_exact(std::string_view name) const {
    for (const Option& each : spec_.options) {
      if (std::ranges::find(each.names, name) != each.names.end()) return &each;
    }
    return nullptr;
  }

  base::Result<Arguments> finish() {
    result_.positionals.resize(spec_.positionals.size());
    // --help and --version need nothing else.
    if (result_.has("--help") || result_.has("--version")) return result_;
    std::string missing;
    for (std::size_t i = 0; i < spec_.positionals.size(); ++i) {
      if (spec_.positionals[i].count != Count::one || !result_.positionals[i].empty()) continue;
      missing += (missing.empty() ? "" : ", ") + std::string(spec_.positionals[i].name);
    }
    if (!missing.empty()) return base::fail("the following arguments are required: " + missing);
    return result_;
  }

  const CommandSpec& spec_;
  const Words& words_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;  // the positional that the next plain word belongs to
  bool only_words_ = false;
  Arguments result_;
};

}  // namespace

std::size_t Arguments::times(std::string_view key) const {
  const auto found = options.find(key);
  return found == options.end() ? 0 : found->second.size();
}

base::Result<Arguments> read_arguments(const CommandSpec& spec, const Words& words) {
  return ArgumentReader(spec, words).read();
}

std::string python_repr(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const bool doubled =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = doubled ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += hex[byte >> 4U];
      out += hex[byte & 0xfU];
    }
  }
  return out + quote;
}

}  // namespace cli
