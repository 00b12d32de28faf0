// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what a scanner qube answers, what dom0 makes of it, and signed statements of anybody.
#include <cstdint>
#include <cstdlib>

#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace {

using namespace scannerqube::report;

void demand(bool holds) {
  if (!holds) std::abort();
}

void harmless(std::string_view lines) {
  for (const char c : lines) demand(c == '\n' || (c >= ' ' && c <= '~'));
}

void answer(std::string_view untrusted) {
  ScanFacts facts;
  facts.options = digest_of(ScanLimits());
  const auto report = parse_report(untrusted);
  if (report) {
    const std::string text = encode_report(*report);
    demand(untrusted == text || untrusted == text + "\n");
    demand(report->verdict() >= report->found.verdict() && report->verdict() >= report->said);
    harmless(as_lines(*report));
    // What dom0 can know of it fits, so that its statement is reached as well.
    facts.medium_size = report->medium_size;
    facts.database = report->database;
  } else {
    harmless(report.error().text);
  }
  const Statement statement = judge(facts, untrusted);
  demand(statement.report || statement.verdict() == scannerqube::Verdict::failed);
  const auto again = parse_statement(encode_statement(statement));
  demand(again && again->verdict() == statement.verdict());
}

void statement(std::string_view untrusted) {
  const auto parsed = parse_statement(untrusted);
  if (!parsed) return harmless(parsed.error().text);
  demand(encode_statement(*parsed) == untrusted);
  harmless(as_lines(*parsed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view untrusted = base::wire::as_text(std::as_bytes(std::span(data, size)));
  answer(untrusted);
  statement(untrusted);
  static const base::sign::PublicKey key =
      *base::sign::PublicKey::parse("sallyport-ed25519-public " + std::string(64, '7'));
  demand(!open_signed(key, untrusted));  // nobody has its other half
  if (const auto parts = split_signed(untrusted)) statement(parts->line);
  return 0;
}
