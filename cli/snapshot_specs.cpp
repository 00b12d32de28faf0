// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/snapshot_specs.hpp"

#include <array>

namespace cli {
namespace {

constexpr std::array verbs{
    VerbText{"create", "Takes a snapshot of a block device: it is read once, and never again."},
    VerbText{"list", "Lists the snapshots of this machine."},
    VerbText{"show", "Tells what of the medium was read, what went wrong, and the root hash."},
    VerbText{"complete", "Reads all that is missing from the medium, which must be there."},
    VerbText{"seal", "Completes the snapshot; nothing is added to it from then on."},
    VerbText{"verify", "Checks every stored byte, and the seal."},
    VerbText{"export", "Writes a raw image, or the list of hashes, to a new file."},
    VerbText{"diff", "Lists the blocks that were written to since."},
    VerbText{"discard", "Throws away what was written to the snapshot."},
    VerbText{"commit", "Writes what was written to the snapshot to the medium."},
    VerbText{"keep", "Keeps the snapshot's key beside it, so that both survive a restart."},
    VerbText{"drop", "Wipes the snapshot's key and removes the snapshot."},
};

}  // namespace

CommandSpec snapshot_spec() {
  return spec_of_verbs("sallyport snapshot",
                       "Verified snapshots of media: what was read first is what stays.", verbs);
}

CommandSpec snapshot_verb_spec(std::string_view verb) {
  CommandSpec spec = spec_of_verb("sallyport snapshot", verbs, verb);
  if (verb == "list" || verb == "show") {
    spec.options.push_back({{"--json"}, "", "one line of JSON, for programs"});
  }
  if (verb == "list") return spec;
  if (verb == "create") {
    spec.options.push_back({{"--in-order"}, "", "read all of it now, then let the device go"});
    spec.options.push_back({{"--seal"}, "", "read all of it, then add nothing any more"});
    spec.options.push_back({{"--wait"}, "", "until all of it was read"});
    spec.options.push_back({{"--storage"}, "QUBE", "where, if several qubes store snapshots"});
    spec.positionals.push_back({"BACKEND:DEVICE", "a block device, as qvm-block lists it"});
    spec.positionals.push_back({"NAME", "of the snapshot", Count::optional});
    return spec;
  }
  spec.positionals.push_back({"NAME", "of the snapshot"});
  if (verb == "export") {
    spec.options.push_back({{"--hashes"}, "", "the list of hashes, not the image"});
    spec.options.push_back({{"--partial"}, "", "what was never read becomes a hole of the image"});
    spec.positionals.push_back({"FILE", "that is not there yet"});
  }
  if (verb == "commit") {
    spec.options.push_back({{"--storage"}, "QUBE", "where, if several qubes store snapshots"});
    spec.positionals.push_back({"BACKEND:DEVICE", "the medium it was taken of"});
  }
  return spec;
}

}  // namespace cli
