// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/host/machine_request.hpp"

#include <algorithm>
#include <charconv>

namespace scannerqube {
namespace {

constexpr std::size_t max_database_name = 24;

// "KEY=VALUE" and the blank behind it.
bool take_word(std::string_view& rest, std::string_view key, std::string_view& value) {
  if (!rest.starts_with(key) || !rest.substr(key.size()).starts_with('=')) return false;
  rest.remove_prefix(key.size() + 1);
  value = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), value.size() + 1));
  return true;
}

bool take_number(std::string_view text, std::uint64_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string format_request(const MachineRequest& request) {
  return "scan size=" + std::to_string(request.size) +
         " largest=" + std::to_string(request.largest_file) +
         " deleted=" + (request.deleted == ScanOrder::Deleted::include ? "yes" : "no") +
         " database=" + request.database +
         " sha256=" + base::hash::to_hex(request.database_sha256) +
         " known=" + (request.known ? "yes" : "no") +
         " passphrase=" + (request.passphrase ? "yes" : "no");
}

base::Result<MachineRequest> parse_machine_request(std::string_view untrusted) {
  constexpr std::string_view verb = "scan ";
  MachineRequest request;
  std::string_view rest = untrusted.substr(std::min(untrusted.size(), verb.size()));
  std::string_view size;
  std::string_view largest;
  std::string_view deleted;
  std::string_view database;
  std::string_view sha256;
  std::string_view known;
  std::string_view passphrase;
  if (untrusted.size() > max_machine_request || !untrusted.starts_with(verb) ||
      !take_word(rest, "size", size) || !take_word(rest, "largest", largest) ||
      !take_word(rest, "deleted", deleted) || !take_word(rest, "database", database) ||
      !take_word(rest, "sha256", sha256) || !take_word(rest, "known", known) ||
      !take_word(rest, "passphrase", passphrase) || !rest.empty() ||
      (known != "yes" && known != "no") || (passphrase != "yes" && passphrase != "no") ||
      !take_number(size, request.size) || !take_number(largest, request.largest_file) ||
      (deleted != "yes" && deleted != "no") || database.empty() ||
      database.size() > max_database_name ||
      !std::ranges::all_of(database, [](char c) { return c >= '0' && c <= '9'; })) {
    return base::fail("no request for a scan");
  }
  if (!base::hash::from_hex(sha256, request.database_sha256)) {
    return base::fail("no request for a scan: its digest is none");
  }
  request.known = known == "yes";
  request.passphrase = passphrase == "yes";
  if (deleted == "yes") request.deleted = ScanOrder::Deleted::include;
  request.database = database;
  // There is one way to say it.
  if (format_request(request) != untrusted) return base::fail("no request for a scan");
  return request;
}

}  // namespace scannerqube
