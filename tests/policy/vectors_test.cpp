// SPDX-License-Identifier: GPL-2.0-or-later
// Replays the cases recorded from Qubes' own evaluator (tests/data/policy) and compares decisions.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "policy/evaluator.hpp"

namespace {

namespace json = boost::json;
using policy::Decision;

const std::string data_dir = SALLYPORT_SOURCE_DIR "/tests/data/policy/";

std::vector<json::object> read_lines(const std::string& name) {
  std::ifstream in(data_dir + name);
  std::vector<json::object> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(json::parse(line).as_object());
  }
  return lines;
}

// The text of a field; empty for a missing one and for null.
std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->as_string());
}

policy::SystemInfo read_system() {
  std::ifstream in(data_dir + "system_info.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  policy::SystemInfo system;
  const json::value parsed = json::parse(text);
  for (const auto& [name, value] : parsed.at("domains").as_object()) {
    const json::object& domain = value.as_object();
    policy::QubeFacts facts;
    facts.name = name;
    facts.type = text_of(domain, "type");
    for (const auto& tag : domain.at("tags").as_array()) {
      facts.tags.emplace_back(tag.as_string());
    }
    facts.running = text_of(domain, "power_state") == "Running";
    facts.internal = domain.contains("internal") && domain.at("internal").as_bool();
    facts.template_for_dispvms = domain.at("template_for_dispvms").as_bool();
    facts.default_dispvm = text_of(domain, "default_dispvm");
    facts.uuid = text_of(domain, "uuid");
    system.add(std::move(facts));
  }
  return system;
}

// The recorded files live in memory and are called "NAME[in-memory]" in messages.
class Memory : public policy::IncludeSource {
 public:
  Memory(const json::object& files, const json::object& legacy) : files_(files), legacy_(legacy) {}
  base::Result<policy::PolicyFile> file(const std::string& path) override {
    if (!files_.contains(path)) return base::fail("no such policy file: '" + path + "'");
    return policy::PolicyFile{path + "[in-memory]", text_of(files_, path.c_str())};
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    return base::fail("not a directory: " + path);
  }
  base::Result<std::vector<std::string>> legacy_names() override {
    std::vector<std::string> names;
    for (const auto& [name, text] : legacy_) names.emplace_back(name);
    return names;
  }
  base::Result<policy::PolicyFile> legacy_file(const std::string& name) override {
    return policy::PolicyFile{name + "[in-memory]", text_of(legacy_, name.c_str())};
  }

 private:
  const json::object& files_;
  const json::object& legacy_;
};

std::string summary(const Decision& decision);

// One case, decided by us.
std::string run(const json::object& test, const policy::SystemInfo& system) {
  const json::object& files = test.at("policy").as_object();
  const json::value* compat = test.if_contains("compat");
  const json::object none;
  Memory memory(files, compat == nullptr ? none : compat->as_object());
  const auto rules = policy::parse_policy({*memory.file("__main__")}, &memory);
  if (!rules) return summary(policy::deny(rules.error().text));
  const std::string call = text_of(test, "service");
  const std::size_t plus = std::min(call.find('+'), call.size());
  policy::Request request{text_of(test, "source"), text_of(test, "target"), call.substr(0, plus),
                          call.substr(plus)};
  if (request.argument.empty()) request.argument = "+";
  request.requested_source = text_of(test, "requested_source");
  const Decision decision = policy::evaluate(*rules, system, request);
  const std::string answer = text_of(test, "answer");
  if (decision.kind != Decision::Kind::ask || answer.empty()) return summary(decision);
  const Decision answered = answer == "deny" ? policy::refuse_answer(decision)
                                             : policy::accept_answer(decision, system, answer);
  if (answered.kind == Decision::Kind::deny) return summary(answered);
  return summary(decision) + " then " + answered.target;
}

std::string name_of(Decision::Kind kind) {
  switch (kind) {
    case Decision::Kind::allow:
      return "allow";
    case Decision::Kind::deny:
      return "deny";
    case Decision::Kind::ask:
      return "ask";
  }
  return "?";
}

// Ours always names a qube, where upstream repeats "uuid:..." as it was written.
std::string plain(const std::string& target, const policy::SystemInfo& system) {
  const policy::QubeFacts* qube = system.find(target);
  return qube == nullptr ? target : qube->name;
}

std::string where(const json::object& expected) {
  const json::value* rule = expected.if_contains("rule");
  if (rule == nullptr || !rule->is_object()) return {};
  return text_of(rule->as_object(), "file") + ":" +
         (rule->at("line").is_null() ? "None" : json::serialize(rule->at("line")));
}

std::string summary(const Decision& decision) {
  std::string text = name_of(decision.kind);
  if (decision.kind == Decision::Kind::deny) return text + " " + decision.message;
  text += " user=" + decision.user + " notify=" + (decision.notify ? "1" : "0") +
          " autostart=" + (decision.autostart ? "1" : "0") + " rule=" + decision.rule;
  if (decision.kind == Decision::Kind::allow) return text + " target=" + decision.target;
  text += " default_target=" + decision.default_target + " targets=";
  for (const auto& target : decision.targets) text += target + ",";
  return text;
}

std::string summary(const json::object& expected, const policy::SystemInfo& system) {
  const std::string kind = text_of(expected, "decision");
  if (kind == "error" || kind == "deny") {
    std::string message = text_of(expected, "message");
    // A bad target of the request has no file and line.
    constexpr std::string_view nowhere = "<unknown>:0: ";
    if (message.starts_with(nowhere)) message.erase(0, nowhere.size());
    return "deny " + message;
  }
  std::string text = kind + " user=" + text_of(expected, "user");
  text += std::string(" notify=") + (expected.at("notify").as_bool() ? "1" : "0");
  text += std::string(" autostart=") + (expected.at("autostart").as_bool() ? "1" : "0");
  text += " rule=" + where(expected);
  if (kind == "allow")
    return text + " target=" + plain(text_of(expected, "resolved_target"), system);
  text += " default_target=" + plain(text_of(expected, "default_target"), system) + " targets=";
  for (const auto& target : expected.at("targets_for_ask").as_array()) {
    text += plain(std::string(target.as_string()), system) + ",";
  }
  const json::value* answered = expected.if_contains("after_answer");
  if (answered == nullptr) return text;
  for (const auto& line : answered->as_array()) {
    const std::string_view word(line.as_string().data(), line.as_string().size());
    if (word.starts_with("target=")) text += " then " + std::string(word.substr(7));
  }
  return text;
}

struct Tally {
  unsigned agree = 0;
  unsigned differ = 0;
};

// Where Qubes crashes or has a known defect, so that we decide otherwise: name of the case -> what
// we say.
std::map<std::string, std::string> read_differences() {
  std::map<std::string, std::string> differences;
  for (const json::object& line : read_lines("differences.jsonl")) {
    EXPECT_FALSE(text_of(line, "why").empty());
    differences.emplace(text_of(line, "name"), text_of(line, "ours"));
  }
  return differences;
}

Tally compare(const std::string& stem) {
  const policy::SystemInfo system = read_system();
  const auto differences = read_differences();
  const auto cases = read_lines(stem + ".jsonl");
  const auto answers = read_lines(stem + ".expected.jsonl");
  EXPECT_EQ(cases.size(), answers.size());
  Tally tally;
  for (std::size_t i = 0; i < std::min(cases.size(), answers.size()); ++i) {
    const std::string name = text_of(cases[i], "name");
    const std::string ours = run(cases[i], system);
    const std::string theirs = summary(answers[i], system);
    const auto known = differences.find(name);
    EXPECT_EQ(ours, known == differences.end() ? theirs : known->second)
        << name << "\n"
        << json::serialize(cases[i]);
    ours == theirs ? ++tally.agree : ++tally.differ;
  }
  return tally;
}

TEST(PolicyVectors, NamedCasesAgreeButForTheListedDifferences) {
  const Tally tally = compare("named");
  EXPECT_EQ(tally.agree, 127U);
  EXPECT_EQ(tally.differ, 7U);
}

TEST(PolicyVectors, RandomCasesAgreeButForTheListedDifferences) {
  const Tally tally = compare("random");
  EXPECT_EQ(tally.agree, 598U);
  EXPECT_EQ(tally.differ, 2U);
}

}  // namespace
