// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/signed_text.hpp"

#include <algorithm>

namespace scannerqube::report {
namespace {

constexpr base::sign::Purpose purpose = base::sign::Purpose::scan_statement;
constexpr std::string_view key_part = "{\"key\":\"";
constexpr std::string_view signature_part = "\",\"signature\":\"";
constexpr std::string_view end_part = "\"}";

std::string_view take(std::string_view& rest, std::size_t size) {
  const std::string_view head = rest.substr(0, size);
  rest.remove_prefix(head.size());
  return head;
}

bool is_key_id(std::string_view text) {
  std::array<std::byte, base::sign::key_id_digits / 2> ignored{};
  return base::hash::from_hex(text, ignored);
}

}  // namespace

std::string sign_line(const base::sign::KeyPair& pair, std::string_view line) {
  const base::sign::Signature signature = pair.sign(purpose, line);
  std::string all(line);
  all += '\n';
  all.append(key_part).append(pair.public_key().id()).append(signature_part);
  all.append(signature.hex()).append(end_part);
  return all + '\n';
}

base::Result<SignedText> split_signed(std::string_view untrusted) {
  if (untrusted.size() > max_signed_bytes) {
    return base::fail("this is no signed statement: longer than " +
                      std::to_string(max_signed_bytes) + " bytes");
  }
  const std::size_t end = untrusted.find('\n');
  if (end == std::string_view::npos || end == 0) {
    return base::fail("this is no signed statement: a line of JSON and one with the signature");
  }
  std::string_view rest = untrusted.substr(end + 1);
  const bool begins = take(rest, key_part.size()) == key_part;
  const std::string_view key = take(rest, base::sign::key_id_digits);
  const bool goes_on = take(rest, signature_part.size()) == signature_part;
  const auto signature = base::sign::Signature::parse(take(rest, 2 * base::sign::signature_size));
  const bool ends = take(rest, end_part.size()) == end_part && rest == "\n";
  if (!begins || !is_key_id(key) || !goes_on || !signature || !ends) {
    return base::fail(
        "this is no signed statement: its second line is not one key id and one signature");
  }
  return SignedText{
      .line = untrusted.substr(0, end), .key_id = std::string(key), .signature = *signature};
}

base::Result<std::string_view> open_signed(const base::sign::PublicKey& key,
                                           std::string_view untrusted) {
  const auto parts = split_signed(untrusted);
  if (!parts) return base::Unexpected{parts.error()};
  if (parts->key_id != key.id()) {
    return base::fail("it was signed with key " + parts->key_id + ", and the given key is " +
                      key.id() + ": give the public key of the machine that signed it");
  }
  if (base::sign::verify(key, purpose, parts->line, parts->signature) !=
      base::sign::Verified::yes) {
    return base::fail("its signature does not fit: somebody changed the file, or the key id in it");
  }
  return parts->line;
}

}  // namespace scannerqube::report
