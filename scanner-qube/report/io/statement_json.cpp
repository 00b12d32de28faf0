// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/io/statement_json.hpp"

#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/strict_json.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace scannerqube::report {
namespace {

namespace json = boost::json;

base::hash::Digest options_of(const Statement& statement) {
  return statement.report ? digest_of(statement.report->limits) : statement.facts.options;
}

json::object device_json(const ScannedDevice& device) {
  return {{"backend", device.backend},
          {"description", device.description},
          {"ids", device.ids},
          {"port", device.port}};
}

ScannedDevice read_device(const json::value& value, Complaint& complaint) {
  Fields in(value, "device", complaint);
  ScannedDevice device;
  device.backend = in.text("backend", max_text);
  device.description = in.text("description", max_text);
  device.ids = in.text("ids", max_text);
  device.port = in.text("port", max_text);
  in.done();
  return device;
}

ScanFacts read_facts(Fields& in, Complaint& complaint) {
  ScanFacts facts;
  Fields approved(in.member("approved"), "approved", complaint);
  facts.approved_at = approved.time("at");
  facts.approved_by = approved.text("by", max_text);
  approved.done();
  facts.database = read_database(in.member("database"), "database", complaint);
  facts.device = read_device(in.member("device"), complaint);
  in.hex("options_sha256", facts.options);
  Fields scan(in.member("scan"), "scan", complaint);
  facts.ended = scan.time("ended");
  facts.started = scan.time("started");
  scan.done();
  Fields snapshot(in.member("snapshot"), "snapshot", complaint);
  facts.snapshot = snapshot.text("name", max_text);
  snapshot.hex("root", facts.root);
  facts.medium_size = snapshot.number("size", max_number);
  snapshot.done();
  return facts;
}

Statement read_statement(const json::value& value, Complaint& complaint) {
  Fields in(value, "statement", complaint);
  Statement statement;
  in.constant("schema", statement_schema);
  statement.facts = read_facts(in, complaint);
  statement.reason = in.text("reason", max_text);
  const json::value& report = in.member("report");
  if (!report.is_null()) statement.report = read_report(report, complaint);
  in.constant("outcome", statement.report ? "answered" : "failed");
  in.constant("verdict", verdict_name(statement.verdict()));
  in.done();
  return statement;
}

}  // namespace

Statement judge(const ScanFacts& given, std::string_view untrusted_answer) {
  auto report = parse_report(untrusted_answer);
  if (!report) return failed_statement(given, report.error().text);
  Statement statement{.facts = given, .reason = {}, .report = *std::move(report)};
  settle(statement.facts);
  if (auto checked = check(statement, options_of(statement)); !checked) {
    return failed_statement(given, checked.error().text);
  }
  return statement;
}

std::string encode_statement(const Statement& statement) {
  const ScanFacts& facts = statement.facts;
  return json::serialize(
      json::object{{"approved", json::object{{"at", facts.approved_at}, {"by", facts.approved_by}}},
                   {"database", to_json(facts.database)},
                   {"device", device_json(facts.device)},
                   {"options_sha256", base::hash::to_hex(facts.options)},
                   {"outcome", statement.report ? "answered" : "failed"},
                   {"reason", statement.reason},
                   {"report", statement.report ? to_json(*statement.report) : json::value(nullptr)},
                   {"scan", json::object{{"ended", facts.ended}, {"started", facts.started}}},
                   {"schema", statement_schema},
                   {"snapshot", json::object{{"name", facts.snapshot},
                                             {"root", base::hash::to_hex(facts.root)},
                                             {"size", facts.medium_size}}},
                   {"verdict", verdict_name(statement.verdict())}});
}

base::Result<std::string> sign_statement(const base::sign::KeyPair& pair,
                                         const Statement& statement) {
  const std::string line = encode_statement(statement);
  if (const auto again = parse_statement(line); !again) {
    return base::fail("nothing was signed: " + again.error().text);
  }
  return sign_line(pair, line);
}

base::Result<Statement> parse_statement(std::string_view untrusted) {
  const auto value = parse_strict(untrusted, max_statement_bytes);
  if (!value) return base::fail("this is no scan statement: " + value.error().text);
  Complaint complaint;
  Statement statement = read_statement(*value, complaint);
  if (!complaint.none()) return base::fail("this is no scan statement: " + complaint.text);
  if (auto same = same_text(untrusted, encode_statement(statement)); !same) {
    return base::fail("this is no scan statement: " + same.error().text);
  }
  if (auto checked = check(statement, options_of(statement)); !checked) {
    return base::fail("this scan statement cannot be right: " + checked.error().text);
  }
  return statement;
}

}  // namespace scannerqube::report
