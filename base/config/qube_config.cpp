// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/config/qube_config.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "base/wire/pci_address.hpp"

namespace base::config {
namespace {

constexpr std::array labels{"red", "orange", "yellow", "green", "gray", "blue", "purple", "black"};
constexpr std::array types{"AppVM", "TemplateVM", "StandaloneVM", "DispVM"};
constexpr std::size_t max_words = 32;

std::string quoted(std::string_view text) { return "'" + wire::escape(text, 80) + "'"; }

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!(text = trimmed(text)).empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    words.emplace_back(word);
    text.remove_prefix(word.size());
  }
  return words;
}

template <class List>
std::string joined(const List& list) {
  std::string out;
  for (const std::string_view item : list) out += (out.empty() ? "" : " ") + std::string(item);
  return out;
}

template <class List>
Status one_of(std::string_view value, const List& list, std::string& out) {
  if (std::ranges::find(list, value) == list.end()) {
    return fail(quoted(value) + " is none of: " + joined(list));
  }
  out = value;
  return Ok{};
}

Status number(std::string_view value, std::uint32_t least, std::uint32_t most, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size() || out < least || out > most) {
    return fail(quoted(value) + " is not a number from " + std::to_string(least) + " to " +
                std::to_string(most));
  }
  return Ok{};
}

bool safe_word(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, base::wire::is_name_character);
}

Status set_words(std::string_view value, bool (*valid)(std::string_view), std::string_view what,
                 std::vector<std::string>& out) {
  out = words_of(value);
  if (out.size() > max_words)
    return fail("too many words; " + std::to_string(max_words) + " are the most");
  for (const std::string& word : out) {
    if (!valid(word)) return fail(quoted(word) + " is not " + std::string(what));
    if (std::ranges::count(out, word) > 1) return fail(quoted(word) + " is given twice; keep one");
  }
  return Ok{};
}

bool valid_disk(std::string_view word) {
  // QEMU's option syntax gives commas a meaning.
  return word.starts_with('/') && word.find(',') == std::string_view::npos;
}
bool valid_controller(std::string_view word) {
  return word == "emulated" || base::wire::is_pci_address(word);
}

// "01234567-89ab-cdef-0123-456789abcdef", and not dom0's.
bool valid_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char wanted, char c) {
    return wanted == '-' ? c == '-' : base::wire::is_digit(c) || (c >= 'a' && c <= 'f');
  };
  return std::ranges::equal(shape, text, fits) &&
         text.find_first_not_of("0-") != std::string_view::npos;
}

Status yes_or_no(std::string_view value, bool& out) {
  if (value != "yes" && value != "no") return fail(quoted(value) + " is none of: yes no");
  out = value == "yes";
  return Ok{};
}

// What only policy wants to know; nullopt: the key is none of these.
std::optional<Status> set_policy_fact(QubeConfig& config, std::string_view key,
                                      std::string_view value) {
  if (key == "template_for_dispvms") return yes_or_no(value, config.template_for_dispvms);
  if (key == "internal") return yes_or_no(value, config.internal);
  if (key == "uuid") {
    if (!valid_uuid(value)) {
      return fail(quoted(value) +
                  " is not a uuid in lower case, such as what the command uuidgen prints");
    }
    config.uuid = value;
    return Ok{};
  }
  if (key == "default_dispvm") {
    if (!valid_qube_name(value)) return fail(quoted(value) + " is not the name of a qube");
    config.default_dispvm = value;
    return Ok{};
  }
  return std::nullopt;
}

Status set(QubeConfig& config, std::string_view key, std::string_view value) {
  if (auto done = set_policy_fact(config, key, value)) return *std::move(done);
  if (key == "label") return one_of(value, labels, config.label);
  if (key == "type") return one_of(value, types, config.type);
  if (key == "tags") {
    return set_words(value, &safe_word, "a tag (letters, digits, - _ .)", config.tags);
  }
  if (key == "transport") {
    constexpr std::array words{"vsock", "unix", "paper", "local", "none"};  // in the enum's order
    const auto found = std::ranges::find(words, value);
    if (found == words.end()) return fail(quoted(value) + " is none of: " + joined(words));
    config.transport = static_cast<Transport>(found - words.begin());
    return Ok{};
  }
  if (key == "role") {
    if (value != "storage") return fail(quoted(value) + " is none of: storage");
    config.role = Role::storage;
    return Ok{};
  }
  if (key == "user") {
    if (!safe_word(value)) return fail(quoted(value) + " is not the name of a user");
    config.user = value;
    return Ok{};
  }
  if (key == "cid") return number(value, 3, 0xfffffffe, config.cid);
  if (key == "memory") return number(value, 64, 65536, config.memory_mib);
  if (key == "image") {
    if (!safe_word(value) || value.starts_with('.')) {
      return fail(quoted(value) + " is not the name of an image");
    }
    config.image = value;
    return Ok{};
  }
  if (key == "disks") {
    return set_words(value, &valid_disk, "an absolute path without a comma", config.disks);
  }
  if (key == "controllers") {
    return set_words(value, &valid_controller,
                     "'emulated' or a PCI address in lower case such as 0000:00:14.0",
                     config.controllers);
  }
  return fail("unknown key " + quoted(key) +
              "; known are: label type tags transport role user cid memory image disks controllers "
              "uuid default_dispvm template_for_dispvms internal");
}

Status parse_line(std::string_view line, QubeConfig& config, std::vector<std::string>& seen) {
  line = trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return Ok{};
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos)
    return fail("no '=' in " + quoted(line) + "; a line is KEY = VALUE");
  const std::string_view key = trimmed(line.substr(0, equals));
  if (std::ranges::find(seen, key) != seen.end()) {
    return fail("key " + quoted(key) + " is given twice; keep one");
  }
  seen.emplace_back(key);
  return set(config, key, trimmed(line.substr(equals + 1)));
}

}  // namespace

bool valid_qube_name(std::string_view name) {
  if (name.empty() || name.size() > 31 || name == "dom0" || name.ends_with("-dm")) return false;
  return base::wire::is_letter(name[0]) && std::ranges::all_of(name, [](char c) {
           return base::wire::is_alphanumeric(c) || c == '-' || c == '_';
         });
}

Result<QubeConfig> parse_qube_config(std::string_view name, std::string_view text,
                                     std::string_view file) {
  if (!valid_qube_name(name)) {
    return fail(std::string(file) + ": " + quoted(name) +
                " cannot be the name of a qube; use a letter, then letters, digits, - and _, at "
                "most 31 in all, not dom0 and not ending in -dm");
  }
  QubeConfig config;
  config.name = name;
  config.image = name;
  std::vector<std::string> seen;
  std::size_t number_of_line = 0;
  while (!text.empty()) {
    ++number_of_line;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (auto done = parse_line(line, config, seen); !done) {
      return fail(std::string(file) + ":" + std::to_string(number_of_line) + ": " +
                  done.error().text);
    }
  }
  if (config.transport == Transport::vsock && config.cid == 0) {
    return fail(std::string(file) + ": transport = vsock needs a cid; add for example: cid = 42");
  }
  if ((config.transport == Transport::local) == config.user.empty()) {
    return fail(std::string(file) +
                ": transport = local and user = NAME belong together: the agent of that user "
                "stands for the qube");
  }
  return config;
}

}  // namespace base::config
