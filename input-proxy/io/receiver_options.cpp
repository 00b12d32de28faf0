// SPDX-License-Identifier: GPL-2.0-or-later
// The receiver's command line and environment.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "input-proxy/io/receiver.hpp"
#include "input-proxy/receiver_words.hpp"

namespace inputproxy::io {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return value == nullptr ? "" : value;
}

// Where a service manager has made a folder for the receivers' user.
std::string default_board() {
  const std::string folder = "/run/sallyport-input";
  return ::access(folder.c_str(), W_OK) == 0 ? folder + "/chords" : "";
}

base::Status read_id(const std::string& option, const std::string& text, std::uint16_t& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error == std::errc{} && end == text.data() + text.size()) return base::Ok{};
  return base::fail(option + " " + text + ": not four hexadecimal digits");
}

// Sets what a word with a value says.
base::Status read_valued(const std::string& word, const std::string& value,
                         ReceiverOptions& options) {
  if (word == "--name") {
    options.name = value;
  } else if (word == "--uinput") {
    options.uinput = value;
  } else if (word == "--board") {
    options.board = value;
  } else if (word == "--vendor") {
    return read_id(word, value, options.vendor);
  } else if (word == "--product") {
    return read_id(word, value, options.product);
  } else if (word == "--rules") {
    return read_words(value, options.rules);
  } else {
    return base::fail("unknown option " + word);
  }
  return base::Ok{};
}

bool read_class(const std::string& word, Accepted& accepted) {
  if (word == "--keyboard") accepted.keyboard = true;
  if (word == "--mouse") accepted.mouse = true;
  if (word == "--tablet") accepted.tablet = true;
  return word == "--keyboard" || word == "--mouse" || word == "--tablet";
}

}  // namespace

const char* const receiver_usage =
    "usage: sallyport-input-receiver [--keyboard] [--mouse] [--tablet] [--rules WORDS]\n"
    "          [--name NAME] [--vendor HEX] [--product HEX] [--uinput PATH] [--board FILE]\n"
    "Makes an input device of this machine out of the stream on stdin and stdout. Without a class\n"
    "it takes that of the service it was started as: qubes.InputKeyboard (keyboard and mouse),\n"
    "qubes.InputMouse, qubes.InputTablet (tablet and mouse).\n"
    "  --board FILE   where receivers tell each other of modifiers that are held, so that a chord "
    "over\n"
    "                 two keyboards is seen; /run/sallyport-input/chords where that folder is "
    "ours\n"
    "  --rules WORDS  keys=+vt-media  injection=off  games=yes  digits=NNNNNN, in any order\n";

base::Result<ReceiverOptions> ReceiverOptions::parse(const std::vector<std::string>& arguments) {
  ReceiverOptions options;
  options.remote = environment("QREXEC_REMOTE_DOMAIN");
  options.argument = environment("QREXEC_SERVICE_ARGUMENT");
  options.board = default_board();
  if (!environment("SALLYPORT_STATUS_FD").empty()) options.status_fd = 3;
  if (auto read = read_words(environment("SALLYPORT_OPTIONS"), options.rules); !read) {
    return base::fail("SALLYPORT_OPTIONS: " + read.error().text);
  }
  bool named = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    // qrexec gives a service its argument in this way too. It is the caller's: never an option.
    if (!options.argument.empty() && word == options.argument) continue;
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (read_class(word, options.rules.accepted)) {
      named = true;
    } else if (word.starts_with("--")) {
      if (i + 1 == arguments.size()) return base::fail(word + " needs a value");
      if (auto read = read_valued(word, arguments[++i], options); !read) {
        return base::fail(read.error().text);
      }
    } else {
      return base::fail("unknown argument " + word);
    }
  }
  if (named) return options;
  const std::string service = environment("QREXEC_SERVICE_FULL_NAME");
  const auto accepted = accepted_by(service.substr(0, service.find('+')));
  if (!accepted) return base::fail("what may it be? --keyboard, --mouse or --tablet");
  const bool games = options.rules.accepted.games;
  options.rules.accepted = *accepted;
  options.rules.accepted.games = games;
  return options;
}

}  // namespace inputproxy::io
