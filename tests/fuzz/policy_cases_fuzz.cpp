// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON that `sallyport policy` reads: which qubes there are, what dom0 knows of a device, and
// the cases of a batch. The first byte says which of them the rest is.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "policy/io/decision_json.hpp"
#include "policy/io/device_facts_json.hpp"
#include "policy/io/tool.hpp"

namespace {

constexpr const char* qubes =
    R"({"domains":{"work":{"tags":["t"],"type":"AppVM","default_dispvm":null,)"
    R"("template_for_dispvms":true,"power_state":"Running","icon":"appvm-blue",)"
    R"("uuid":"22222222-2222-4222-8222-222222222222"},)"
    R"("vault":{"tags":[],"type":"AppVM","default_dispvm":"work",)"
    R"("template_for_dispvms":false,"power_state":"Halted","icon":"appvm-black"}}})";

// Each case is answered by a line, whatever it is; an allow has a rule behind it.
void batch(const std::string& cases) {
  std::istringstream in(cases);
  std::ostringstream out;
  std::ostringstream errors;
  policy::io::ToolWorld world{.paths = base::io::Paths(), .in = in, .out = out, .errors = errors};
  world.fetch_system_info = [] { return base::Result<std::string>(qubes); };
  if (policy::io::run_policy_tool({"eval", "--batch"}, world) != 0) std::abort();
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::istringstream again(cases);
  for (std::string line; std::getline(again, line);) asked += line.empty() ? 0 : 1;
  std::istringstream answers(out.str());
  for (std::string line; std::getline(answers, line); ++answered) {
    const bool allowed = line.find(R"("decision":"allow")") != std::string::npos;
    if (allowed && line.find(R"("rule":{)") == std::string::npos) std::abort();
  }
  if (asked != answered) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(data + 1, data + size);
  switch (data[0]) {
    case 's':
      if (const auto system = policy::io::parse_system_info(text)) {
        const auto* dom0 = system->find("dom0");
        if (dom0 == nullptr || dom0->type != "AdminVM") std::abort();
      }
      break;
    case 'd':
      if (const auto facts = policy::io::parse_device_facts(text)) {
        const auto once = policy::io::encode_device_facts(*facts);
        const auto again = policy::io::parse_device_facts(once);
        if (!again || policy::io::encode_device_facts(*again) != once) std::abort();
      }
      break;
    default:
      batch(text);
  }
  return 0;
}
