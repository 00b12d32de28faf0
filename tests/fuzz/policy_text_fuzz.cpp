// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes policy text and the request it is asked about. Input: request line, then the policy:
// "SOURCE TARGET CALL\n" and rules. Whatever comes out must be consistent.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/evaluator.hpp"
#include "policy/fields.hpp"
#include "policy/lint.hpp"

namespace {

// Serves "self" as the fuzzed text again, so that includes and their bounds are reached.
class Self : public policy::IncludeSource {
 public:
  explicit Self(std::string_view text) : text_(text) {}
  base::Result<policy::PolicyFile> file(const std::string& path) override {
    if (path.empty() || path.size() > 4) return base::fail("not a file");
    return policy::PolicyFile{path, std::string(text_)};
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    return std::vector<std::string>{path, path + "x"};
  }
  base::Result<std::vector<std::string>> legacy_names() override {
    return std::vector<std::string>{"s", "s+x", ".hidden", std::string(text_.substr(0, 8))};
  }
  base::Result<policy::PolicyFile> legacy_file(const std::string& name) override {
    return policy::PolicyFile{name, std::string(text_)};
  }

 private:
  std::string_view text_;
};

const policy::SystemInfo& system_info() {
  static const policy::SystemInfo info = [] {
    policy::SystemInfo made;
    made.add({.name = "w", .type = "A", .tags = {"t"}, .running = true, .default_dispvm = "d"});
    made.add({.name = "u", .type = "D", .uuid = "1"});
    made.add({.name = "d", .type = "A", .tags = {"t"}, .template_for_dispvms = true});
    made.add({.name = "i", .type = "A", .internal = true, .default_dispvm = "nosuch"});
    return made;
  }();
  return info;
}

void check(const policy::Decision& decision) {
  using Kind = policy::Decision::Kind;
  if (decision.kind == Kind::deny && decision.message.empty()) std::abort();
  if (decision.kind == Kind::allow && decision.target.empty()) std::abort();
  if (decision.kind != Kind::deny && decision.rule.empty()) std::abort();
  if (decision.kind != Kind::ask) return;
  if (decision.targets.empty()) std::abort();
  for (const auto& target : decision.targets) {
    const auto final = policy::accept_answer(decision, system_info(), target);
    if (final.kind == Kind::allow && (final.target != target || target == decision.source)) {
      std::abort();
    }
  }
  if (policy::accept_answer(decision, system_info(), "nobody").kind != Kind::deny) std::abort();
}

// The lint finds an error exactly where parsing fails, and what it prints is bounded and printable.
void check_lint(policy::IncludeSource& includes, const policy::PolicyFile& main, bool parses) {
  constexpr std::size_t max_rendered = 6000;
  const auto report = policy::lint({main}, {.includes = &includes, .system = &system_info()});
  if (report.findings.size() > policy::max_findings) std::abort();
  bool error = false;
  for (const auto& finding : report.findings) {
    error |= finding.severity == policy::Finding::Severity::error;
    const std::string text = policy::render(finding);
    if (text.size() > max_rendered || finding.text.empty()) std::abort();
    const auto unsafe = [](char c) { return (c < ' ' || c > '~') && c != '\n'; };
    if (std::any_of(text.begin(), text.end(), unsafe)) std::abort();
  }
  if (error == parses) std::abort();
  // A file of three columns is read by the same rules.
  policy::lint({main}, {.includes = &includes, .form = policy::RuleForm::three_columns});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const auto fields = policy::split_fields(std::string_view(text).substr(0, line));
  Self self(std::string_view(text).substr(std::min(line + 1, text.size())));
  const auto rules = policy::parse_policy({*self.file("main")}, &self);
  if (!rules && rules.error().text.empty()) std::abort();
  check_lint(self, *self.file("main"), rules.has_value());
  if (!rules || fields.size() != 3) return 0;
  const auto request = policy::parse_request(fields[0], fields[1], fields[2]);
  if (request) check(policy::evaluate(*rules, system_info(), *request));
  return 0;
}
