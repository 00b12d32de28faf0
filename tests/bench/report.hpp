// SPDX-License-Identifier: GPL-2.0-or-later
// What a benchmark found: named values, as a table for people and as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace bench {

enum class Better { higher, lower };

struct Value {
  std::string name;
  double value = 0;
  std::string unit;
  Better better = Better::higher;
};

struct Report {
  std::string group;
  std::string machine;  // one line: where it was measured
  std::vector<Value> results;
};

// The middle one, or the mean of the two in the middle; 0 of nothing.
double median(std::vector<double> values);

// A line for each value, and the machine below.
std::string table(const Report& report);
std::string json(const Report& report);

// This computer's processor and the number of its cores.
std::string host();

}  // namespace bench
