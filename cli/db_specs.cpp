// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/db_specs.hpp"

#include <array>

namespace cli {
namespace {

constexpr std::array verbs{
    VerbText{"make", "Makes a signed bundle of the scanner's signatures."},
    VerbText{"import", "Checks and tests a bundle, and then uses it and nothing older."},
    VerbText{"status", "Shows which signatures are in use, how old they are and who signed them."},
};

}  // namespace

CommandSpec db_spec() {
  return spec_of_verbs("sallyport db", "The signatures by which the scanner knows what is bad.",
                       verbs);
}

CommandSpec db_verb_spec(std::string_view verb) {
  CommandSpec spec = spec_of_verb("sallyport db", verbs, verb);
  if (verb == "make") {
    spec.options.push_back({{"--key"}, "SECRET", "the key to sign with"});
    spec.options.push_back({{"--out"}, "BUNDLE", "the file to make, which is not there yet"});
    spec.options.push_back({{"--serial"}, "N", "a larger number than that of the bundle before"});
    spec.options.push_back({{"--corpus"}, "DIR", "what must be found, and what must not"});
    spec.positionals.push_back({"DIR", "of files of signatures", Count::many});
  } else if (verb == "import") {
    spec.options.push_back(
        {{"--key"}, "PUBLIC", "of who may sign, else /etc/sallyport/scan-db.pub"});
    spec.options.push_back({{"--user"}, "USER", "who tests them, if root imports"});
    spec.positionals.push_back({"BUNDLE", "as 'sallyport db make' makes it"});
  } else if (verb == "status") {
    spec.options.push_back({{"--json"}, "", "one line of JSON, for programs"});
  }
  return spec;
}

}  // namespace cli
