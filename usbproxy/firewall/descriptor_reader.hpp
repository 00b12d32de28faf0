// SPDX-License-Identifier: GPL-2.0-or-later
// What to read from a device, in which order, and what must be the same every time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/pinned_copy.hpp"
#include "usbproxy/firewall/rights.hpp"
#include "usbproxy/firewall/violation.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t max_strings = 64;  // those with lower numbers; others stall

// Asks for one descriptor after the other: device, configurations, BOS, the strings that these
// name, the HID report descriptors of the configuration in use. Each is checked as it comes. The
// first round makes the copy; later rounds ask for the same again, and every byte must be what it
// was. At most 1 + 2*4 + 2 + 1 + 64 + 16 questions in a round.
class DescriptorReader {
 public:
  // `configuration`: the one in use, 0 for none.
  DescriptorReader(Speed speed, std::uint8_t configuration);

  // The question that waits for its answer; nothing: the round is over.
  std::optional<Setup> question() const;
  // Its answer, no longer than was asked; nothing: the device did not give it.
  Checked<base::Ok> answered(std::optional<base::wire::Bytes> untrusted);

  // Asks everything again. Report descriptors can be read of the configuration in use only.
  void again(std::uint8_t configuration);

  // After the first round: the part that is given, or why there is none.
  Checked<PinnedCopy> copy(const Rights& rights) const;
  // All of the device, given or not.
  const Device& device() const { return parts_.device; }
  std::u16string serial() const;

 private:
  enum class What { device, total, configuration, bos_total, bos, languages, string, report };
  struct Question {
    What what = What::device;
    Setup setup;
    std::uint8_t number = 0;  // index of a configuration or string, or an interface
  };
  struct Answer {
    Question question;
    std::optional<std::vector<std::byte>> bytes;  // nothing: the device did not give it
  };

  Checked<base::Ok> take(const Question& question, base::wire::Bytes untrusted);
  Checked<base::Ok> take_device(base::wire::Bytes untrusted);
  Checked<base::Ok> take_configuration(const Question& question, base::wire::Bytes untrusted);
  Checked<base::Ok> take_report(const Question& question, base::wire::Bytes untrusted);
  Checked<base::Ok> compare(std::optional<base::wire::Bytes> untrusted);
  Checked<base::Ok> plan_the_rest();
  std::set<std::uint8_t> named_strings() const;
  void ask(What what, std::uint16_t value, std::uint16_t length, std::uint8_t number = 0);
  void skip_reports();

  Speed speed_;
  std::uint8_t configuration_;
  std::deque<Question> questions_;  // of the first round
  std::vector<Answer> answers_;
  std::optional<std::size_t> again_;  // in a later round: the answer that is compared next
  bool planned_ = false;              // strings and reports are in `questions_`
  bool reports_ = true;               // this round reads report descriptors
  PinnedCopy::Parts parts_;
};

}  // namespace usbproxy::firewall
