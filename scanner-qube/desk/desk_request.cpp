// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/desk_request.hpp"

#include <algorithm>
#include <vector>

#include "base/hash/sha256.hpp"
#include "base/wire/escape.hpp"

namespace scannerqube::desk {
namespace {

constexpr std::size_t max_name = 31;

std::string_view name_of(DeskRequest::Verb verb) {
  switch (verb) {
    case DeskRequest::Verb::scan:
      return "scan";
    case DeskRequest::Verb::report:
      return "report";
    case DeskRequest::Verb::release:
      return "release";
  }
  return "?";
}

bool take_verb(std::string_view word, DeskRequest& request) {
  using Verb = DeskRequest::Verb;
  for (const Verb each : {Verb::scan, Verb::report, Verb::release}) {
    request.verb = each;
    if (word == name_of(each)) return true;
  }
  return false;
}

bool small(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// As sallyport-snapshots has them; it is asked anyway.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name && small(name.front()) &&
         std::ranges::all_of(name, [](char c) { return small(c) || digit(c) || c == '-'; });
}

bool is_device(std::string_view device) {
  return device.size() <= max_device &&
         std::ranges::all_of(device, [](char c) { return c > ' ' && c <= '~'; });
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

bool take_yes_no(std::string_view value, bool& into) {
  into = value == "yes";
  return into || value == "no";
}

bool take_option(std::string_view key, std::string_view value, DeskRequest& request) {
  if (key == "deleted") return take_yes_no(value, request.deleted);
  if (key == "again") return take_yes_no(value, request.again);
  if (key == "wait") return take_yes_no(value, request.stays);
  if (key == "passphrase") return take_yes_no(value, request.passphrase);
  if (key == "medium") return base::hash::from_hex(value, request.medium.emplace());
  if ((key != "device" && key != "id") || !is_device(value)) return false;
  (key == "id" ? request.device_id : request.device) = value;
  return true;
}

}  // namespace

std::optional<base::hash::Digest> medium_digest(std::string_view device_id) {
  std::string_view serial = device_id;
  for (int field = 0; field < 2; ++field) {  // vendor and product
    const std::size_t colon = serial.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    serial.remove_prefix(colon + 1);
  }
  if (serial.empty() || serial.starts_with(':')) return std::nullopt;
  const std::string text = "sallyport medium 1\n" + std::string(device_id);
  return base::hash::Sha256()({base::wire::as_bytes(text)});
}

std::string format_request(const DeskRequest& request) {
  std::string text = std::string(name_of(request.verb)) + ' ' + request.snapshot;
  if (request.verb != DeskRequest::Verb::scan) return text;
  if (!request.device.empty()) text += " device=" + request.device;
  if (!request.device_id.empty()) text += " id=" + request.device_id;
  if (request.medium) text += " medium=" + base::hash::to_hex(*request.medium);
  if (request.passphrase) text += " passphrase=yes";
  return text + (request.deleted ? " deleted=yes" : " deleted=no") +
         (request.again ? " again=yes" : " again=no") + (request.stays ? " wait=yes" : " wait=no");
}

base::Result<DeskRequest> parse_desk_request(std::string_view untrusted) {
  if (untrusted.size() > max_desk_request) return base::fail("the request is too long");
  std::string_view rest = untrusted;
  DeskRequest request;
  if (!take_verb(take_word(rest), request)) return base::fail("no request: 'scan NAME' is one");
  request.snapshot = take_word(rest);
  if (!is_name(request.snapshot)) {
    return base::fail("'" + base::wire::escape(request.snapshot) + "' is no name of a snapshot");
  }
  if (untrusted.ends_with(' ')) return base::fail("the request ends with a blank");
  std::vector<std::string_view> given;
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    const std::string_view key = word.substr(0, word.find('='));
    const bool takes_options = request.verb == DeskRequest::Verb::scan;
    if (!takes_options || key.size() == word.size() ||
        !take_option(key, word.substr(key.size() + 1), request)) {
      return base::fail("a " + std::string(name_of(request.verb)) + " takes no '" +
                        base::wire::escape(word) + "'");
    }
    if (std::ranges::find(given, key) != given.end()) {
      return base::fail("'" + std::string(key) + "' is there twice");
    }
    given.push_back(key);
  }
  if (request.passphrase && request.medium) {
    return base::fail("what is on an encrypted medium is not remembered: leave medium= out");
  }
  return request;
}

}  // namespace scannerqube::desk
