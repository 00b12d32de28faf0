// SPDX-License-Identifier: GPL-2.0-or-later
// What ./bench runs once it is built: one group, a table, and JSON if wanted.
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/block.hpp"
#include "tests/bench/input.hpp"
#include "tests/bench/policy.hpp"
#include "tests/bench/scan.hpp"
#include "tests/bench/usb.hpp"

namespace {

constexpr unsigned max_rounds = 100;

struct Options {
  std::string group;
  std::string json_file;
  bench::UsbOptions usb;
};

int usage() {
  std::fputs(
      "usage: bench_main usb|policy|input|block|mounted|scan [--json FILE] [--rounds N] "
      "[--real-time]\n",
      stderr);
  return 2;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--real-time") {
      options.usb.clock = bench::Timekeeping::real;
    } else if (word == "--json" && !value.empty()) {
      options.json_file = argv[++i];
    } else if (word == "--rounds" && !value.empty()) {
      ++i;
      const auto parsed =
          std::from_chars(value.data(), value.data() + value.size(), options.usb.rounds);
      const bool whole = parsed.ec == std::errc{} && parsed.ptr == value.data() + value.size();
      if (!whole || options.usb.rounds < 1 || options.usb.rounds > max_rounds) return std::nullopt;
    } else if (options.group.empty() && !word.starts_with('-')) {
      options.group = word;
    } else {
      return std::nullopt;
    }
  }
  for (const char* known : {"usb", "policy", "input", "block", "mounted", "scan"}) {
    if (options.group == known) return options;
  }
  return std::nullopt;
}

base::Result<bench::Report> measure(const Options& options) {
  if (options.group == "policy") return bench::measure_policy(options.usb.rounds);
  if (options.group == "scan") return bench::measure_scan(options.usb.rounds);
  if (options.group == "block") return bench::measure_block(options.usb.rounds, options.usb.clock);
  if (options.group == "mounted") {
    bench::Report report{.group = "mounted", .machine = bench::host(), .results = {}};
    const auto done = bench::measure_mounted(options.usb.rounds, options.usb.clock, report);
    if (!done) return base::Unexpected{done.error()};
    return report;
  }
  if (options.group == "input") return bench::measure_input(options.usb.rounds, options.usb.clock);
  return bench::measure_usb(options.usb);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options) return usage();
  const auto report = measure(*options);
  if (!report) {
    std::cerr << "bench: " << report.error().text << '\n';
    return 1;
  }
  std::cout << bench::table(*report);
  if (options->json_file.empty()) return 0;
  std::ofstream file(options->json_file);
  file << bench::json(*report);
  file.close();
  if (file.good()) return 0;
  std::cerr << "bench: cannot write " << options->json_file << '\n';
  return 1;
}
