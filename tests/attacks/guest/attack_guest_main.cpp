// SPDX-License-Identifier: GPL-2.0-or-later
// attack_guest: the runner inside the machine. As root.
#include <filesystem>
#include <iostream>
#include <map>
#include <vector>

#include "base/io/fd.hpp"
#include "tests/attacks/guest/runner.hpp"

namespace {

constexpr char usage[] =
    "usage: attack_guest setup               no drivers on sys-usb's side\n"
    "       attack_guest honest PROGRAMS     a stick that stays attached\n"
    "       attack_guest plug|stream|usbip ID PROGRAMS\n"
    "PROGRAMS: the folder with sallyport-usb-backend and sallyport-usb-frontend.\n";

int run(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "setup") {
    const auto done = attacks::forbid_drivers_on_source();
    if (!done) std::cerr << done.error().text << '\n';
    return done ? 0 : 1;
  }
  const std::map<std::string, attacks::Way> ways{{"plug", attacks::Way::plugged},
                                                 {"stream", attacks::Way::streamed},
                                                 {"usbip", attacks::Way::usbip}};
  const bool attack = words.size() == 3 && ways.contains(words[0]);
  const bool honest = words.size() == 2 && words[0] == "honest";
  if (!attack && !honest) {
    std::cerr << usage;
    return 2;
  }
  base::io::ignore_sigpipe();
  const attacks::Places places{.programs = words.back(),
                               .logs = honest ? "/run/attacks/beside" : "/run/attacks/now"};
  std::filesystem::create_directories(places.logs);
  if (honest) return attacks::run_honest(places);
  const attacks::Attack* row = attacks::find_attack(words[1]);
  if (row == nullptr) {
    std::cerr << "no attack " << words[1] << '\n';
    return 2;
  }
  std::cout << to_text(run_attack(*row, ways.at(words[0]), places));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "attack_guest: " << error.what() << '\n';
    return 1;
  }
}
