// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/signed_list.hpp"

#include "base/hash/sha256.hpp"

namespace scannerqube::release {
namespace {

constexpr base::sign::Purpose list_purpose = base::sign::Purpose::release_list;
constexpr std::size_t line_size = 64 + 1 + 64;

std::string line_of(std::string_view signed_report, std::string_view list) {
  base::hash::Sha256 sha256;
  return base::hash::to_hex(sha256({base::wire::as_bytes(signed_report)})) + ' ' +
         base::hash::to_hex(sha256({base::wire::as_bytes(list)}));
}

}  // namespace

std::string sign_list(const base::sign::KeyPair& pair, std::string_view signed_report,
                      std::string_view list) {
  const std::string line = line_of(signed_report, list);
  std::string text = line + '\n' + pair.sign(list_purpose, line).hex() + '\n';
  return text.append(list);
}

base::Result<std::string_view> open_list(const base::sign::PublicKey& key,
                                         std::string_view signed_report,
                                         std::string_view untrusted) {
  if (untrusted.size() < signed_list_head || untrusted.size() > max_signed_list ||
      untrusted[line_size] != '\n' || untrusted[signed_list_head - 1] != '\n') {
    return base::fail("this is no signed list of clean files");
  }
  const std::string_view line = untrusted.substr(0, line_size);
  const auto signature = base::sign::Signature::parse(
      untrusted.substr(line_size + 1, signed_list_head - line_size - 2));
  if (!signature ||
      base::sign::verify(key, list_purpose, line, *signature) != base::sign::Verified::yes) {
    return base::fail("this list of clean files is not signed with the key " + key.id());
  }
  const std::string_view list = untrusted.substr(signed_list_head);
  if (line != line_of(signed_report, list)) {
    return base::fail("this list of clean files is not that of this report, or was changed");
  }
  return list;
}

}  // namespace scannerqube::release
