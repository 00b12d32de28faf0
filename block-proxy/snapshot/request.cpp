// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/request.hpp"

#include <algorithm>
#include <array>

#include "base/wire/escape.hpp"

namespace blockproxy::snapshot {
namespace {

using base::wire::escape;

constexpr std::size_t max_request_name = 31;

struct VerbRow {
  Verb verb;
  std::string_view name;
  Asker asker;
  std::size_t descriptors;
};
constexpr std::array rows{
    VerbRow{Verb::list, "list", Asker::viewer, 1},
    VerbRow{Verb::show, "show", Asker::viewer, 1},
    VerbRow{Verb::verify, "verify", Asker::person, 0},
    VerbRow{Verb::complete, "complete", Asker::person, 0},
    VerbRow{Verb::seal, "seal", Asker::person, 0},
    VerbRow{Verb::image, "image", Asker::person, 1},
    VerbRow{Verb::hashes, "hashes", Asker::person, 1},
    VerbRow{Verb::diff, "diff", Asker::person, 1},
    VerbRow{Verb::discard, "discard", Asker::person, 0},
    VerbRow{Verb::keep, "keep", Asker::person, 0},
    VerbRow{Verb::drop, "drop", Asker::person, 0},
    VerbRow{Verb::medium, "medium", Asker::service, 1},
    VerbRow{Verb::commit, "commit", Asker::service, 1},
    VerbRow{Verb::reader, "reader", Asker::service, 1},
};

const VerbRow& row_of(Verb verb) { return rows.at(static_cast<std::size_t>(verb)); }

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

template <class Value>
bool choose(std::string_view text, std::string_view first, std::string_view second, Value& out) {
  if (text != first && text != second) return false;
  out = text == first ? Value{0} : Value{1};
  return true;
}

bool take_option(std::string_view key, std::string_view value, Request& request) {
  if (request.verb == Verb::medium && key == "fill") {
    return choose(value, "lazy", "in-order", request.fill);
  }
  if (request.verb == Verb::medium && key == "seal") {
    return choose(value, "no", "yes", request.at_end);
  }
  if (request.verb == Verb::image && key == "partial") {
    return choose(value, "no", "yes", request.holes);
  }
  if (request.verb == Verb::reader && key == "access") {
    if (value != "read-only" && value != "read-write") return false;
    request.access = value == "read-only" ? nbd::Access::read_only : nbd::Access::read_write;
    return true;
  }
  if (request.verb == Verb::reader && key == "margin") {
    return choose(value, "no", "yes", request.margin);
  }
  return false;
}

}  // namespace

std::string_view name_of(Verb verb) { return row_of(verb).name; }
Asker who_may(Verb verb) { return row_of(verb).asker; }
std::size_t descriptors_of(Verb verb) { return row_of(verb).descriptors; }

bool valid_request_name(std::string_view name) {
  const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= max_request_name && small(name.front()) &&
         std::ranges::all_of(
             name, [&small](char c) { return small(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::string format_request(const Request& request) {
  std::string text(name_of(request.verb));
  if (request.verb == Verb::list) return text;
  text += " " + request.name;
  if (request.verb == Verb::medium) {
    text += request.fill == Fill::lazy ? " fill=lazy" : " fill=in-order";
    text += request.at_end == AtEnd::seal ? " seal=yes" : " seal=no";
  } else if (request.verb == Verb::reader) {
    text += request.access == nbd::Access::read_only ? " access=read-only" : " access=read-write";
    if (request.margin == Margin::zeros) text += " margin=yes";
  } else if (request.verb == Verb::image) {
    text += request.holes == Request::Holes::allowed ? " partial=yes" : " partial=no";
  }
  return text;
}

base::Result<Request> parse_request(std::string_view untrusted) {
  if (untrusted.size() > max_request) return base::fail("the request is too long");
  std::string_view rest = untrusted;
  const std::string_view verb = take_word(rest);
  const auto row = std::ranges::find(rows, verb, &VerbRow::name);
  if (row == rows.end()) return base::fail("'" + escape(verb) + "' is no request");
  Request request{.verb = row->verb, .name = {}};
  if (row->verb == Verb::list) {
    if (!rest.empty()) return base::fail("list takes nothing behind it");
    return request;
  }
  const std::string_view name = take_word(rest);
  if (!valid_request_name(name)) {
    return base::fail("'" + escape(name) +
                      "' is no name of a snapshot: 1 to 31 of a-z 0-9 -, a letter first");
  }
  request.name = name;
  while (!rest.empty()) {
    const std::string_view option = take_word(rest);
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos ||
        !take_option(option.substr(0, equals), option.substr(equals + 1), request)) {
      return base::fail(std::string(verb) + " takes no '" + escape(option) + "'");
    }
  }
  if (request.margin == Margin::zeros && request.access == nbd::Access::read_write) {
    return base::fail("margins are for those who only read");
  }
  return request;
}

}  // namespace blockproxy::snapshot
