// SPDX-License-Identifier: GPL-2.0-or-later
// A statement as JSON, in the form that report_json.hpp tells; and how dom0 comes to one.
#pragma once

#include "base/sign/ed25519.hpp"
#include "scanner-qube/report/statement.hpp"

namespace scannerqube::report {

inline constexpr std::string_view statement_schema = "sallyport scan statement 1";

// From what the scanner qube answered, whatever that is. `facts.options` is digest_of() the limits
// that were asked for.
Statement judge(const ScanFacts& facts, std::string_view untrusted_answer);

// The file of two lines (signed_text.hpp). What would not be read back is not signed.
base::Result<std::string> sign_statement(const base::sign::KeyPair& pair,
                                         const Statement& statement);

// One line, without its newline.
std::string encode_statement(const Statement& statement);
// Of a line whose signature holds (open_signed), or of one that nobody vouches for: the bounds are
// the same.
base::Result<Statement> parse_statement(std::string_view untrusted);

}  // namespace scannerqube::report
