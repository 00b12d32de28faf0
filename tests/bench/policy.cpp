// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/policy.hpp"

#include <chrono>
#include <random>

#include "policy/evaluator.hpp"

namespace bench {
namespace {

constexpr std::size_t qubes = 100;
constexpr std::size_t requests_asked = 4096;
constexpr std::chrono::milliseconds measured_for{400};
// What Qubes' evaluator does in a second, parsing of a small policy included
// (shared reference, measured with its own test data).
constexpr double reference_per_s = 1100;

std::string qube(std::size_t number) { return "qube-" + std::to_string(number % qubes); }

policy::SystemInfo make_system() {
  policy::SystemInfo system;
  for (std::size_t i = 0; i < qubes; ++i) {
    system.add({.name = qube(i),
                .type = i % 10 == 0  ? "TemplateVM"
                        : i % 7 == 0 ? "DispVM"
                                     : "AppVM",
                .tags = {"group-" + std::to_string(i % 8), "managed"},
                .running = i % 2 == 0,
                .template_for_dispvms = i % 25 == 0,
                .default_dispvm = "qube-0",
                .uuid = "00000000-0000-0000-0000-" + std::to_string(100000000000 + i)});
  }
  system.add({.name = "sys-usb", .type = "AppVM", .running = true});
  return system;
}

// Chooses, always the same way: the figures of two runs are of the same policy.
class Dice {
 public:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool percent(std::size_t chance) { return below(100) < chance; }

 private:
  std::mt19937_64 random_{20260101};
};

struct Generated {
  std::string text;
  std::vector<policy::Request> requests;
};

std::string source_token(Dice& dice) {
  if (dice.percent(55)) return qube(dice.below(qubes));
  if (dice.percent(40)) return "@tag:group-" + std::to_string(dice.below(8));
  if (dice.percent(20)) return "@type:DispVM";
  return "@anyvm";
}

std::string target_token(Dice& dice) {
  if (dice.percent(35)) return "sys-usb";
  if (dice.percent(45)) return qube(dice.below(qubes));
  if (dice.percent(30)) return "@default";
  if (dice.percent(40)) return "@tag:managed";
  return "@anyvm";
}

std::string action(Dice& dice, bool to_default) {
  if (dice.percent(45)) return to_default ? "allow target=sys-usb" : "allow";
  if (dice.percent(40)) return "ask default_target=sys-usb";
  return "deny";
}

// Rules of as many services as a policy of this length names, and calls: half to services of which
// some rule speaks with its own words, the others by chance.
Generated generate(std::size_t rules) {
  Dice dice;
  Generated made;
  const std::size_t services = rules / 8 + 1;
  const auto service = [services, &dice] {
    return "vendor.Service" + std::to_string(dice.below(services));
  };
  const auto argument = [&dice] { return "+2-" + std::to_string(dice.below(16)); };
  for (std::size_t i = 0; i + 1 < rules; ++i) {
    const std::string name = service();
    const std::string with = dice.percent(30) ? argument() : "*";
    const std::string source = source_token(dice);
    const std::string target = target_token(dice);
    made.text += name + " " + with + " " + source + " " + target + " " +
                 action(dice, target == "@default") + "\n";
    if (!dice.percent(50)) continue;
    made.requests.push_back({.source = source.starts_with('@') ? qube(dice.below(qubes)) : source,
                             .target = target.starts_with('@') ? "sys-usb" : target,
                             .service = name,
                             .argument = with == "*" ? "+" : with});
  }
  made.text += "* * @anyvm @anyvm deny\n";
  const std::size_t own = made.requests.size();
  while (own > 0 && made.requests.size() < requests_asked / 2) {
    made.requests.push_back(made.requests[made.requests.size() % own]);
  }
  if (own > requests_asked / 2)
    made.requests.erase(made.requests.begin() + requests_asked / 2, made.requests.end());
  while (made.requests.size() < requests_asked) {
    made.requests.push_back({.source = qube(dice.below(qubes)),
                             .target = dice.percent(70) ? "sys-usb" : "@default",
                             .service = dice.percent(60) ? service() : "vendor.Unknown",
                             .argument = dice.percent(50) ? argument() : "+"});
  }
  return made;
}

using Clock = std::chrono::steady_clock;

// Calls `once` for a while; how often in a second.
template <class Once>
double per_second(Once once) {
  const auto start = Clock::now();
  std::size_t count = 0;
  std::chrono::duration<double> passed{};
  do {
    count += once();
    passed = Clock::now() - start;
  } while (passed < measured_for);
  return static_cast<double>(count) / passed.count();
}

struct Mix {
  std::size_t allowed = 0;
  std::size_t asked = 0;
  std::size_t denied = 0;
};

// All requests once; how many.
std::size_t decide_all(const policy::Ruleset& rules, const policy::SystemInfo& system,
                       const Generated& generated, Mix& mix) {
  for (const policy::Request& request : generated.requests) {
    switch (policy::evaluate(rules, system, request).kind) {
      case policy::Decision::Kind::allow:
        ++mix.allowed;
        break;
      case policy::Decision::Kind::ask:
        ++mix.asked;
        break;
      case policy::Decision::Kind::deny:
        ++mix.denied;
        break;
    }
  }
  return generated.requests.size();
}

base::Result<double> decisions_per_s(std::size_t count, const policy::SystemInfo& system,
                                     std::string& mix_text) {
  const Generated generated = generate(count);
  const auto rules = policy::parse_policy({{"bench.policy", generated.text}});
  if (!rules) return base::Unexpected{rules.error()};
  Mix mix;
  const double rate = per_second([&] { return decide_all(*rules, system, generated, mix); });
  const std::size_t all = mix.allowed + mix.asked + mix.denied;
  mix_text = std::to_string(mix.allowed * 100 / all) + " % allowed, " +
             std::to_string(mix.asked * 100 / all) + " % asked";
  return rate;
}

}  // namespace

base::Result<Report> measure_policy(unsigned rounds) {
  const policy::SystemInfo system = make_system();
  Report report{.group = "policy", .machine = host(), .results = {}};
  std::vector<double> few;
  std::vector<double> some;
  std::vector<double> many;
  std::vector<double> parsed;
  std::vector<double> with_parsing;
  std::string mix;
  const Generated large = generate(10'000);
  const Generated small = generate(10);
  for (unsigned round = 0; round < rounds; ++round) {
    for (const auto& [count, into] :
         {std::pair{std::size_t{1}, &few}, {10'000, &many}, {100, &some}}) {
      const auto rate = decisions_per_s(count, system, mix);
      if (!rate) return base::Unexpected{rate.error()};
      into->push_back(*rate);
    }
    const double bytes = per_second([&large]() -> std::size_t {
      return policy::parse_policy({{"bench.policy", large.text}}) ? large.text.size() : 0;
    });
    parsed.push_back(bytes / 1e6);
    std::size_t next = 0;
    with_parsing.push_back(per_second([&]() -> std::size_t {
      const auto rules = policy::parse_policy({{"bench.policy", small.text}});
      const auto& request = small.requests[next++ % small.requests.size()];
      static_cast<void>(policy::evaluate(*rules, system, request));
      return 1;
    }));
  }
  report.machine += "; of 100 rules: " + mix;
  report.results = {
      {"decisions_per_s_1_rule", median(few), "1/s", Better::higher},
      {"decisions_per_s_100_rules", median(some), "1/s", Better::higher},
      {"decisions_per_s_10000_rules", median(many), "1/s", Better::higher},
      {"slowdown_10000_vs_100_rules", median(some) / median(many), "times", Better::lower},
      {"parse_mb_per_s", median(parsed), "MB/s", Better::higher},
      {"decisions_per_s_with_parsing", median(with_parsing), "1/s", Better::higher},
      {"with_parsing_vs_reference", median(with_parsing) / reference_per_s, "times",
       Better::higher}};
  return report;
}

}  // namespace bench
