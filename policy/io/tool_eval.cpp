// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy eval`: one decision as JSON, or many cases, each with its own policy.
#include <algorithm>
#include <istream>
#include <ostream>

#include "policy/io/decision_json.hpp"
#include "policy/io/tool_commands.hpp"

namespace policy::io {
namespace {

namespace json = boost::json;

constexpr std::size_t max_case = std::size_t{1} * 1024 * 1024;

// The files of one case of a batch; they are called "NAME[in-memory]" in messages.
class Memory : public IncludeSource {
 public:
  Memory(const json::object& files, const json::object& legacy) : files_(files), legacy_(legacy) {}

  base::Result<PolicyFile> file(const std::string& path) override {
    return find(files_, path, "no such policy file: '" + path + "'");
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    return base::fail("not a directory: " + path);
  }
  base::Result<std::vector<std::string>> legacy_names() override {
    std::vector<std::string> names;
    for (const auto& [name, text] : legacy_) names.emplace_back(name);
    return names;
  }
  base::Result<PolicyFile> legacy_file(const std::string& name) override {
    return find(legacy_, name, "no such legacy file: '" + name + "'");
  }

 private:
  static base::Result<PolicyFile> find(const json::object& files, const std::string& name,
                                       const std::string& missing) {
    const json::value* text = files.if_contains(name);
    if (text == nullptr || !text->is_string()) return base::fail(missing);
    return PolicyFile{name + "[in-memory]", std::string(text->as_string())};
  }

  const json::object& files_;
  const json::object& legacy_;
};

const json::object& object_of(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->as_object() : none;
}

json::object refuse_case(const std::string& why) {
  return {{"decision", "error"}, {"kind", "input"}, {"message", why}};
}

// As written, not cleaned as a call from a qube is: the case asks about the evaluator alone.
Request request_of(const json::object& asked) {
  const std::string call = text_of(asked, "service");
  const std::size_t plus = std::min(call.find('+'), call.size());
  Request request{.source = text_of(asked, "source"),
                  .target = text_of(asked, "target"),
                  .service = call.substr(0, plus),
                  .argument = call.substr(plus),
                  .requested_source = text_of(asked, "requested_source")};
  if (request.argument.empty()) request.argument = "+";
  return request;
}

json::object decide_case(const std::string& line, const SystemInfo& system) {
  if (line.size() > max_case) return refuse_case("longer than 1 MiB");
  json::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error) return refuse_case("no JSON: " + error.message());
  if (!parsed.is_object()) return refuse_case("not a JSON object");
  const json::object& asked = parsed.as_object();
  Memory memory(object_of(asked, "policy"), object_of(asked, "compat"));
  const auto main = memory.file("__main__");
  if (!main) return refuse_case("no policy with a text named __main__");
  const auto rules = parse_policy({*main}, &memory);
  if (!rules) return describe_unusable(rules.error().text);
  const std::string answer = text_of(asked, "answer");
  return describe_decision(*rules, system, request_of(asked), text_of(asked, "service"),
                           answer.empty() ? std::nullopt : std::optional(answer));
}

int evaluate_batch(const SystemInfo& system, const ToolWorld& world) {
  for (std::string line; std::getline(world.in, line);) {
    if (!line.empty()) world.out << json::serialize(decide_case(line, system)) << "\n";
  }
  return 0;
}

int run_eval(const Settings& settings, const ToolWorld& world) {
  if (settings.words.size() != (settings.batch ? 0 : 3)) {
    return misused(eval_tool(), world,
                   settings.batch ? "--batch reads its cases from standard input"
                                  : "SOURCE, TARGET and SERVICE are to be given");
  }
  const auto system = read_system_info(settings, world);
  if (!system) return failed(world, system.error().text);
  if (settings.batch) return evaluate_batch(*system, world);
  auto request = parse_request(settings.words[0], settings.words[1], settings.words[2]);
  if (!request) return misused(eval_tool(), world, request.error().text);
  request->device = find_device(settings, world, *request);
  PolicyStore store = settings.open_store(world.paths);
  const auto& rules = store.current();
  world.out << json::serialize(rules ? describe_decision(*rules, *system, *request,
                                                         call_name(*request), std::nullopt)
                                     : describe_unusable(rules.error().text))
            << "\n";
  return 0;
}

}  // namespace

ToolCommand eval_tool() {
  return {.name = "eval",
          .usage =
              "sallyport policy eval [--policy-dir DIR]... [--compat-dir DIR]\n"
              "                             [--system-info FILE] SOURCE TARGET SERVICE[+ARGUMENT]\n"
              "       sallyport policy eval --batch [--system-info FILE]\n"
              "                             (cases on standard input, one JSON a line)\n",
          .options = {"policy-dir", "compat-dir", "system-info", "batch"},
          .run = run_eval};
}

}  // namespace policy::io
