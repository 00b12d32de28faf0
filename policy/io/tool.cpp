// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/tool.hpp"

#include <boost/program_options.hpp>
#include <istream>
#include <ostream>

#include "base/io/files.hpp"
#include "policy/explain.hpp"
#include "policy/io/decision_json.hpp"
#include "policy/io/policy_store.hpp"

namespace policy::io {
namespace {

namespace json = boost::json;
namespace po = boost::program_options;

constexpr int usage_error = 2;
constexpr std::size_t max_system_info = std::size_t{4} * 1024 * 1024;
constexpr std::size_t max_case = std::size_t{1} * 1024 * 1024;

constexpr const char* usage =
    "usage: sallyport policy eval [--policy-dir DIR]... [--compat-dir DIR] --system-info FILE\n"
    "                             SOURCE TARGET SERVICE[+ARGUMENT]\n"
    "       sallyport policy eval --batch --system-info FILE    (cases on stdin, one JSON a line)\n"
    "       sallyport policy why [--policy-dir DIR]... [--compat-dir DIR] --system-info FILE\n"
    "                            SOURCE TARGET SERVICE[+ARGUMENT]\n"
    "       sallyport policy check [--policy-dir DIR]... [--compat-dir DIR]\n"
    "Without --policy-dir: /run/qubes/policy.d, then /etc/qubes/policy.d.\n";

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

struct Settings {
  std::vector<std::string> policy_dirs;
  std::string compat_dir;
  std::string system_info;
  bool batch = false;
  std::vector<std::string> call;  // SOURCE TARGET SERVICE
};

// Throws po::error.
Settings parse_settings(const std::vector<std::string>& words) {
  po::options_description known;
  po::options_description all;
  Settings settings;
  known.add_options()("policy-dir", po::value(&settings.policy_dirs), "");
  known.add_options()("compat-dir", po::value(&settings.compat_dir), "");
  known.add_options()("system-info", po::value(&settings.system_info), "");
  known.add_options()("batch", po::bool_switch(&settings.batch), "");
  all.add(known).add_options()("call", po::value(&settings.call), "");
  po::positional_options_description positions;
  positions.add("call", -1);
  po::variables_map given;
  po::store(po::command_line_parser(words).options(all).positional(positions).run(), given);
  po::notify(given);
  return settings;
}

PolicyStore open_store(const Settings& settings, const base::io::Paths& paths) {
  std::vector<std::filesystem::path> folders(settings.policy_dirs.begin(),
                                             settings.policy_dirs.end());
  if (folders.empty()) folders = {paths.runtime_policy_d(), paths.policy_d()};
  return PolicyStore(std::move(folders), settings.compat_dir.empty()
                                             ? paths.legacy_policy()
                                             : std::filesystem::path(settings.compat_dir));
}

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

int evaluate_batch(const SystemInfo& system, std::istream& in, std::ostream& out) {
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) out << json::serialize(decide_case(line, system)) << "\n";
  }
  return 0;
}

// As JSON, or explained to a person.
enum class As { json, text };

int evaluate_one(const Settings& settings, const base::io::Paths& paths, const SystemInfo& system,
                 As as, std::ostream& out, std::ostream& errors) {
  if (settings.call.size() != 3) {
    errors << usage;
    return usage_error;
  }
  const auto request = parse_request(settings.call[0], settings.call[1], settings.call[2]);
  if (!request) {
    errors << "sallyport policy: " << request.error().text << "\n";
    return usage_error;
  }
  PolicyStore store = open_store(settings, paths);
  const auto& rules = store.current();
  if (as == As::text) {
    out << (rules ? explain(*rules, system, *request)
                  : "deny, as everything is: " + rules.error().text + "\n");
    return 0;
  }
  out << json::serialize(
             rules ? describe_decision(*rules, system, *request, call_name(*request), std::nullopt)
                   : describe_unusable(rules.error().text))
      << "\n";
  return 0;
}

int evaluate_command(const Settings& settings, const base::io::Paths& paths, As as,
                     std::istream& in, std::ostream& out, std::ostream& errors) {
  if (settings.system_info.empty()) {
    errors << "sallyport policy: --system-info FILE is missing: JSON as qubesd's GetSystemInfo\n"
           << usage;
    return usage_error;
  }
  const auto text = base::io::read_file(settings.system_info, max_system_info);
  if (!text) {
    errors << "sallyport policy: " << text.error().text << "\n";
    return 1;
  }
  const auto system = parse_system_info(*text);
  if (!system) {
    errors << "sallyport policy: " << settings.system_info << ": " << system.error().text << "\n";
    return 1;
  }
  if (settings.batch && as == As::json) return evaluate_batch(*system, in, out);
  return evaluate_one(settings, paths, *system, as, out, errors);
}

int check_command(const Settings& settings, const base::io::Paths& paths, std::ostream& out,
                  std::ostream& errors) {
  if (settings.batch || !settings.call.empty()) {
    errors << usage;
    return usage_error;
  }
  PolicyStore store = open_store(settings, paths);
  const auto& rules = store.current();
  if (!rules) {
    errors << rules.error().text << "\n";
    return 1;
  }
  out << "good: " << rules->rules().size() << " rules\n";
  return 0;
}

}  // namespace

int run_policy_tool(const std::vector<std::string>& words, const base::io::Paths& paths,
                    std::istream& in, std::ostream& out, std::ostream& errors) {
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) {
    out << usage;
    return 0;
  }
  const std::string command = words.empty() ? "" : words[0];
  if (command != "eval" && command != "why" && command != "check") {
    errors << usage;
    return usage_error;
  }
  try {
    const Settings settings = parse_settings({words.begin() + 1, words.end()});
    if (command == "check") return check_command(settings, paths, out, errors);
    return evaluate_command(settings, paths, command == "eval" ? As::json : As::text, in, out,
                            errors);
  } catch (const po::error& error) {
    errors << "sallyport policy: " << error.what() << "\n" << usage;
    return usage_error;
  }
}

}  // namespace policy::io
