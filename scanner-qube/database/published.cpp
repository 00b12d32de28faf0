// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/published.hpp"

#include <array>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/database/number_text.hpp"

namespace scannerqube::database {

std::string encode(const ImportRecord& record) {
  return record.signer + " " + std::to_string(record.imported) + "\n" + encode(record.engine);
}

base::Result<ImportRecord> parse_import_record(std::string_view text) {
  const auto unreadable = base::fail("the record of its import cannot be read");
  const std::size_t space = text.find(' ');
  if (space != base::sign::key_id_digits) return unreadable;
  ImportRecord record;
  record.signer = text.substr(0, space);
  std::array<std::byte, base::sign::key_id_digits / 2> id{};
  if (!base::hash::from_hex(record.signer, id)) return unreadable;
  std::string_view rest = text.substr(space + 1);
  if (!take_number(rest, '\n', record.imported)) return unreadable;
  auto engine = parse_engine_facts(rest);
  if (!engine) return base::Unexpected{engine.error()};
  record.engine = *std::move(engine);
  return record;
}

}  // namespace scannerqube::database
