// SPDX-License-Identifier: GPL-2.0-or-later
// JSON of a peer, read strictly: printable ASCII, bounded, each member named and nothing else.
//
// Members that come twice, other spellings of a number and blanks are not looked for here: whoever
// reads a whole text writes it anew and compares.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::report {

// Every value takes memory, however short its text is.
inline constexpr std::size_t max_json_values = 1'500'000;

base::Result<boost::json::value> parse_strict(std::string_view untrusted, std::size_t limit);

// The first thing that was wrong. Later ones often follow from it.
struct Complaint {
  std::string text = {};
  bool none() const { return text.empty(); }
};

// Takes the members of one object. What is missing or wrong gives a default and a complaint, so all
// members are taken first and the complaint is looked at once.
class Fields {
 public:
  // `where`: "report.limits", for complaints.
  Fields(const boost::json::value& untrusted, std::string where, Complaint& complaint);

  std::uint64_t number(std::string_view key, std::uint64_t most);
  std::int64_t time(std::string_view key);
  bool flag(std::string_view key);
  // Printable and not longer.
  std::string text(std::string_view key, std::size_t most);
  void constant(std::string_view key, std::string_view expected, std::size_t most = 64);
  // Lower-case digits for all of `out`.
  void hex(std::string_view key, std::span<std::byte> out);
  const boost::json::value& member(std::string_view key);
  // No more than `most`.
  const boost::json::array& list(std::string_view key, std::size_t most);
  // `parse` gives nullopt for what is none of its names.
  template <class Parse>
  auto named(std::string_view key, Parse parse) {
    const auto value = parse(std::string_view(text(key, 64)));
    if (!value) complain(key, "is none of the words that may stand there");
    return value ? *value : typename decltype(value)::value_type{};
  }
  // There is no other member.
  void done();

  void complain(std::string_view key, std::string_view why);
  const std::string& where() const { return where_; }
  Complaint& complaint() { return complaint_; }

 private:
  const boost::json::object& object_;
  std::string where_;
  Complaint& complaint_;
  std::size_t taken_ = 0;
};

// Calls `each(value, "WHERE[N]")` until there was a complaint.
template <class Each>
void for_each(const boost::json::array& list, const std::string& where, const Complaint& complaint,
              Each each) {
  for (std::size_t i = 0; i < list.size() && complaint.none(); ++i) {
    each(list[i], where + "[" + std::to_string(i) + "]");
  }
}

}  // namespace scannerqube::report
