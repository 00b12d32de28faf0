// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions of rules: what they hold of, that they fail closed, and that Qubes' grammar and ours
// cannot be taken for each other.
#include "policy/conditions.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "policy/evaluator.hpp"
#include "policy/input_handling.hpp"
#include "tests/places.hpp"

namespace policy {
namespace {

using History = DeviceFacts::History;

DeviceFacts stick() {
  return {.backend = "sys-usb",
          .port_id = "2-1.4",
          .history = History::known,
          .interfaces = {"u080650"},
          .vendor_id = 0x0951,
          .product_id = 0x1666,
          .serial = "60A44C",
          .name = "DT",
          .described = {"u080650"}};
}

class OneFile : public IncludeSource {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  base::Result<PolicyFile> file(const std::string& path) override {
    if (path == "x") return base::fail("not a file: " + path);
    return PolicyFile{path, text_};
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    return base::fail("not a directory: " + path);
  }
  base::Result<std::vector<std::string>> legacy_names() override { return base::fail("none"); }
  base::Result<PolicyFile> legacy_file(const std::string& name) override {
    return base::fail("not a file: " + name);
  }

 private:
  std::string text_;
};

const SystemInfo& system_info() {
  static const SystemInfo info = [] {
    SystemInfo made;
    made.add({.name = "work", .type = "AppVM", .running = true});
    made.add({.name = "sys-usb", .type = "AppVM", .running = true});
    return made;
  }();
  return info;
}

Decision decide(const std::string& text, const std::optional<DeviceFacts>& device,
                const std::string& usbguard = {}) {
  OneFile files(usbguard);
  const auto rules = parse_policy({{"30-user.policy", text}}, &files);
  EXPECT_TRUE(rules.has_value()) << rules.error().text;
  if (!rules) return deny("no policy");
  return evaluate(*rules, system_info(),
                  {.source = "work",
                   .target = "sys-usb",
                   .service = "qubes.USB",
                   .argument = "+2-1.4",
                   .device = device});
}

bool allows(const std::string& condition, const std::optional<DeviceFacts>& device,
            const std::string& usbguard = {}) {
  const Decision decision =
      decide("qubes.USB * work sys-usb allow " + condition + "\n", device, usbguard);
  EXPECT_TRUE(decision.kind == Decision::Kind::allow ||
              decision.message == "no matching rule found")
      << decision.message;
  return decision.kind == Decision::Kind::allow;
}

bool denies(const std::string& condition, const std::optional<DeviceFacts>& device) {
  const Decision decision = decide(
      "qubes.USB * work sys-usb deny " + condition + "\nqubes.USB * work sys-usb allow\n", device);
  return decision.kind == Decision::Kind::deny;
}

std::string error_of(const std::string& line) {
  const auto rules = parse_policy({{"f", line}});
  return rules ? "" : rules.error().text;
}

TEST(Conditions, DeviceIsWhatTheHistorySays) {
  EXPECT_TRUE(allows("device=known", stick()));
  EXPECT_FALSE(allows("device=new", stick()));
  EXPECT_TRUE(allows("device=new,known", stick()));
  DeviceFacts changed = stick();
  changed.history = History::changed;
  EXPECT_FALSE(allows("device=known", changed));
  EXPECT_TRUE(denies("device=changed", changed));
  EXPECT_FALSE(denies("device=changed", stick()));
}

TEST(Conditions, ClassIsOfAllInterfacesToAllowAndOfOneToDeny) {
  EXPECT_TRUE(allows("class=USB_Storage", stick()));
  EXPECT_TRUE(allows("class=usb_storage", stick()));
  EXPECT_TRUE(denies("class=KEYBOARD,usb_storage", stick()));
  EXPECT_TRUE(allows("class=u0806**", stick()));
  EXPECT_FALSE(allows("class=Keyboard,Mouse", stick()));
  DeviceFacts both = stick();
  both.interfaces.emplace_back("u030101");
  EXPECT_FALSE(allows("class=USB_Storage", both)) << "a stick that types is no stick";
  EXPECT_TRUE(allows("class=USB_Storage,Keyboard", both));
  EXPECT_TRUE(denies("class=Keyboard", both));
  EXPECT_FALSE(denies("class=Keyboard", stick()));
  EXPECT_TRUE(denies("class=Input", both)) << "a keyboard is an input device";
  EXPECT_FALSE(allows("class=USB_Storage,Input", both)) << "but Input does not let one in";
  DeviceFacts bare = stick();
  bare.interfaces.clear();
  EXPECT_FALSE(allows("class=*******", bare));
  EXPECT_TRUE(denies("class=Keyboard", bare));
}

TEST(Conditions, PortsAreNamesPlacesOrBeginnings) {
  EXPECT_TRUE(allows("ports=2-1.4", stick()));
  EXPECT_FALSE(allows("ports=2-1", stick()));
  EXPECT_TRUE(allows("ports=1-1,2-1.*", stick()));
  EXPECT_TRUE(allows("ports=sys-usb:*", stick()));
  EXPECT_FALSE(allows("ports=other:2-1.4", stick()));
}

TEST(Conditions, UsbIsARuleOfUsbguardInOneWord) {
  EXPECT_TRUE(allows("usb=id,0951:1666,serial,\"60A44C\",with-interface,08:06:50", stick()));
  EXPECT_TRUE(allows("usb=with-interface,one-of{08:06:50,03:*:*}", stick()));
  EXPECT_FALSE(allows("usb=with-interface,{08:06:50,03:*:*}", stick()));
  EXPECT_FALSE(allows("usb=serial,\"60A44D\"", stick()));
  EXPECT_FALSE(allows("usb=id,*:*", std::nullopt)) << "nothing is known of a device";
  EXPECT_TRUE(denies("usb=id,0951:*", stick()));
  EXPECT_FALSE(denies("usb=id,1234:*", stick()));
  EXPECT_TRUE(denies("usb=id,1234:*", std::nullopt));
  DeviceFacts unknown = stick();
  unknown.described.clear();
  EXPECT_FALSE(allows("usb=with-interface,none-of{03:*:*}", unknown));
  EXPECT_TRUE(denies("usb=with-interface,one-of{03:*:*}", unknown));
  EXPECT_EQ(error_of("a * * * allow usb=id,0951:1666,nmae,\"x\""),
            "f:1: 'usb' at character 14: no such attribute: 'nmae'");
  EXPECT_TRUE(error_of("a * * * allow usb=parent-hash,\"x\"")
                  .starts_with("f:1: 'usb' at character 1: 'parent-hash' cannot"));
}

TEST(Conditions, ToDenyWhatUsbguardsRulesMayAllowIsEnough) {
  const std::string rules = "block serial \"x\"\nallow with-interface 08:06:50\n";
  const auto kind = [&rules](const DeviceFacts& device) {
    return decide("qubes.USB * * * deny usbguard=include/r\nqubes.USB * work sys-usb allow\n",
                  device, rules)
        .kind;
  };
  EXPECT_EQ(kind(stick()), Decision::Kind::deny);
  DeviceFacts unknown = stick();
  unknown.described.clear();
  EXPECT_EQ(kind(unknown), Decision::Kind::deny);
  DeviceFacts blocked = stick();
  blocked.serial = "x";
  EXPECT_EQ(kind(blocked), Decision::Kind::allow);
}

TEST(Conditions, UsbguardsRulesAreAskedWhetherTheyAllow) {
  const std::string rules =
      "allow 0951:1666 serial \"60A44C\" with-interface 08:06:50\nblock *:*\n";
  EXPECT_TRUE(allows("usbguard=include/rules.conf", stick(), rules));
  DeviceFacts other = stick();
  other.serial = "x";
  EXPECT_FALSE(allows("usbguard=include/rules.conf", other, rules));
  OneFile bad("allow 0951:1666\nallow parent-hash \"x\"\n");
  const auto parsed = parse_policy({{"f", "a * * * allow usbguard=include/rules.conf"}}, &bad);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_TRUE(parsed.error().text.starts_with("f:1: include/rules.conf:2:7: 'parent-hash' cannot"))
      << parsed.error().text;
  EXPECT_EQ(error_of("a * * * allow usbguard=x"), "f:1: not a file: x");
  const auto strange = parse_policy({{"f", "a * * * allow usbguard=\x8e.conf"}}, &bad);
  ASSERT_FALSE(strange.has_value());
  EXPECT_TRUE(strange.error().text.starts_with("f:1: \\x8e.conf:2:7: ")) << strange.error().text;
}

TEST(Conditions, AllMustHoldAndTheNextRuleIsTried) {
  EXPECT_TRUE(allows("device=known class=USB_Storage ports=2-*", stick()));
  EXPECT_FALSE(allows("device=known class=USB_Storage ports=3-*", stick()));
  const Decision decision = decide(
      "qubes.USB * work sys-usb deny device=new\n"
      "qubes.USB * work sys-usb ask device=known timeout=20\n"
      "qubes.USB * work sys-usb allow\n",
      stick());
  EXPECT_EQ(decision.kind, Decision::Kind::ask);
  EXPECT_EQ(decision.rule, "30-user.policy:2");
  EXPECT_EQ(decision.timeout, std::chrono::seconds(20));
  EXPECT_EQ(decision.targets, std::vector<std::string>{"sys-usb"});
}

TEST(Conditions, WithoutFactsAllowDoesNotMatchAndDenyDoes) {
  for (const char* condition : {"device=known", "class=USB_Storage", "ports=2-*"}) {
    EXPECT_FALSE(allows(condition, std::nullopt)) << condition;
    EXPECT_TRUE(denies(condition, std::nullopt)) << condition;
  }
}

DeviceFacts scanned(DeviceFacts::Scan scan, std::optional<std::uint64_t> age) {
  DeviceFacts facts = stick();
  facts.scan = scan;
  facts.scan_age = age;
  return facts;
}

TEST(Conditions, ScanAsksForOneOfTheVerdicts) {
  using Scan = DeviceFacts::Scan;
  EXPECT_TRUE(allows("scan=clean", scanned(Scan::clean, 0)));
  EXPECT_TRUE(allows("scan=suspicious,clean", scanned(Scan::suspicious, 0)));
  for (const Scan other :
       {Scan::none, Scan::suspicious, Scan::incomplete, Scan::failed, Scan::infected}) {
    EXPECT_FALSE(allows("scan=clean", scanned(other, 0)));
  }
  EXPECT_TRUE(denies("scan=infected", scanned(Scan::infected, 0)));
  EXPECT_FALSE(denies("scan=infected", scanned(Scan::clean, 0)));
  EXPECT_TRUE(denies("scan=none", stick()));
  EXPECT_FALSE(allows("scan=clean", stick()));
  EXPECT_FALSE(allows("scan=clean", std::nullopt));
  EXPECT_TRUE(denies("scan=infected", std::nullopt));
}

TEST(Conditions, SignaturesMustBeYoungEnough) {
  using Scan = DeviceFacts::Scan;
  constexpr std::uint64_t day = 86'400;
  EXPECT_TRUE(allows("scan=clean,age<7d", scanned(Scan::clean, 7 * day - 1)));
  EXPECT_FALSE(allows("scan=clean,age<7d", scanned(Scan::clean, 7 * day)));
  EXPECT_TRUE(allows("scan=clean,age<2w", scanned(Scan::clean, 13 * day)));
  EXPECT_TRUE(allows("scan=clean,age<12h", scanned(Scan::clean, 12 * 3600 - 1)));
  EXPECT_FALSE(allows("scan=clean,age<30m", scanned(Scan::clean, 1800)));
  EXPECT_FALSE(allows("scan=clean,age<7d", scanned(Scan::infected, 0)));
  // An age that cannot be told allows nothing.
  EXPECT_FALSE(allows("scan=clean,age<7d", scanned(Scan::clean, std::nullopt)));
  EXPECT_TRUE(denies("scan=clean,age<7d", scanned(Scan::clean, std::nullopt)));
}

TEST(Conditions, SayWhatTheyCanBe) {
  EXPECT_EQ(error_of("a * * * allow device=old"),
            "f:1: 'device' is 'old', but can be only known, new, changed, or some of these with "
            "commas");
  EXPECT_EQ(error_of("a * * * ask timeout=0"),
            "f:1: 'timeout' is '0', but can be only 1 to 3600 (seconds)");
  for (const char* bad : {"device=",
                          "device=known,",
                          "device=,",
                          "class=",
                          "class=usbstorage",
                          "class=u08",
                          "ports=",
                          "ports=:2-1",
                          "ports=2-1/..",
                          "usbguard=",
                          "usb=",
                          "usb=id",
                          "scan=",
                          "scan=ok",
                          "scan=clean,age<",
                          "scan=clean,age<7",
                          "scan=clean,age<0d",
                          "scan=age<7d",
                          "scan=clean,age<1d,age<2d",
                          "scan=clean,age<99999999999d"}) {
    EXPECT_NE(error_of(std::string("a * * * allow ") + bad), "") << bad;
  }
  EXPECT_NE(error_of("a * * * allow timeout=5"), "") << "only an ask waits";
  std::string many = "device=known";
  for (std::size_t i = 1; i < Conditions::max_items; ++i) many += ",known";
  EXPECT_EQ(error_of("a * * * allow " + many), "");
  EXPECT_NE(error_of("a * * * allow " + many + ",known"), "");
}

TEST(Conditions, AreWrittenBackAsTheyWereRead) {
  const std::string line =
      "qubes.USB * work sys-usb ask timeout=20 class=USB_Storage device=known,new "
      "scan=clean,age<7d";
  const auto rules = parse_policy({{"f", line}});
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(rules->rules().front().text(), line);
}

// What Qubes accepts has no condition, and what has one Qubes does not accept: its parameters are
// five, and it refuses any other by name.
TEST(Conditions, AreNoParametersOfQubes) {
  for (const char* key : {"target", "default_target", "user", "notify", "autostart"}) {
    EXPECT_FALSE(Conditions::knows(key)) << key;
    EXPECT_FALSE(InputHandling::knows(key)) << key;
  }
  std::size_t accepted = 0;
  for (const char* stem : {"named", "random"}) {
    const std::string path = places::source() + "/tests/data/policy/" + std::string(stem);
    std::ifstream cases(path + ".jsonl");
    std::ifstream answers(path + ".expected.jsonl");
    for (std::string one, answer; std::getline(cases, one) && std::getline(answers, answer);) {
      const auto wanted = boost::json::parse(answer).as_object();
      const auto* kind = wanted.if_contains("kind");
      if (kind != nullptr && kind->is_string() && kind->as_string() == "syntax") continue;
      ++accepted;
      const auto asked = boost::json::parse(one);
      for (const auto& [name, text] : asked.at("policy").as_object()) {
        for (const char* key : {" device=", " class=", " ports=", " usbguard=", " usb=", " scan=",
                                " timeout=", " pair=", " keys=", " injection=", " games=",
                                " max-keyboards=", " events=", " presses="}) {
          EXPECT_EQ(std::string(text.as_string()).find(key), std::string::npos) << one;
        }
      }
    }
  }
  EXPECT_GT(accepted, 600U);
}

}  // namespace
}  // namespace policy
