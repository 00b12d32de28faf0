// SPDX-License-Identifier: GPL-2.0-or-later
// The published schema fits what is written, and not what our parser refuses.
#include <gtest/gtest.h>

#include "tests/scanner-qube/report/sample_report.hpp"
#include "tests/scanner-qube/report/schema.hpp"

namespace scannerqube::report {
namespace {

using tests::clean_report;
using tests::infected_report;
using tests::sample_facts;

TEST(ReportSchema, FitsWhatIsWritten) {
  ScanReport unknown = clean_report();
  unknown.database = {};
  const std::vector<std::string> lines{
      encode_report(clean_report()),
      encode_report(infected_report()),
      encode_report(unknown),
      encode_statement(judge(sample_facts(), encode_report(infected_report()))),
      encode_statement(failed_statement(sample_facts(), "it hung")),
  };
  EXPECT_EQ(tests::fit_schema(lines), std::vector<std::string>(lines.size(), "fits"));
}

TEST(ReportSchema, FitsNothingElse) {
  const std::string good =
      encode_statement(judge(sample_facts(), encode_report(infected_report())));
  const auto spoilt = [&good](std::string_view what, std::string_view by) {
    std::string text = good;
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
    EXPECT_FALSE(parse_statement(text)) << text;
    return text;
  };
  const std::vector<std::string> lines{
      good,
      spoilt("\"gap\":true", "\"gap\":true,\"more\":1"),
      spoilt("\"gap\":true,", ""),
      spoilt("\"gap\":true", "\"gap\":\"true\""),
      spoilt("\"members\":1", "\"members\":-1"),
      spoilt("\"members\":1", "\"members\":1.5"),
      spoilt("\"members\":1", "\"members\":4294967296"),
      spoilt("\"name\":\"Test.Signature\"", "\"name\":\"\""),
      spoilt("\"name\":\"Test.Signature\"", "\"name\":\"\\u202e\""),
      spoilt("\"path_hex\":\"73", "\"path_hex\":\"7"),
      spoilt("\"kind\":\"signature\"", "\"kind\":\"sig\""),
      spoilt("\"outcome\":\"answered\"", "\"outcome\":\"failed\""),
      spoilt("\"use\":\"file\"", "\"use\":\"eaten\""),
      spoilt("statement 1", "statement 2"),
      spoilt("\"gap\":true", "\"gap\": true"),
      "{}",
  };
  const auto answers = tests::fit_schema(lines);
  ASSERT_EQ(answers.size(), lines.size());
  EXPECT_EQ(answers.front(), "fits");
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_NE(answers[i], "fits") << lines[i];
}

}  // namespace
}  // namespace scannerqube::report
