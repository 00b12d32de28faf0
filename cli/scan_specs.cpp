// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/scan_specs.hpp"

namespace cli {
CommandSpec scan_spec() {
  return {.prog = "sallyport scan",
          .description = "Has a medium scanned (sallyport scan DEVICE), and checks signed reports.",
          .options = {help_option()},
          .positionals = {},
          .commands = {"release", "again", "verify", "show", "key"}};
}

CommandSpec scan_device_spec() {
  return {.prog = "sallyport scan",
          .description = "Has a medium read into a snapshot and scanned in a qube of its own.",
          .options = {help_option(),
                      {{"--wait"}, "", "until there is a verdict; leaving ends the scan"},
                      {{"--json"}, "", "the signed report, for programs; waits"},
                      {{"--deleted"}, "", "deleted files and slack as well"},
                      {{"--again"}, "", "even if these bytes were scanned before"},
                      {{"--passphrase"}, "", "asks for one that opens what is encrypted"},
                      {{"--passphrase-file"}, "FILE", "has the passphrase; - is standard input"},
                      {{"--remember"}, "", "skip what was clean on this device before"},
                      {{"--out"}, "FILE", "the signed report goes there; waits"},
                      {{"--attach"}, "QUBE", "if it is clean, the snapshot for that qube; waits"},
                      {{"--progress"}, "", "a line for each step on standard error, for programs"},
                      {{"--storage"}, "QUBE", "where to, if several qubes store snapshots"}},
          .positionals = {{"DEVICE", "sys-usb:sda, or a snapshot: sys-snapshot:NAME"}},
          .commands = {}};
}

CommandSpec scan_verb_spec(std::string_view verb) {
  if (verb.find(':') != std::string_view::npos) return scan_device_spec();
  CommandSpec spec{.prog = "sallyport scan " + std::string(verb),
                   .description = {},
                   .options = {help_option()},
                   .positionals = {},
                   .commands = {}};
  if (verb == "verify") {
    spec.description = "Checks who signed a report, and whether an image is what was scanned.";
    spec.options.push_back({{"--key"}, "FILE", "the signer's public key, else our own"});
    spec.options.push_back({{"--json"}, "", "one line of JSON, for programs"});
    spec.positionals.push_back({"REPORT", "a signed report"});
    spec.positionals.push_back({"IMAGE", "an image or a device", Count::optional});
  } else if (verb == "release") {
    spec.description = "Writes the clean files of a snapshot that was scanned to a new volume.";
    spec.options.push_back({{"--to"}, "FILE", "a new file, or a device: all on it is lost"});
    spec.options.push_back({{"--format"}, "FORMAT", "fat32 or exfat, else whichever fits"});
    spec.options.push_back({{"--incomplete"}, "", "even if not all of the medium was examined"});
    spec.options.push_back({{"--overwrite"}, "", "in place of a file that is there, or a device"});
    spec.positionals.push_back({"NAME", "of the snapshot"});
  } else if (verb == "again") {
    spec.description = "Scans snapshots again whose report was made with other signatures.";
    spec.options.push_back({{"--json"}, "", "one line of JSON for each, for programs"});
    spec.positionals.push_back({"NAME", "of a snapshot, else all of them", Count::many});
  } else if (verb == "show") {
    spec.description = "Shows a report, whoever made it: nothing is checked.";
    spec.positionals.push_back({"REPORT", "a signed report, or one of a scanner"});
  } else if (verb == "key") {
    spec.description = "Makes the key pair with which reports are signed.";
    spec.options.push_back({{"--out"}, "FILE", "where to; FILE.pub gets the public key"});
  }
  return spec;
}

}  // namespace cli
