// SPDX-License-Identifier: GPL-2.0-or-later
// Whether texts fit docs/scan-report.schema.json, by somebody else's reader (fits_schema.py).
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace tests {

// "fits", or why not, for each line.
inline std::vector<std::string> fit_schema(const std::vector<std::string>& lines) {
  const Folder folder;
  const std::string in = (folder.path() / "in").string();
  const std::string out = (folder.path() / "out").string();
  {
    std::ofstream file(in);
    for (const std::string& line : lines) file << line << '\n';
  }
  const std::string source = places::source();
  const std::string command = source + "/tests/scanner-qube/report/fits_schema.py " + source +
                              "/docs/scan-report.schema.json " + in + " > " + out;
  if (std::system(command.c_str()) != 0) return {"fits_schema.py failed"};  // NOLINT(cert-env33-c)
  std::vector<std::string> answers;
  std::ifstream file(out);
  for (std::string line; std::getline(file, line);) answers.push_back(line);
  return answers;
}

}  // namespace tests
